/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <sys/mman.h>

#include "core/kernel-log.h"
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

static void check_message(const char *text, const char *expected) {
        size_t n;
        char *result = redact_message(text, strlen(text), "myhost", &n), *twice;
        LogEvent event;

        CHECK(result);
        if (strcmp(result, expected) != 0)
                fprintf(stderr, "got: %s\n", result);
        CHECK(strcmp(result, expected) == 0 && n == strlen(expected));
        /* What the classifier makes of it is the same. */
        CHECK(log_classify(text, strlen(text), NULL, &event) ==
              log_classify(expected, strlen(expected), NULL, &event));
        twice = redact_message(result, n, "myhost", &n);
        CHECK(twice && strcmp(twice, expected) == 0);
        free(result);
        free(twice);
}

/* Lines of drivers/usb/core/hub.c, net/ipv4/ipconfig.c, net/netfilter/nf_log_syslog.c and others. */
static void test_redact_message(void) {
        static const char *const kept[] = {
                "pci 0000:01:00.0: Adding to iommu group 15",
                "DMAR: [DMA Read NO_PASID] Request device [01:00.0] fault addr 0x123456789abcdef0 "
                "[fault reason 0x06] PTE Read access is not set",
                "vfio-pci 0000:01:00.0: AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x0012 "
                "address=0xfee00000 flags=0x0000]",
                "mt7921e 0000:04:00.0: DMA addr 0x0000000117eaf000+4096 overflow (mask ffffffff, "
                "bus limit 0).",
                "AMD-Vi: Extended features (0x246577efa2254afa, 0x10): PPR X2APIC",
                "usb 1-1: New USB device strings: Mfr=1, Product=2, SerialNumber=3",
                "iommu: Default domain type: Passthrough (set via kernel command line)",
        };

        for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
                check_message(kept[i], kept[i]);
        check_message("usb 1-3: SerialNumber: 0123 45X", "usb 1-3: SerialNumber: redacted");
        check_message("usb 1-3: SerialNumber: ", "usb 1-3: SerialNumber: ");
        check_message("Command line: BOOT_IMAGE=/vmlinuz root=UUID=1234-ABCD amd_iommu=off",
                      "Command line: BOOT_IMAGE=/vmlinuz root=UUID=redacted amd_iommu=off");
        check_message("igc 0000:05:00.0 eth0: MAC: 00:1b:21:aa:bb:cc",
                      "igc 0000:05:00.0 eth0: MAC: 00:00:00:00:00:00");
        check_message("IN=eth0 OUT= MAC=00:1b:21:aa:bb:cc:00:1b:21:aa:bb:cd:08:00 SRC=10.0.0.1 "
                      "DST=fe80::1 LEN=60",
                      "IN=eth0 OUT= MAC=00:00:00:00:00:00:00:00:00:00:00:00:08:00 SRC=redacted "
                      "DST=redacted LEN=60");
        check_message("     device=eth0, hwaddr=00:1b:21:aa:bb:cc, ipaddr=10.0.0.2, mask=255.0.0.0, "
                      "gw=10.0.0.1\n     host=a, domain=b.c, nis-domain=(none)",
                      "     device=eth0, hwaddr=00:00:00:00:00:00, ipaddr=redacted, mask=255.0.0.0, "
                      "gw=redacted\n     host=redacted, domain=redacted, nis-domain=redacted");
        check_message("nvme nvme0: duplicate nqn.2014.08.org.nvmexpress:144dS4EW on myhost",
                      "nvme nvme0: duplicate nqn.redacted on redacted");
        check_message("x luks-12345678-9abc-def0-1234-56789abcdef0",
                      "x luks-00000000-0000-0000-0000-000000000000");
}

#define LOG_ENTRY "_TRANSPORT=kernel\n"
#define LOG_BANNER LOG_ENTRY "MESSAGE=Linux version 6.1.0\n\n"

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
        tree_file(t, "kernel-log.export",
                  LOG_BANNER LOG_ENTRY "_SOURCE_MONOTONIC_TIMESTAMP=5\n_KERNEL_DEVICE=+usb:1-1\n"
                  "MESSAGE=usb 1-1: SerialNumber: SECRET-9\n\n"
                  "_TRANSPORT=driver\nMESSAGE_ID=e9bf28e6e834481bb6f48f548ad13606\n\n"
                  "_TRANSPORT=syslog\nMESSAGE=SECRET-10\n\n"
                  LOG_ENTRY "MESSAGE=a\\b \n\n");
        tree_file(t, "proc/42/comm", "qemu-system-x86\n");
        tree_link(t, "proc/42/fd/9", "/dev/vfio/15");
        tree_file(t, "proc/iomem", "00000000-00000fff : Reserved\n"
                                   "  c0000000-c07e8fff : efifb\n  d0000000-d00fffff : SECRET-9\n");
        tree_file(t, PCI_ROOT "0000:01:00.0/resource",
                  "0x00000000c0000000 0x00000000cfffffff 0x0000000000040200\n");
        tree_file(t, PCI_ROOT "0000:02:00.0/resource", "SECRET-10\n");
        tree_file(t, PCI_ROOT "0000:02:00.0/reset", "");
        tree_file(t, "lib/modules/6.1.0/modules.alias",
                  "alias pci:v* SECRET_11\nalias vfio_pci:v*d*sv*sd*bc*sc*i* vfio_pci\n");
        tree_file(t, "boot/config-6.1.0", "CONFIG_SECRET_12=y\nCONFIG_VFIO_DEVICE_CDEV=y\n");
        tree_file(t, "etc/modprobe.d/c.conf", "options SECRET-13 x=1\n");
        tree_file(t, "etc/modprobe.d/b.conf",
                  "# SECRET-14 of vfio\noptions SECRET-15 x\noptions vfio-pci ids=10de:1c02\n");
        tree_file(t, "etc/driverctl.d/pci-0000:02:00.0", "vfio-pci\n");
        tree_file(t, "etc/security/limits.d/x.conf", "SECRET-16 - nofile 1\n@kvm - memlock 2\n");
        tree_directory(t, "sys/devices/platform/efi-framebuffer.0/graphics/fb0");
        tree_file(t, "sys/devices/platform/efi-framebuffer.0/graphics/fb0/name", "EFI VGA\n");
        tree_link(t, "sys/class/graphics/fb0",
                  "../../devices/platform/efi-framebuffer.0/graphics/fb0");
        tree_link(t, "proc/42/fd/10", "/home/SECRET-7");
        tree_file(t, "proc/43/comm", "SECRET-8\n");
        tree_link(t, "proc/43/fd/0", "/dev/null");
        tree_directory(t, "proc/44");
        tree_file(t, ".unreadable", PCI_ROOT "0000:02:00.0/driver EACCES\n"
                                    "sys/class/vfio EACCES\n"
                                    "proc/44/fd EACCES\n");
}

static char *record(const Tree *t, RecordedLog *ret_log) {
        int fd = memfd_create("recording", MFD_CLOEXEC);
        struct stat st;
        char *text;
        Root *r;

        CHECK(fd >= 0 && root_new(t->path, &r) == 0);
        CHECK(record_host(r, fd, ret_log) == 0);
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

/* Appends a field of the log in the form that can hold anything. */
static void put_field(FILE *f, char *name) {
        char *value = strchr(name, '=');
        uint64_t n; /* little endian, as every machine this is built for */

        CHECK(value);
        *value++ = 0;
        unescape(value);
        n = strlen(value);
        CHECK(fprintf(f, "%s\n", name) > 0 && fwrite(&n, sizeof(n), 1, f) == 1);
        CHECK(fprintf(f, "%s\n", value) > 0);
}

/* Makes a tree of a recording, as tests/hosts/unpack does. */
static void unpack(const Tree *t, char *text) {
        char unreadable[8192] = "", path_of_log[TREE_PATH], *save = NULL;
        FILE *log = NULL;

        for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
                char *path = l + 2, *value = strchr(path, ' ');

                if (l[0] == 'k') {
                        if (!log)
                                log = fopen(tree_path(t, "kernel-log.export", path_of_log), "w");
                        CHECK(log && (l[1] == 0 || l[1] == ' '));
                        if (l[1] == 0)
                                fputc('\n', log);
                        else
                                put_field(log, path);
                        continue;
                }
                CHECK(!log);
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
        CHECK(!log || fclose(log) == 0);
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
        RecordedLog log;

        make_host(&t);
        first = record(&t, &log);
        CHECK(log.complete == FACT_ABSENT && log.n_left_out == 0);
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
        CHECK(strstr(first, "\nk _TRANSPORT=kernel\nk MESSAGE=Linux version 6.1.0\nk\n"
                            "k __MONOTONIC_TIMESTAMP=5\nk _TRANSPORT=kernel\n"
                            "k _KERNEL_DEVICE=+usb:1-1\nk MESSAGE=usb 1-1: SerialNumber: redacted\n"
                            "k\nk _TRANSPORT=driver\n"));
        CHECK(strstr(first, "\nk _TRANSPORT=kernel\nk MESSAGE=a\\\\b\\x20\nk\n"));
        CHECK(strstr(first, "f proc/iomem =   c0000000-c07e8fff : efifb\\n\n") ||
              strstr(first, "f proc/iomem = \\x20 c0000000-c07e8fff : efifb\\n\n"));
        CHECK(strstr(first, "/0000:02:00.0/reset =\n"));
        CHECK(strstr(first, "modules.alias = alias vfio_pci:v*d*sv*sd*bc*sc*i* vfio_pci\\n\n"));
        CHECK(strstr(first, "f boot/config-6.1.0 = CONFIG_VFIO_DEVICE_CDEV=y\\n\n"));
        CHECK(strstr(first, "b.conf = \\n\\noptions vfio_pci ids=10de:1c02\\n\n"));
        CHECK(!strstr(first, "c.conf"));
        CHECK(strstr(first, "f etc/driverctl.d/pci-0000:02:00.0 = vfio-pci\\n\n"));
        CHECK(strstr(first, "x.conf = \\n@kvm - memlock 2\\n\n"));
        CHECK(strstr(first, "/graphics/fb0/name = EFI VGA\\n\n"));
        text = strdup(first);
        unpack(&copy, text);
        check_scan(&copy);
        second = record(&copy, &log);
        CHECK(log.complete == FACT_ABSENT);
        if (strcmp(first, second) != 0)
                fprintf(stderr, "%s---\n%s", first, second);
        CHECK(strcmp(first, second) == 0);
        free(text);
        free(first);
        free(second);
        tree_free(&t);
        tree_free(&copy);
}

/* A host may be called what the kernel calls things: what its log says must come through. */
static void test_name_in_log(void) {
        Tree t = tree_new();
        RecordedLog log;
        char *text;

        tree_file(&t, "proc/sys/kernel/hostname", "iommu\n");
        tree_file(&t, "kernel-log.export", LOG_BANNER LOG_ENTRY
                  "MESSAGE=iommu: Default domain type: Translated\n\n"
                  LOG_ENTRY "MESSAGE=nfs: no answer to iommu\n\n");
        text = record(&t, &log);
        CHECK(log.complete == FACT_PRESENT);
        CHECK(strstr(text, "\nk MESSAGE=iommu: Default domain type: Translated\n"));
        CHECK(strstr(text, "\nk MESSAGE=nfs: no answer to redacted\n"));
        free(text);
        tree_free(&t);
}

/* No log, and one that holds nothing: the one is not known, the other is not complete. */
static void test_no_log(void) {
        Tree t = tree_new();
        RecordedLog log = {FACT_PRESENT, 1};
        char *text;

        text = record(&t, &log);
        CHECK(log.complete == FACT_UNKNOWN && log.n_left_out == 0);
        CHECK(strncmp(text, "k ", 2) != 0 && !strstr(text, "\nk "));
        free(text);
        tree_file(&t, "kernel-log.export", "");
        text = record(&t, &log);
        CHECK(log.complete == FACT_ABSENT && strstr(text, "k _TRANSPORT=driver\n"));
        free(text);
        /* One that breaks off is not all there. */
        tree_file(&t, "kernel-log.export", LOG_BANNER "garbage");
        text = record(&t, &log);
        CHECK(log.complete == FACT_UNKNOWN && strstr(text, "k _TRANSPORT=driver\n"));
        CHECK(strstr(text, "k MESSAGE=Linux version 6.1.0\n"));
        free(text);
        tree_free(&t);
}

/* Returns: how often what is in text. */
static unsigned count_of(const char *text, const char *what) {
        unsigned n = 0;

        for (; (text = strstr(text, what)); text += strlen(what))
                n++;
        return n;
}

/* Of a log that is too long both ends are kept, and it is known to be cut, then and later. */
static void test_long_log(void) {
        Tree t = tree_new(), copy = tree_new();
        const unsigned n = 3 * (unsigned) (RECORD_LOG_PART_MAX / 1024);
        char path[TREE_PATH], line[64], *first, *second;
        FILE *f = fopen(tree_path(&t, "kernel-log.export", path), "w");
        RecordedLog log;
        unsigned kept;

        CHECK(f && fputs(LOG_BANNER, f) >= 0);
        for (unsigned i = 0; i < n; i++)
                CHECK(fprintf(f, LOG_ENTRY "MESSAGE=number %u %1000s\n\n", i, "end") > 0);
        CHECK(fclose(f) == 0);
        first = record(&t, &log);
        CHECK(log.complete == FACT_PRESENT && log.n_left_out > 0);
        kept = count_of(first, "k MESSAGE=number ");
        CHECK(kept + log.n_left_out == n);
        CHECK(strlen(first) > 3 * RECORD_LOG_PART_MAX / 2 &&
              strlen(first) < 5 * RECORD_LOG_PART_MAX / 2);
        CHECK(count_of(first, "k _TRANSPORT=driver\n") == 1);
        CHECK(strstr(first, "k MESSAGE=Linux version") && strstr(first, "k MESSAGE=number 0 "));
        snprintf(line, sizeof(line), "k MESSAGE=number %u ", n - 1);
        CHECK(strstr(first, line));
        unpack(&copy, first);
        second = record(&copy, &log);
        CHECK(log.complete == FACT_ABSENT);
        CHECK(count_of(second, "k MESSAGE=number ") + log.n_left_out == kept);
        free(first);
        free(second);
        tree_free(&t);
        tree_free(&copy);
}

int main(void) {
        test_redact();
        test_redact_message();
        test_name_in_log();
        test_no_log();
        test_long_log();
        test_round_trip();
        return 0;
}
