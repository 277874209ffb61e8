/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <sys/wait.h>
#include <time.h>

#include "sources/probe-child.h"
#include "sources/probe-pace.h"
#include "sources/probe.h"
#include "sources/scan.h"
#include "test-sources-tree.h"

typedef struct Answer {
        sd_event *event;
        Host *host; /* merged into */
        bool complete, stuck;
        Address stuck_at;
        unsigned calls, ticks;
} Answer;

static void on_result(Probe *p, const ProbeResult *result, void *userdata) {
        Answer *a = userdata;

        a->calls++;
        a->complete = result->complete;
        a->stuck = result->stuck;
        a->stuck_at = result->stuck_at;
        CHECK(probe_merge(a->host, result) == 0);
        probe_free(p);
        sd_event_exit(a->event, 0);
}

static int on_tick(sd_event_source *s, uint64_t usec, void *userdata) {
        Answer *a = userdata;

        a->ticks++;
        CHECK(sd_event_source_set_time_relative(s, 10000) >= 0);
        return sd_event_source_set_enabled(s, SD_EVENT_ONESHOT);
}

/* Runs one probe of everything, with a loop that does something else besides. */
static Answer run(const Root *r, Host *h, unsigned what, const Address *devices, size_t n,
                  uint64_t timeout) {
        Answer a = {.host = h};
        sd_event_source *tick;
        Probe *p;

        CHECK(sd_event_new(&a.event) >= 0);
        CHECK(sd_event_add_time_relative(a.event, &tick, CLOCK_MONOTONIC, 1000, 1, on_tick,
                                         &a) >= 0);
        CHECK(probe_start(a.event, r, what, devices, n, NULL, 0, timeout, on_result, &a, &p) == 0);
        CHECK(sd_event_loop(a.event) == 0);
        CHECK(a.calls == 1);
        sd_event_source_unref(tick);
        return a;
}

/* Lets the loop run until every child was reaped by it. */
static void wait_reaped(sd_event *event) {
        siginfo_t info;

        for (int i = 0; i < 500; i++) {
                CHECK(sd_event_run(event, 10000) >= 0);
                if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 && errno == ECHILD)
                        return;
        }
        CHECK(!"the child was not reaped");
}

static void finish(Answer *a) {
        /* The loop has ended, perhaps before the child: no child may be left for the next test. */
        sd_event_unref(a->event);
        while (waitpid(-1, NULL, 0) > 0)
                ;
}

static Host *scan(const Tree *t, Root **ret) {
        Host *h;

        CHECK(root_new(t->path, ret) == 0 && scan_host(*ret, NULL, NULL, &h) == 0);
        return h;
}

static void make_host(const Tree *t) {
        tree_device(t, "0000:01:00.0", "0x030000\n");
        tree_device(t, "0000:01:00.1", "0x040300\n");
        tree_device(t, "0000:02:00.0", "0x010802\n");
        tree_group(t, "0000:01:00.0", 15);
        tree_group(t, "0000:01:00.1", 15);
        tree_group(t, "0000:02:00.0", 16);
        tree_file(t, "sys/kernel/iommu_groups/15/type", "DMA-FQ\n");
        tree_file(t, "sys/kernel/iommu_groups/15/reserved_regions",
                  "0x0 0xfff direct-relaxable\n0x1000 0x1fff direct\n0x2000 0x2fff direct\n"
                  "0xfee00000 0xfeefffff msi\n");
        tree_file(t, "sys/kernel/iommu_groups/16/reserved_regions", "");
        tree_file(t, "proc/sys/kernel/osrelease", "6.1.0\n");
        tree_file(t, "lib/modules/6.1.0/modules.dep",
                  "kernel/drivers/vfio/vfio_iommu_type1.ko: kernel/drivers/vfio/vfio.ko\n");
        tree_file(t, "proc/interrupts",
                  "            CPU0       CPU1\n  0:   5   6  IO-APIC 2-edge t\n"
                  " 24: 0 0 IR-PCI-MSI-0000:01:00.0 0-edge nvme\n");
        tree_file(t, "proc/kallsyms", "0 T iommu_device_use_default_domainx\n"
                                      "0 T iommu_device_use_default_domain\n");
        tree_file(t, "sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts", "N\n");
        tree_file(t, "sys/kernel/debug/swiotlb/io_tlb_nslabs", "32768\n");
        tree_file(t, "sys/kernel/debug/iommu/intel/iommu_regset",
                  "GSTS \t0x1c\t\t0x1\nIOMMU: dmar0 Register Base Address: fed90000\n"
                  "Name\t\t\tOffset\t\tContents\n"
                  "VER             \t0x00\t\t0x0000000000000010\n"
                  "GSTS            \t0x1c\t\t0x00000000c7000000\n"
                  "GSTSX           \t0x1c\t\t0x00000000c7000000\n"
                  "IOMMU: dmar1 Register Base Address: fed91000\n"
                  "GSTS            \t0x1c\t\t0x47000000\nGSTS 0x1c 47\n");
        tree_file(t, "sys/class/iommu/dmar0/intel-iommu/cap", "8d2078c106f0466\n");
        tree_file(t, "sys/class/iommu/virtio0/x", "");
        tree_file(t, "proc/cmdline", "BOOT_IMAGE=/vmlinuz root=x\n");
        tree_file(t, "boot/grub/grub.cfg", "linux /vmlinuz root=x\n linux /vmlinuz-6.1.0 $y z\n");
        tree_file(t, "etc/modprobe.d/b.conf", "options vfio-pci ids=10de:1c02\\\n,10de:10f1\n");
        tree_file(t, "usr/lib/modprobe.d/a.conf", "\nblacklist nouveau\n");
}

#define ALL (PROBE_HOST | PROBE_DEVICES | PROBE_GROUPS | PROBE_HOLDERS)

static void test_complete(void) {
        Tree t = tree_new();
        const Group *g;
        Host *h;
        Root *r;
        Answer a;

        make_host(&t);
        h = scan(&t, &r);
        a = run(r, h, ALL, NULL, 0, 10000000);
        CHECK(a.complete && !a.stuck);
        CHECK(h->interrupt_remapping == FACT_PRESENT && h->dma_ownership_symbol == FACT_PRESENT);
        CHECK(h->type1 == FACT_PRESENT && h->type1_unsafe_interrupts == FACT_ABSENT);
        CHECK(h->type1_loaded == FACT_PRESENT && h->iommufd_loaded == FACT_ABSENT);
        CHECK(h->iommufd_unsafe_interrupts == FACT_UNKNOWN);
        CHECK(h->n_debug_values == 3);
        CHECK(strcmp(h->debug_values[0].value, "32768") == 0);
        CHECK(strcmp(h->debug_values[1].value, "dmar0 GSTS 0xc7000000") == 0);
        CHECK(strcmp(h->debug_values[2].value, "dmar1 GSTS 0x47000000") == 0);
        CHECK(h->n_iommus == 1 && strcmp(h->iommus[0].name, "dmar0") == 0);
        CHECK(text_is(&h->iommus[0].features, "8d2078c106f0466"));
        CHECK(h->n_boot_words == 2 && h->boot_words[0].source == BOOT_GRUB);
        CHECK(strcmp(h->boot_words[1].text, "z") == 0 && h->boot_words[1].partial);
        CHECK(h->boot_words[1].line == 2 && !h->boot_words[0].partial);
        CHECK(h->module_options_known == FACT_PRESENT && h->n_module_options == 2);
        CHECK(h->module_options[0].kind == MODULE_BLACKLIST && h->module_options[0].line == 2);
        CHECK(strcmp(h->module_options[0].module, "nouveau") == 0 && !*h->module_options[0].text);
        CHECK(strcmp(h->module_options[1].text, "ids=10de:1c02,10de:10f1") == 0);
        CHECK(strcmp(h->module_options[1].file, "/etc/modprobe.d/b.conf") == 0);
        CHECK(h->devices[0]->driver_override.fact == FACT_ABSENT);
        CHECK(text_is(&h->devices[2]->power_state, "D0"));
        CHECK(text_is(&h->devices[2]->reset_methods, "flr bus"));
        g = host_find_group(h, 15);
        CHECK(text_is(&g->type, "DMA-FQ") && g->name.fact == FACT_ABSENT);
        CHECK(g->reserved_known == FACT_PRESENT && g->n_direct == 2);
        CHECK(strcmp(g->direct_region, "0x1000 0x1fff direct") == 0);
        CHECK(g->in_use == FACT_ABSENT);
        g = host_find_group(h, 16);
        CHECK(g->reserved_known == FACT_PRESENT && g->n_direct == 0 && !g->direct_region);
        finish(&a);
        host_free(h);
        root_free(r);
        tree_free(&t);
}

/* Of a device whose override hangs, and of those behind it, what was known before stays known. */
static void test_stuck(void) {
        Tree t = tree_new();
        const Address order[] = {{.bus = 2}, {.bus = 1, .function = 1}, {.bus = 1}};
        char path[TREE_PATH];
        Host *h;
        Root *r;
        Answer a;
        int fd;

        make_host(&t);
        tree_path(&t, PCI_ROOT "0000:01:00.1/driver_override", path);
        CHECK(unlink(path) == 0 && mkfifo(path, 0600) == 0);
        h = scan(&t, &r);
        CHECK(text_set(&h->devices[0]->driver_override, "behind") == 0);
        CHECK(text_set(&h->devices[1]->driver_override, "known") == 0);
        a = run(r, h, ALL, order, 3, 300000);
        CHECK(!a.complete && a.stuck && address_compare(&a.stuck_at, &order[1]) == 0);
        CHECK(a.ticks >= 10);
        CHECK(h->devices[2]->driver_override.fact == FACT_ABSENT);
        CHECK(text_is(&h->devices[1]->driver_override, "known") && h->devices[1]->remembered);
        CHECK(text_is(&h->devices[0]->driver_override, "behind") && !h->devices[0]->remembered);
        CHECK(!h->devices[2]->remembered);
        CHECK(text_is(&h->devices[1]->power_state, "D0"));
        CHECK(host_find_group(h, 15)->in_use == FACT_ABSENT);
        CHECK(h->dma_ownership_symbol == FACT_PRESENT);
        /* The hanging child was left alone. It ends when the kernel lets it go. */
        CHECK(waitpid(-1, NULL, WNOHANG) == 0);
        fd = open(path, O_WRONLY);
        CHECK(fd >= 0 && write(fd, "vfio-pci\n", 9) == 9);
        close(fd);
        CHECK(waitpid(-1, NULL, 0) > 0);
        finish(&a);
        host_free(h);
        root_free(r);
        tree_free(&t);
}

static void on_late(Probe *p, const ProbeResult *result, void *userdata) {
        Answer *a = userdata;

        a->calls++;
        if (a->calls == 1) {
                CHECK(!result->complete && result->running && !result->late);
        } else {
                CHECK(result->late);
                probe_free(p);
        }
}

/* Turns the loop until the callback has been called that often. */
static void turn_until(const Answer *a, unsigned calls) {
        for (int i = 0; i < 500 && a->calls < calls; i++)
                CHECK(sd_event_run(a->event, 10000) >= 0);
        CHECK(a->calls == calls);
}

/* A child that comes back after its time says so: then its facts can be asked for anew. */
static void test_late(void) {
        Tree t = tree_new();
        const Address device = {.bus = 1, .function = 1};
        char path[TREE_PATH];
        Answer a = {0};
        Host *h;
        Root *r;
        Probe *p;
        int fd;

        make_host(&t);
        tree_path(&t, PCI_ROOT "0000:01:00.1/driver_override", path);
        CHECK(unlink(path) == 0 && mkfifo(path, 0600) == 0);
        h = scan(&t, &r);
        CHECK(sd_event_new(&a.event) >= 0);
        CHECK(probe_start(a.event, r, PROBE_DEVICES, &device, 1, NULL, 0, 100000, on_late, &a,
                          &p) == 0);
        turn_until(&a, 1);
        fd = open(path, O_WRONLY);
        CHECK(fd >= 0 && write(fd, "vfio-pci\n", 9) == 9);
        close(fd);
        turn_until(&a, 2);
        wait_reaped(a.event);
        sd_event_unref(a.event);
        host_free(h);
        root_free(r);
        tree_free(&t);
}

/* With a pace to keep, the answer comes long before the time is over; and not from one that stands at
 * no device, however long it takes. */
static void test_pace(void) {
        Tree t = tree_new();
        const Address device = {.bus = 1, .function = 1};
        char path[TREE_PATH];
        Answer a = {0};
        Probe *p;
        Root *r;
        int fd;

        make_host(&t);
        tree_path(&t, PCI_ROOT "0000:01:00.1/driver_override", path);
        CHECK(unlink(path) == 0 && mkfifo(path, 0600) == 0);
        CHECK(root_new(t.path, &r) == 0 && sd_event_new(&a.event) >= 0);
        CHECK(probe_start(a.event, r, PROBE_DEVICES, &device, 1, NULL, 0, UINT64_MAX, on_late, &a,
                          &p) == 0);
        CHECK(probe_expect_pace(p) == 0);
        turn_until(&a, 1);
        fd = open(path, O_WRONLY);
        CHECK(fd >= 0 && write(fd, "vfio-pci\n", 9) == 9);
        close(fd);
        turn_until(&a, 2);
        wait_reaped(a.event);

        tree_path(&t, "proc/interrupts", path);
        CHECK(unlink(path) == 0 && mkfifo(path, 0600) == 0);
        CHECK(probe_start(a.event, r, PROBE_HOST, NULL, 0, NULL, 0, UINT64_MAX, on_late, &a,
                          &p) == 0);
        CHECK(probe_expect_pace(p) == 0);
        for (int i = 0; i < 100; i++)
                CHECK(sd_event_run(a.event, 10000) >= 0);
        CHECK(a.calls == 2);
        probe_free(p);
        fd = open(path, O_WRONLY);
        close(fd);
        wait_reaped(a.event);
        sd_event_unref(a.event);
        root_free(r);
        tree_free(&t);
}

static void on_stalled(void *userdata) {
        Answer *a = userdata;

        a->calls++;
}

/* Says something every so many microseconds until the time is over. */
static void step_on(const Answer *a, ProbePace *pace, unsigned n, unsigned usec) {
        for (unsigned i = 0; i < n; i++) {
                const struct timespec pause = {.tv_nsec = usec * 1000L};

                CHECK(nanosleep(&pause, NULL) == 0);
                CHECK(sd_event_run(a->event, 0) >= 0);
                probe_pace_step(pace, true);
        }
}

/* Who goes on is not given up, nor is anybody by a loop that stood still. */
static void test_patience(void) {
        const struct timespec still = {.tv_nsec = 600000000};
        ProbePace *pace;
        Answer a = {0};

        CHECK(probe_pace_patience(0) == 200000 && probe_pace_patience(1600000) == 200000);
        CHECK(probe_pace_patience(8000000) == 1000000);
        CHECK(sd_event_new(&a.event) >= 0);
        CHECK(probe_pace_new(a.event, on_stalled, &a, &pace) == 0);
        step_on(&a, pace, 10, 50000);
        CHECK(a.calls == 0);
        CHECK(nanosleep(&still, NULL) == 0);
        CHECK(sd_event_run(a.event, 0) >= 0 && a.calls == 0);
        turn_until(&a, 1);
        probe_pace_step(pace, true);
        probe_pace_step(pace, false); /* it has left the device */
        for (int i = 0; i < 60; i++)
                CHECK(sd_event_run(a.event, 10000) >= 0);
        CHECK(a.calls == 1);
        probe_pace_step(NULL, true);
        CHECK(!probe_pace_free(pace) && !probe_pace_free(NULL));
        sd_event_unref(a.event);
}

/* Freed while its child hangs: no call back, and the loop reaps the child later. */
static void test_freed(void) {
        Tree t = tree_new();
        char path[TREE_PATH];
        Answer a = {0};
        Probe *p;
        Root *r;
        int fd;

        make_host(&t);
        tree_path(&t, PCI_ROOT "0000:01:00.0/driver_override", path);
        CHECK(unlink(path) == 0 && mkfifo(path, 0600) == 0);
        CHECK(root_new(t.path, &r) == 0 && sd_event_new(&a.event) >= 0);
        CHECK(probe_start(a.event, r, PROBE_DEVICES, NULL, 0, NULL, 0, UINT64_MAX, on_result, &a,
                          &p) == 0);
        CHECK(sd_event_run(a.event, 200000) >= 0);
        CHECK(!probe_free(p));
        fd = open(path, O_WRONLY);
        close(fd);
        wait_reaped(a.event);
        CHECK(a.calls == 0);
        sd_event_unref(a.event);
        root_free(r);
        tree_free(&t);
}

static void test_holders(void) {
        Tree t = tree_new();
        Host *h;
        Root *r;
        Answer a;
        const Group *g;

        make_host(&t);
        tree_device(&t, "0000:03:00.0", "0x020000\n");
        tree_group(&t, "0000:03:00.0", 17);
        tree_device(&t, "0000:04:00.0", "0x020000\n");
        tree_group(&t, "0000:04:00.0", 18);
        tree_directory(&t, "sys/class/vfio/15");
        tree_directory(&t, "sys/class/vfio/18");
        tree_directory(&t, PCI_ROOT "0000:03:00.0/vfio-dev/vfio3");
        tree_link(&t, PCI_ROOT "0000:03:00.0/vfio-dev/vfio3/device", "../../../0000:03:00.0");
        tree_link(&t, "sys/class/vfio-dev/vfio3",
                  "../../devices/pci0000:00/0000:03:00.0/vfio-dev/vfio3");
        tree_file(&t, "proc/42/comm", "qemu-system-x86\n");
        tree_link(&t, "proc/42/fd/3", "anon_inode:[vfio-device]");
        tree_link(&t, "proc/42/fd/9", "/dev/vfio/15");
        tree_link(&t, "proc/42/fd/10", "/dev/vfio/15");
        tree_link(&t, "proc/43/fd/20", "/dev/vfio/devices/vfio3");
        h = scan(&t, &r);
        a = run(r, h, PROBE_HOLDERS, NULL, 0, 10000000);
        g = host_find_group(h, 15);
        CHECK(a.complete && g->in_use == FACT_PRESENT && g->n_holders == 1);
        CHECK(g->holders[0].pid == 42 && strcmp(g->holders[0].command, "qemu-system-x86") == 0);
        CHECK(host_find_group(h, 17)->in_use == FACT_PRESENT);
        CHECK(host_find_group(h, 18)->in_use == FACT_ABSENT);
        finish(&a);
        /* A device without its group: whose it is cannot be told. */
        tree_link(&t, "proc/44/fd/20", "anon_inode:[vfio-device]");
        a = run(r, h, PROBE_HOLDERS, NULL, 0, 10000000);
        CHECK(host_find_group(h, 15)->in_use == FACT_PRESENT);
        CHECK(host_find_group(h, 15)->n_holders == 1);
        CHECK(host_find_group(h, 18)->in_use == FACT_UNKNOWN);
        CHECK(host_find_group(h, 16)->in_use == FACT_ABSENT);
        finish(&a);
        host_free(h);
        root_free(r);
        tree_free(&t);
}

static int text_fd(const char *text) {
        int fd = memfd_create("text", MFD_CLOEXEC);

        CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t) strlen(text));
        CHECK(lseek(fd, 0, SEEK_SET) == 0);
        return fd;
}

static void test_readers(void) {
        unsigned group;

        CHECK(probe_interrupts(text_fd("")) == FACT_UNKNOWN);
        CHECK(probe_interrupts(text_fd(" 1: 2 GICv3 27 Level arch_timer\n")) == FACT_UNKNOWN);
        CHECK(probe_interrupts(text_fd(" 0: 1 2 IO-APIC 2-edge IR-fake\n")) == FACT_ABSENT);
        CHECK(probe_interrupts(text_fd(" 0: 1 2 vIR-IO-APIC 2-edge x\n")) == FACT_PRESENT);
        CHECK(probe_interrupts(text_fd("NMI: 1 2 IR-nothing\n")) == FACT_UNKNOWN);
        CHECK(probe_interrupts(text_fd(" 9: 1 DMAR-MSI 0-edge dmar0\n 0: 1 IO-APIC")) ==
              FACT_ABSENT);
        CHECK(probe_symbol(text_fd(""), "f") == FACT_UNKNOWN);
        CHECK(probe_symbol(text_fd("0 T ff\n0 t _f\n0 T fo\t[m]\n"), "f") == FACT_ABSENT);
        CHECK(probe_symbol(text_fd("0 T ff\n0 T f\t[m]\n"), "f") == FACT_PRESENT);
        CHECK(probe_symbol(text_fd("f\n"), "f") == FACT_ABSENT);
        CHECK(probe_group_of_node("/dev/vfio/15", &group) && group == 15);
        CHECK(probe_group_of_node("/dev/vfio/noiommu-3 (deleted)", &group) && group == 3);
        CHECK(!probe_group_of_node("/dev/vfio/vfio", &group));
        CHECK(!probe_group_of_node("/dev/xvfio/", &group));
        CHECK(!probe_group_of_node("/dev/notvfio/1", &group));
        CHECK(!probe_group_of_node("/dev/vfio/15x", &group));
        CHECK(!probe_group_of_node("socket:[15]", &group));
}

/* From the tree to the host: what was found, and of what nobody looked at, nothing. */
static void test_uses(void) {
        Tree t = tree_new();
        const Device *disk;
        Host *h;
        Root *r;
        Answer a;

        make_host(&t);
        tree_file(&t, "proc/self/mountinfo", "28 1 259:0 / / rw - ext4 /dev/root rw\n");
        tree_file(&t, "sys/devices/pci0000:00/0000:02:00.0/nvme/nvme0/nvme0n1/dev", "259:0\n");
        tree_link(&t, "sys/class/block/nvme0n1",
                  "../../devices/pci0000:00/0000:02:00.0/nvme/nvme0/nvme0n1");
        h = scan(&t, &r);
        a = run(r, h, ALL | PROBE_USES | PROBE_NETWORK | PROBE_CLOSELY, NULL, 0, 10000000);
        CHECK(a.complete);
        disk = h->devices[2];
        CHECK(disk->uses.n_items == 1 && disk->uses.items[0].kind == USE_MOUNT);
        CHECK(strcmp(disk->uses.items[0].detail, "/") == 0);
        CHECK(disk->uses.looked[USES_STORAGE] == FACT_PRESENT);
        CHECK(disk->uses.looked[USES_CLAIM] == FACT_ABSENT);
        CHECK(h->devices[0]->uses.n_items == 0);
        finish(&a);

        /* What was not asked for stays as it was. */
        a = run(r, h, PROBE_USES, &h->devices[2]->address, 1, 10000000);
        CHECK(h->devices[2]->uses.n_items == 1);
        CHECK(h->devices[2]->uses.looked[USES_NETWORK] == FACT_PRESENT);
        CHECK(h->devices[0]->uses.looked[USES_NETWORK] == FACT_PRESENT);
        finish(&a);
        host_free(h);
        root_free(r);
        tree_free(&t);
}

int main(void) {
        test_uses();
        test_complete();
        test_stuck();
        test_late();
        test_pace();
        test_patience();
        test_freed();
        test_holders();
        test_readers();
        return 0;
}
