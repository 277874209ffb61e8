/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <sys/mman.h>

#include "sources/record.h"
#include "sources/scan.h"
#include "test-sources-tree.h"

static void check_redacted(const char *text, const char *expected) {
        char *result = redact_command_line(text, "myhost");

        CHECK(result);
        if (strcmp(result, expected) != 0)
                fprintf(stderr, "got: %s\n", result);
        CHECK(strcmp(result, expected) == 0);
        free(result);
}

static void test_redact(void) {
        check_redacted("root=UUID=12345678-9abc-def0-1234-56789abcdef0 ro",
                       "root=UUID=redacted ro");
        check_redacted("rd.luks.name=12345678-9abc-def0-1234-56789abcdef0=root quiet",
                       "rd.luks.name=00000000-0000-0000-0000-000000000000=root quiet");
        check_redacted("rd.luks.uuid=luks-12345678-9abc-def0-1234-56789abcdef0",
                       "rd.luks.uuid=redacted");
        check_redacted("x=luks-12345678-9abc-def0-1234-56789abcdef0",
                       "x=luks-00000000-0000-0000-0000-000000000000");
        check_redacted("root=PARTUUID=1234abcd-01", "root=PARTUUID=redacted");
        check_redacted("resume=/dev/disk/by-id/nvme-Samsung_S5XYZ-part2 ro",
                       "resume=/dev/disk/by-id/redacted ro");
        check_redacted("BOOT_IMAGE=/0123456789abcdef0123456789abcdef/linux",
                       "BOOT_IMAGE=/00000000000000000000000000000000/linux");
        check_redacted("ip=10.0.0.1::myhost rd.iscsi.initiator=iqn.x rd.iscsi.ibft=1",
                       "ip=redacted rd.iscsi.initiator=redacted rd.iscsi.ibft=redacted");
        check_redacted("a=00:1b:21:aa:bb:cc,b", "a=00:00:00:00:00:00,b");
        check_redacted("root=/dev/mapper/myhost-root MYHOST.local notmyhost",
                       "root=/dev/mapper/myhost-root redacted.local notmyhost");
        /* What matters must come through. */
        check_redacted("intel_iommu=on iommu=pt vfio-pci.ids=10de:1c02,10de:10f1 pci=noats",
                       "intel_iommu=on iommu=pt vfio-pci.ids=10de:1c02,10de:10f1 pci=noats");
        check_redacted("pci=assign-busses,0000:01:00.0 strip=1",
                       "pci=assign-busses,0000:01:00.0 strip=1");
        check_redacted("", "");
}

static void make_host(const Tree *t) {
        tree_device(t, "0000:01:00.0", "0x030000\n");
        tree_driver(t, "0000:01:00.0", "vfio-pci");
        tree_group(t, "0000:01:00.0", 15);
        tree_directory(t, PCI_ROOT "0000:01:00.0/vfio-dev/vfio0");
        tree_file(t, PCI_ROOT "0000:01:00.0/serial", "SECRET-1\n");
        tree_device(t, "0000:02:00.0", "0x010802\n");
        tree_driver(t, "0000:02:00.0", "nvme");
        tree_directory(t, PCI_ROOT "0000:02:00.0/nvme");
        tree_group(t, "0000:02:00.0", 16);
        tree_file(t, "sys/kernel/iommu_groups/15/reserved_regions", "0x0 0x1 direct\n");
        tree_file(t, "sys/kernel/iommu_groups/15/type", "DMA\n");
        tree_directory(t, "sys/devices/platform/AMDI0020:00");
        tree_link(t, "sys/devices/platform/AMDI0020:00/subsystem", "../../../bus/platform");
        tree_link(t, "sys/kernel/iommu_groups/15/devices/AMDI0020:00",
                  "../../../../devices/platform/AMDI0020:00");
        tree_directory(t, "sys/devices/virtual/iommu/dmar0/intel-iommu");
        tree_file(t, "sys/devices/virtual/iommu/dmar0/intel-iommu/ecap", "f00f4a\n");
        tree_link(t, "sys/class/iommu/dmar0", "../../devices/virtual/iommu/dmar0");
        tree_file(t, "sys/firmware/acpi/tables/DMAR", "SECRET-2");
        tree_file(t, "sys/module/vfio/parameters/enable_unsafe_noiommu_mode", "N\n");
        tree_file(t, "proc/sys/kernel/osrelease", "6.1.0\n");
        tree_file(t, "proc/sys/kernel/hostname", "SECRET-3\n");
        tree_file(t, "proc/cmdline", "BOOT_IMAGE=/b hostname=SECRET-4 x=SECRET-3 intel_iommu=on\n");
        tree_file(t, "proc/interrupts", "   CPU0 CPU1\n 9:  12 13 IR-IO-APIC 9-edge SECRET-5\n");
        tree_file(t, "proc/kallsyms", "0 T iommu_device_use_default_domain\n0 T SECRET_6\n");
        tree_file(t, "lib/modules/6.1.0/modules.dep", "a.ko:\nvfio/vfio_iommu_type1.ko: b.ko\n");
        tree_file(t, "etc/modprobe.d/a.conf", "# SECRET-9\noptions snd_x key=SECRET-10\n"
                                              "options vfio-pci ids=10de:1c02 \\\n disable_vga=1\n"
                                              "install nouveau /bin/SECRET-11\nblacklist nouveau\n");
        tree_file(t, "etc/default/grub", "GRUB_CMDLINE_LINUX_DEFAULT=\"quiet intel_iommu=on\"\n"
                                         "GRUB_PASSWORD=SECRET-12\nGRUB_CMDLINE_LINUX='a=\"1 2\"'\n");
        tree_file(t, "boot/grub/grub.cfg", "password_pbkdf2 root SECRET-13\n\n"
                                           "linux /vmlinuz-6.1.0 quiet x=SECRET-3 \"b 'c\" $d\n");
        tree_file(t, "boot/loader/entries/x.conf", "version 6.1.0\noptions hostname=SECRET-14 \n");
        tree_file(t, "sys/kernel/debug/swiotlb/io_tlb_used", "5\n");
        tree_file(t, "sys/kernel/debug/iommu/intel/iommu_regset",
                  "IOMMU: dmar0 Register Base Address: SECRET-15\nGSTS 0x1c 0xc7000000\nX SECRET-16\n");
        tree_file(t, "proc/42/comm", "qemu-system-x86\n");
        tree_link(t, "proc/42/fd/9", "/dev/vfio/15");
        tree_link(t, "proc/42/fd/10", "/home/SECRET-7");
        tree_file(t, "proc/43/comm", "SECRET-8\n");
        tree_link(t, "proc/43/fd/0", "/dev/null");
        tree_directory(t, "proc/44");
        tree_file(t, ".unreadable", PCI_ROOT "0000:02:00.0/driver EACCES\n"
                                    "sys/class/vfio EACCES\n"
                                    "proc/44/fd EACCES\n");
}

static char *record(const Tree *t) {
        int fd = memfd_create("recording", MFD_CLOEXEC);
        struct stat st;
        char *text;
        Root *r;

        CHECK(fd >= 0 && root_new(t->path, &r) == 0);
        CHECK(record_host(r, fd) == 0);
        CHECK(fstat(fd, &st) == 0);
        text = calloc(1, (size_t) st.st_size + 1);
        CHECK(text && pread(fd, text, (size_t) st.st_size, 0) == st.st_size);
        close(fd);
        root_free(r);
        return text;
}

/* Undoes \n, \t, \\ and \xNN in place. */
static void unescape(char *text) {
        char *out = text;

        for (; *text; text++) {
                unsigned code;

                if (*text != '\\') {
                        *out++ = *text;
                } else if (*++text == 'x') {
                        CHECK(sscanf(text + 1, "%2x", &code) == 1);
                        *out++ = (char) code;
                        text += 2;
                } else {
                        *out++ = *text == 'n' ? '\n' : *text == 't' ? '\t' : '\\';
                }
        }
        *out = 0;
}

/* Makes a tree of a recording, as tests/hosts/unpack does. */
static void unpack(const Tree *t, char *text) {
        char unreadable[8192] = "", *save = NULL;

        for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
                char *path = l + 2, *value = strchr(path, ' ');

                CHECK(l[1] == ' ' && *path != '/');
                if (value) {
                        *value = 0;
                        value += l[0] == 'l' ? 4 : value[2] ? 3 : 2;
                        unescape(value);
                }
                unescape(path);
                if (l[0] == 'd')
                        tree_directory(t, path);
                else if (l[0] == 'l')
                        tree_link(t, path, value);
                else if (l[0] == 'f')
                        tree_file(t, path, value);
                else
                        snprintf(unreadable + strlen(unreadable),
                                 sizeof(unreadable) - strlen(unreadable), "%s %s\n", path, value);
        }
        tree_file(t, ".unreadable", unreadable);
}

static void check_scan(const Tree *t) {
        const Device *d;
        const Group *g;
        Host *h;
        Root *r;

        CHECK(root_new(t->path, &r) == 0 && scan_host(r, NULL, NULL, &h) == 0);
        CHECK(h->n_devices == 2 && h->n_groups == 2 && h->iommu == FACT_PRESENT);
        d = h->devices[0];
        CHECK(text_is(&d->driver, "vfio-pci") && d->group == 15);
        CHECK(text_is(&d->vfio_device_name, "vfio0") && d->vendor_id == 0x8086);
        d = h->devices[1];
        CHECK(d->driver.fact == FACT_UNKNOWN && d->children == DEVICE_CHILD_NVME);
        g = host_find_group(h, 15);
        CHECK(g->n_other_members == 1 && strcmp(g->other_members[0].bus, "platform") == 0);
        CHECK(g->vfio_node == FACT_UNKNOWN);
        CHECK(h->acpi_dmar == FACT_PRESENT && text_is(&h->kernel_release, "6.1.0"));
        CHECK(text_is(&h->command_line, "BOOT_IMAGE=/b hostname=redacted x=redacted intel_iommu=on"));
        host_free(h);
        root_free(r);
}

/* A recording of a recording is the same recording. */
static void test_round_trip(void) {
        Tree t = tree_new(), copy = tree_new();
        char *first, *second, *text;

        make_host(&t);
        first = record(&t);
        CHECK(!strstr(first, "SECRET"));
        CHECK(strstr(first, "f proc/cmdline = BOOT_IMAGE=/b hostname=redacted x=redacted intel_iommu=on\\n\n"));
        CHECK(strstr(first, "u sys/class/vfio = EACCES\n"));
        CHECK(strstr(first, "f sys/firmware/acpi/tables/DMAR =\n"));
        CHECK(strstr(first, "f lib/modules/6.1.0/modules.dep = "
                            "vfio/vfio_iommu_type1.ko: b.ko\\n\n"));
        CHECK(strstr(first, " 9: 0 IR-IO-APIC\\n\n"));
        CHECK(strstr(first, "f etc/modprobe.d/a.conf = \\n\\noptions vfio_pci ids=10de:1c02  "
                            "disable_vga=1\\n\\ninstall nouveau redacted\\nblacklist nouveau\\n\n"));
        CHECK(strstr(first, "f etc/default/grub = GRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX \"'quiet'; "
                            "GRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX \"'intel_iommu=on'\\n\\n"));
        CHECK(strstr(first, "f boot/grub/grub.cfg = \\n\\nlinux /vmlinuz-6.1.0 quiet x=redacted "));
        CHECK(strstr(first, "f sys/kernel/debug/swiotlb/io_tlb_used = 5\\n\n"));
        CHECK(strstr(first, "iommu_regset = IOMMU: dmar0\\nGSTS 0x1c 0xc7000000\\n\n"));
        CHECK(strstr(first, "l proc/42/fd/9 -> /dev/vfio/15\nd proc/44\nu proc/44/fd = EACCES\n"));
        text = strdup(first);
        unpack(&copy, text);
        check_scan(&copy);
        second = record(&copy);
        if (strcmp(first, second) != 0)
                fprintf(stderr, "%s---\n%s", first, second);
        CHECK(strcmp(first, second) == 0);
        free(text);
        free(first);
        free(second);
        tree_free(&t);
        tree_free(&copy);
}

int main(void) {
        test_redact();
        test_round_trip();
        return 0;
}
