// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Asks the kernel itself about an IOMMU group, as a VM would.
 *
 * For tests only: a group's node opens once, so this must never be pointed at
 * a group that somebody else uses, and while it runs nobody else can use it.
 *
 *   truth viable GROUP           viable=0 or viable=1
 *   truth attach GROUP ADDRESS   every step a VM's start takes, with its errno
 *   truth hold GROUP ADDRESS     the same, then "held" until stdin ends
 *   truth hold-group GROUP       opens the node only, then "held" until stdin ends
 *
 * Exit: 0 all steps went well (also "viable=0"), 1 a step failed, 2 usage.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <linux/vfio.h>

static int step(const char *name, int result)
{
	int error = errno;

	printf("%s=%s\n", name, result < 0 ? strerrorname_np(error) : "ok");
	fflush(stdout);
	return result;
}

static int open_group(const char *group)
{
	char path[64];

	snprintf(path, sizeof(path), "/dev/vfio/%s", group);
	return step("open", open(path, O_RDWR | O_CLOEXEC));
}

static int get_viable(int group)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };

	if (step("status", ioctl(group, VFIO_GROUP_GET_STATUS, &status)) < 0)
		return -1;
	printf("viable=%d\n", !!(status.flags & VFIO_GROUP_FLAGS_VIABLE));
	fflush(stdout);
	return 0;
}

/* On failure the later steps are not tried: each needs the one before. */
static int attach(int group, const char *address)
{
	int container = step("container", open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC));

	if (container < 0)
		return -1;
	if (step("set-container", ioctl(group, VFIO_GROUP_SET_CONTAINER, &container)) < 0)
		return -1;
	/* QEMU's order: version 2 first, the old one if that is refused */
	if (step("set-iommu-v2", ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU)) < 0 &&
	    step("set-iommu-v1", ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU)) < 0)
		return -1;
	return step("device", ioctl(group, VFIO_GROUP_GET_DEVICE_FD, address)) < 0 ? -1 : 0;
}

static void wait_for_end(void)
{
	char byte;

	puts("held");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";
	int needs_address = !strcmp(verb, "attach") || !strcmp(verb, "hold");
	int group;

	if ((!needs_address && strcmp(verb, "viable") && strcmp(verb, "hold-group")) ||
	    argc != (needs_address ? 4 : 3)) {
		fputs("usage: truth viable|hold-group GROUP | truth attach|hold GROUP ADDRESS\n", stderr);
		return 2;
	}
	group = open_group(argv[2]);
	if (group < 0)
		return 1;
	if (!strcmp(verb, "hold-group")) {
		wait_for_end();
		return 0;
	}
	if (get_viable(group) < 0)
		return 1;
	if (needs_address && attach(group, argv[3]) < 0)
		return 1;
	if (!strcmp(verb, "hold"))
		wait_for_end();
	return 0;
}
