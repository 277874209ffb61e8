/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sources/mounts.h"
#include "sources/nodes.h"
#include "sources/switches.h"
#include "sources/udev.h"
#include "test-sources-tree.h"

static UdevHint hint;

static bool hint_of(const char *subsystem, const char *devpath) {
        memset(&hint, 0xff, sizeof(hint));
        return udev_hint_of_event(subsystem, devpath, &hint);
}

static void test_hints(void) {
        CHECK(hint_of("pci", "/devices/pci0000:00/0000:00:01.0/0000:01:00.1"));
        CHECK(hint.kind == UDEV_HINT_DEVICE && hint.address.bus == 1 && hint.address.function == 1);
        CHECK(hint_of("pci", "/devices/pci0000:00/0000:00:0e.0/pci10000:e0/10000:e0:1d.0"));
        CHECK(hint.kind == UDEV_HINT_DEVICE && hint.address.domain == 0x10000);
        CHECK(hint_of("vfio", "/devices/virtual/vfio/15"));
        CHECK(hint.kind == UDEV_HINT_GROUP && hint.group == 15);
        CHECK(hint_of("vfio", "/devices/virtual/vfio/noiommu-2") && hint.group == 2);
        CHECK(!hint_of("vfio", "/devices/virtual/vfio/vfio"));
        CHECK(!hint_of("vfio", "/devices/virtual/vfio/15x"));
        CHECK(hint_of("vfio-dev", "/devices/pci0000:00/0000:03:00.0/vfio-dev/vfio3"));
        CHECK(hint.kind == UDEV_HINT_DEVICE && hint.address.bus == 3);
        CHECK(hint_of("vfio-dev", "/devices/platform/AMDI0020:00/vfio-dev/vfio4"));
        CHECK(hint.kind == UDEV_HINT_OTHER && strcmp(hint.name, "AMDI0020:00") == 0);
        CHECK(!hint_of("vfio-dev", "/vfio-dev/vfio3") && !hint_of("vfio-dev", "vfio3"));
        CHECK(!hint_of("vfio-dev", "/devices/pci0000:00/0000:03:00.0/other/vfio3"));
        CHECK(hint_of("platform", "/devices/platform/AMDI0020:00") && hint.kind == UDEV_HINT_OTHER);
        CHECK(hint_of("iommu", "/devices/virtual/iommu/dmar0") && hint.kind == UDEV_HINT_IOMMU);
        CHECK(hint_of("module", "/module/vfio_pci") && hint.kind == UDEV_HINT_DRIVERS);
        CHECK(hint_of("drivers", "/bus/pci/drivers/vfio-pci") && hint.kind == UDEV_HINT_DRIVERS);
        CHECK(!hint_of("drivers", "/bus/usb/drivers/hub"));
        CHECK(hint_of("misc", "/devices/virtual/misc/iommu") && hint.kind == UDEV_HINT_DRIVERS);
        CHECK(!hint_of("misc", "/devices/virtual/misc/kvm"));
        CHECK(!hint_of("net", "/devices/pci0000:00/0000:03:00.0/net/eth0"));
        CHECK(!hint_of("pci", "") && !hint_of("pci", "/"));
}

static void ignore(const UdevHint *h, void *userdata) {
}

static void test_udev(void) {
        UdevSource *s;
        sd_event *event;

        CHECK(sd_event_new(&event) >= 0);
        CHECK(udev_source_new(event, 4096, ignore, NULL, &s) == 0);
        CHECK(udev_source_buffer(s) >= 2048 && udev_source_buffer(s) <= 16384);
        CHECK(!udev_source_free(s));
        CHECK(udev_source_new(event, 0, ignore, NULL, &s) == 0);
        CHECK(udev_source_buffer(s) > 16384);
        udev_source_free(s);
        sd_event_unref(event);
}

static unsigned last, n_hints;

static void on_node(unsigned group, void *userdata) {
        last = group;
        n_hints++;
}

/* Lets the loop take in what inotify has. Returns: how many hints came. */
static unsigned settle(sd_event *event) {
        n_hints = 0;
        while (sd_event_run(event, 50000) > 0)
                ;
        return n_hints;
}

static void test_nodes(void) {
        Tree t = tree_new();
        char path[TREE_PATH];
        NodeSource *s;
        sd_event *event;
        int fd;

        CHECK(sd_event_new(&event) >= 0);
        CHECK(node_source_new_in(event, t.path, on_node, NULL, &s) == 0);
        tree_file(&t, "null", "");
        CHECK(settle(event) == 0);
        tree_directory(&t, "vfio");
        CHECK(settle(event) > 0 && last == UINT_MAX);
        tree_file(&t, "vfio/15", "");
        CHECK(settle(event) > 0 && last == 15);
        fd = open(tree_path(&t, "vfio/15", path), O_RDONLY);
        CHECK(settle(event) == 1 && last == 15);
        close(fd);
        CHECK(settle(event) == 1 && last == 15);
        /* udevd gives it to a group. */
        CHECK(chmod(tree_path(&t, "vfio/15", path), 0660) == 0);
        CHECK(settle(event) == 1 && last == 15);
        tree_file(&t, "vfio/vfio", "");
        tree_file(&t, "zero", ""); /* /dev itself is not watched any more */
        CHECK(settle(event) == 0);
        tree_directory(&t, "vfio/devices");
        CHECK(settle(event) > 0);
        tree_file(&t, "vfio/devices/vfio0", "");
        CHECK(settle(event) > 0 && last == UINT_MAX);
        tree_file(&t, "vfio/noiommu-4", "");
        CHECK(settle(event) > 0 && last == 4);
        tree_free(&t);
        CHECK(settle(event) > 0);
        CHECK(!node_source_free(s));
        sd_event_unref(event);
}

static void on_switch(void *userdata) {
        n_hints++;
}

static void write_file(const Tree *t, const char *name, const char *text) {
        char path[TREE_PATH];
        FILE *f = fopen(tree_path(t, name, path), "we");

        CHECK(f && fputs(text, f) >= 0 && fclose(f) == 0);
}

/* Writing a parameter is noticed, also of a module loaded later or once more; a check notices what
 * has been written before it without a turn of the loop. */
static void test_switches(void) {
        static const char file[] = "vfio_iommu_type1/parameters/allow_unsafe_interrupts";
        Tree t = tree_new();
        char path[TREE_PATH];
        SwitchSource *s;
        sd_event *event;

        CHECK(sd_event_new(&event) >= 0);
        CHECK(switch_source_new_in(event, t.path, on_switch, NULL, &s) == 0);
        n_hints = 0;
        switch_source_check(s);
        CHECK(n_hints == 0);
        tree_directory(&t, "vfio_iommu_type1");
        tree_directory(&t, "vfio_iommu_type1/parameters");
        tree_file(&t, file, "N\n");
        switch_source_check(s);
        CHECK(n_hints == 1);
        switch_source_check(s);
        CHECK(n_hints == 1);
        write_file(&t, file, "Y\n");
        CHECK(settle(event) > 0);
        n_hints = 0;
        write_file(&t, file, "N\n");
        switch_source_check(s);
        CHECK(n_hints == 1 && settle(event) == 0);
        CHECK(unlink(tree_path(&t, file, path)) == 0);
        tree_file(&t, file, "Y\n");
        (void) settle(event);
        switch_source_check(s);
        write_file(&t, file, "N\n");
        CHECK(settle(event) > 0);
        CHECK(!switch_source_free(s));
        tree_free(&t);
        sd_event_unref(event);
}

static void never(void *userdata) {
        CHECK(!"nothing was mounted");
}

/* What can be polled is watched and says nothing by itself; a plain file is passed over. (That a
 * mount is noticed, a guest of the lab shows.) */
static void test_mounts(void) {
        Tree t = tree_new();
        MountSource *s;
        sd_event *event;
        Root *r;

        tree_file(&t, "proc/self/mountinfo", "");
        for (int live = 0; live < 2; live++) {
                CHECK(sd_event_new(&event) >= 0);
                CHECK(root_new(live ? "/" : t.path, &r) == 0);
                CHECK(mount_source_new(event, r, never, NULL, &s) == 0);
                if (!live)
                        for (int i = 0; i < 3; i++)
                                CHECK(sd_event_run(event, 1000) >= 0);
                CHECK(mount_source_free(s) == NULL);
                root_free(r);
                sd_event_unref(event);
        }
        CHECK(mount_source_free(NULL) == NULL);
        tree_free(&t);
}

int main(void) {
        test_mounts();
        test_hints();
        test_udev();
        test_nodes();
        test_switches();
        return 0;
}
