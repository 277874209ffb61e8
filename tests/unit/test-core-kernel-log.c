/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "core/kernel-log.h"
#include "core-fixture.h"

static LogEvent classify(const char *text, const char *kernel_device) {
        LogEvent e;

        (void) log_classify(text, strlen(text), kernel_device, &e);
        return e;
}

/* Which device a line is about: _KERNEL_DEVICE, then the prefix, then the body; but what an IOMMU
 * says about a device is about that one. */
static void check_address(void) {
        static const struct {
                const char *text, *kernel_device, *address; /* NULL: none */
        } cases[] = {
                { "pci 0000:01:00.0: Adding to iommu group 0", NULL, "0000:01:00.0" },
                { "pci 0000:01:00.0: Adding to iommu group 0", "+pci:0000:02:00.0",
                  "0000:02:00.0" },
                { "pci 0000:01:00.0: Adding to iommu group 0", "+pci:nonsense", "0000:01:00.0" },
                { "pci 0000:01:00.0: Adding to iommu group 0", "b8:0", "0000:01:00.0" },
                { "DMAR: [DMA Read] Request device [01:00.0] fault addr 0 [fault reason 06] x",
                  "+pci:0000:00:00.0", "0000:01:00.0" },
                { "iommu ivhd0: AMD-Vi: Event logged [IOTLB_INV_TIMEOUT device=63:00.0"
                  " address=0x1]",
                  "+iommu:ivhd0", "0000:63:00.0" },
                { "pci 0000:05:00.0: Device needs domain type identity, but device 0000:06:00.0 in"
                  " the same iommu group requires type dma - using default", NULL, "0000:05:00.0" },
                { "vfio-pci 0000:03:00.0: Captured SR-IOV VF 0000:03:10.0 driver_override", NULL,
                  "0000:03:00.0" },
                { "DMAR: [Firmware Bug]: RMRR entry for device 03:00.0 is broken - applying"
                  " workaround", "+pci:0000:04:00.0", "0000:04:00.0" },
                { "DMAR: IOMMU enabled", "+pci:0000:04:00.0", "0000:04:00.0" },
                { "DMAR: IOMMU enabled", "+platform:x", NULL },
        };
        char text[ADDRESS_TEXT_MAX];

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                LogEvent e = classify(cases[i].text, cases[i].kernel_device);

                CHECK(e.kind != LOG_NONE && e.has_address == (cases[i].address != NULL));
                if (cases[i].address)
                        CHECK_STRING(address_format(&e.address, text), cases[i].address);
        }
}

/* Lines that look like some that we know, and are not. */
static void check_refused(void) {
        static const char *const lines[] = {
                "", " ", "DMAR", "DMAR: ", "DMAR: IOMMU enabled!", " DMAR: IOMMU enabled",
                "dmar: IOMMU enabled", "x DMAR: IOMMU enabled", "DMAR: IOMMU enabled\nDMAR: x",
                "usb 1-1: Product: DMAR: IOMMU enabled",
                "usb 1-1: Product: x\nDMAR-IR: Enabled IRQ remapping in x2apic mode",
                "AMD-Vi: Interru[1234]: segfault at 0 ip 0 sp 0 error 4",
                "vfio_pci: add [1234]: segfault at 0 ip 0 sp 0 error 4",
                "x 0000:01:00.0:[123]: segfault at 0 ip 0 sp 0 error 4",
                "pci 0000:01:00.0: Adding to iommu group",
                "pci 0000:01:00.0: Adding to iommu group ",
                "pci 0000:01:00.0: Adding to iommu group -1",
                "pci 0000:01:00.0: Adding to iommu group 4294967296",
                "pci 0000:01:00.0: Adding to iommu group 18446744073709551617",
                "pci 0000:01:00.0: Adding to iommu group 1 2",
                "pci 01:00.0: Adding to iommu group 1", "pci 0000:01:00.0:Adding to iommu group 1",
                "pci 0000:01:00.8: Adding to iommu group 1", "Adding to iommu group 1",
                "0000:01:00.0: Adding to iommu group 1",
                "r8169 0000:07:00.0 enp7s0: Adding to iommu group 1",
                "vfio-pci: probe of 0000:07:00.0 failed with error -5000",
                "vfio-pci: probe of usb1 failed with error -22",
                "DMAR: [DMA Read] Request device [01:00.0] fault addr",
                "DMAR: [DMA Read] Request device [1:0.0] fault addr 0 [fault reason 6]",
                "DMAR: DRHD: handling fault status reg 11112222333344445",
                "DMAR: [DMA Read] Request device [zz:00.0] fault addr 0 [fault reason 06] x",
                "AMD-Vi: Event logged [", "AMD-Vi: Event logged [IO_PAGE_FAULT",
                "iommu ivhd0:", "iommu ivhd0: ", "iommu ivhd",
                "mt7921e 0000:04:00.0: DMA addr 0x1+4096 overflow (mask , bus limit 0).",
                "qemu-system-x86_64: vfio 0000:09:00.0: group 4 is not viable",
        };

        for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
                LogEvent e = classify(lines[i], NULL);

                if (e.kind != LOG_NONE)
                        fprintf(stderr, "'%s': %s\n", lines[i], log_rule(e.kind)->name);
                CHECK(e.kind == LOG_NONE && !e.has_address && !e.subject[0]);
        }
}

/* Bytes that no kernel prints: nothing breaks, and what is kept can go over D-Bus. */
static void check_bytes(void) {
        static const char nul[] = "AMD-Vi: Unknown option - 'a\0b\x80\xc3\xa9\xed\xa0\x80\x1b[m'";
        static const char odd[] = "\xe0\x80\xaf \xef\xbf\xbe \xf0\x9f\x98\x80 "
                                  "\xf4\x90\x80\x80 \xc2\x9b";
        char *big = malloc(65536), *text;
        LogEvent e;

        CHECK(big);
        CHECK(log_classify(nul, sizeof(nul) - 1, NULL, &e) == LOG_AMD_UNKNOWN_OPTION);
        CHECK_STRING(e.subject, "a b?\xc3\xa9??? [m");
        memset(big, 'x', 65536);
        CHECK(log_classify(big, 65536, NULL, &e) == LOG_NONE);
        memcpy(big, "Linux version ", 14);
        CHECK(log_classify(big, 65536, NULL, &e) == LOG_BOOT);
        /* Its end is beyond what is looked at. */
        memcpy(big, "Malformed early option '", 24);
        big[65535] = '\'';
        CHECK(log_classify(big, 65536, NULL, &e) == LOG_NONE);
        CHECK(log_classify(big, 24, NULL, &e) == LOG_NONE);
        text = log_text_copy(odd, sizeof(odd) - 1);
        CHECK_STRING(text, "??? ??? \xf0\x9f\x98\x80 ???? ??");
        free(text);
        memset(big, '[', 65536);
        memcpy(big, "DMAR: [DMA Read", 15);
        CHECK(log_classify(big, 65536, NULL, &e) == LOG_NONE);
        memset(big, ' ', 65536);
        CHECK(log_classify(big, 65536, NULL, &e) == LOG_NONE);
        text = log_text_copy(big, 65536);
        CHECK_STRING(text, "");
        free(text);
        /* Two bytes each: the cut at 512 falls between two of them, with one before, inside. */
        for (size_t i = 0; i < 65536; i += 2)
                memcpy(big + i, "\xc3\xa9", 2);
        text = log_text_copy(big, 65536);
        CHECK(text && strlen(text) == LOG_TEXT_MAX);
        free(text);
        memmove(big + 1, big, 65535);
        big[0] = 'x';
        text = log_text_copy(big, 65536);
        CHECK(text && strlen(text) == LOG_TEXT_MAX - 1 && !strchr(text, '?'));
        free(text);
        free(big);
}

static int add(KernelLog *l, const char *text, uint64_t usec) {
        return kernel_log_add(l, text, strlen(text), NULL, usec, NULL);
}

static void check_problems(void) {
        KernelLog *l = kernel_log_new(), *copy;
        Address a = at("0000:01:00.0"), b = at("0000:02:00.0"), none = at("0000:03:00.0");
        const LogProblem *p;

        CHECK(l && kernel_log_problems(l, &a, &p) == 0);
        CHECK(add(l, "vfio-pci 0000:02:00.0: not ready 1023ms after FLR; waiting", 5) == 0);
        CHECK(add(l, "vfio-pci 0000:01:00.0: Relaying device request to user (#0)", 6) == 0);
        CHECK(add(l, "DMAR: [DMA Read NO_PASID] Request device [01:00.0] fault addr 0x1000 [fault"
                     " reason 0x06] PTE Read access is not set", 7) == 0);
        CHECK(add(l, "vfio-pci 0000:01:00.0: Relaying device request to user (#10)", 8) == 0);
        CHECK(add(l, "vfio-pci 0000:01:00.0: resetting", 9) == 0);
        CHECK(add(l, "pci 0000:03:00.0: Adding to iommu group 3", 9) == 0);
        CHECK(kernel_log_problems(l, &a, &p) == 2);
        CHECK(p[0].kind == LOG_DMAR_FAULT && p[0].event.fault_address == 0x1000);
        CHECK(p[1].kind == LOG_VFIO_RELAYING && p[1].count == 2 && p[1].monotonic_usec == 8);
        CHECK(p[1].event.number == 10);
        CHECK_STRING(p[1].last, "vfio-pci 0000:01:00.0: Relaying device request to user (#10)");
        CHECK(kernel_log_problems(l, &none, &p) == 0);
        copy = kernel_log_copy(l);
        CHECK(copy);
        kernel_log_forget_device(l, &a);
        kernel_log_forget_device(l, &none);
        CHECK(kernel_log_problems(l, &a, &p) == 0 && kernel_log_problems(l, &b, &p) == 1);
        l = kernel_log_free(l);
        CHECK(kernel_log_problems(copy, &a, &p) == 2 && kernel_log_problems(copy, &b, &p) == 1);
        CHECK(add(copy, "vfio-pci 0000:03:00.0: Cannot bind to PF with SR-IOV enabled", 9) == 0);
        CHECK(kernel_log_problems(copy, &none, &p) == 1);
        CHECK(!kernel_log_free(copy) && !kernel_log_free(NULL));
}

static void check_bounds(void) {
        KernelLog *l = kernel_log_new();
        const LogProblem *p;
        LogEvent e;
        Address a;

        CHECK(l);
        for (unsigned i = 0; i < LOG_PROBLEMS_MAX + 10; i++) {
                char text[64];

                snprintf(text, sizeof(text), "vfio-pci %04x:%02x:00.0: BAR 0: can't reserve [x]",
                         i / 256, i % 256);
                CHECK(kernel_log_add(l, text, strlen(text), NULL, i, &e) == 0);
                CHECK(e.kind == LOG_BAR_BUSY && e.number == 0 && e.has_number);
        }
        CHECK(l->n_problems == LOG_PROBLEMS_MAX && l->n_not_kept == 10);
        CHECK(kernel_log_find(l, LOG_BAR_BUSY)->count == LOG_PROBLEMS_MAX + 10);
        a = at("0001:01:00.0");
        CHECK(kernel_log_problems(l, &a, &p) == 1 && p->kind == LOG_BAR_BUSY);
        /* What is there already still counts. */
        CHECK(add(l, "vfio-pci 0001:01:00.0: BAR 0: can't reserve [x]", 1) == 0);
        CHECK(kernel_log_problems(l, &a, &p) == 1 && p->count == 2 && l->n_not_kept == 10);
        kernel_log_free(l);
}

/* One device that is wrong in every way takes no more than its share. */
static void check_share(void) {
        static const char *const bodies[] = {
                "Adding kernel taint for vfio-noiommu group on device", "BAR 1: can't reserve [x]",
                "vfio-noiommu device opened by user (x:1)", "Failed to setup Intel IGD regions",
                "Relaying device request to user (#0)", "Device added to live group 1!",
                "No device request channel registered, blocked until released by user",
                "Device is currently in use, task \"x\" (1) blocked until device is released",
                "probe with driver vfio-pci failed with error -22", "VF token required",
                "probe with driver nvme failed with error -22", "not ready 1ms after FLR; waiting",
                "not ready 1ms after FLR; giving up", "Cannot bind to PF with SR-IOV enabled",
                "Failed to add to iommu group 1: -17",
                "Refused to change power state, currently in D3",
                "Invalid PCI ROM header signature: expecting 0xaa55, got 0xffff",
                "DMA addr 0x1+1 overflow (mask ff, bus limit 0).",
                "AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x1 address=0x1 flags=0x0]",
        };
        KernelLog *l = kernel_log_new();
        Address a = at("0000:01:00.0");
        const LogProblem *p;
        char text[128];

        CHECK(l);
        for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
                snprintf(text, sizeof(text), "vfio-pci 0000:01:00.0: %s", bodies[i]);
                CHECK(add(l, text, 1) == 0);
        }
        CHECK(kernel_log_problems(l, &a, &p) == LOG_PROBLEMS_PER_DEVICE_MAX);
        CHECK(l->n_not_kept == sizeof(bodies) / sizeof(bodies[0]) - LOG_PROBLEMS_PER_DEVICE_MAX);
        for (size_t i = 1; i < LOG_PROBLEMS_PER_DEVICE_MAX; i++)
                CHECK(p[i - 1].kind < p[i].kind);
        kernel_log_free(l);
}

/* A banner in the middle of a boot is none. */
static void check_banner(void) {
        KernelLog *l = kernel_log_new();

        CHECK(l && add(l, "Linux version 6.12", 5000000) == 0);
        kernel_log_end_backlog(l);
        CHECK(kernel_log_complete(l) == FACT_ABSENT && l->n_records == 1);
        CHECK(add(l, "Linux version 6.12", LOG_TIME_UNKNOWN) == 0);
        CHECK(kernel_log_complete(l) == FACT_PRESENT);
        kernel_log_free(l);
}

int main(void) {
        check_address();
        check_refused();
        check_bytes();
        check_problems();
        check_bounds();
        check_share();
        check_banner();
        return 0;
}
