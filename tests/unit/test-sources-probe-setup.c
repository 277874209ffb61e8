/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sources/probe-setup-take.h"
#include "sources/probe.h"
#include "sources/scan.h"
#include "test-sources-tree.h"

/* What the probe says of how a host is set up, from its child's reading to the host. */

typedef struct Answer {
        sd_event *event;
        Host *host;
} Answer;

static void on_answer(Probe *p, const ProbeResult *result, void *userdata) {
        Answer *a = userdata;

        CHECK(result->complete && probe_merge(a->host, result) == 0);
        probe_free(p);
        sd_event_exit(a->event, 0);
}

/* Returns: the host below t, scanned and probed. */
static Host *probed(const Tree *t) {
        Answer a;
        Root *r;
        Probe *p;

        CHECK(root_new(t->path, &r) == 0 && scan_host(r, NULL, NULL, &a.host) == 0);
        CHECK(sd_event_new(&a.event) >= 0);
        CHECK(probe_start(a.event, r, PROBE_HOST | PROBE_DEVICES | PROBE_GROUPS, NULL, 0, NULL, 0,
                          10000000, on_answer, &a, &p) == 0);
        CHECK(sd_event_loop(a.event) == 0);
        sd_event_unref(a.event);
        root_free(r);
        return a.host;
}

static void make_host(const Tree *t) {
        tree_device(t, "0000:01:00.0", "0x030000\n");
        tree_device(t, "0000:02:00.0", "0x020000\n");
        tree_group(t, "0000:01:00.0", 15);
        tree_file(t, "sys/kernel/iommu_groups/15/type", "DMA\n");
        tree_file(t, "proc/sys/kernel/osrelease", "6.1.0\n");
}

static void make_setup(const Tree *t) {
        tree_file(t, PCI_ROOT "0000:01:00.0/resource",
                  "0x00000000f6000000 0x00000000f6ffffff 0x0000000000040200\n"
                  "0x00000000c0000000 0x00000000cfffffff 0x000000000014220c\n");
        tree_file(t, PCI_ROOT "0000:02:00.0/resource",
                  "0x00000000d0000000 0x00000000d001ffff 0x0000000000040200\n");
        tree_file(t, "proc/iomem",
                  "00001000-0009ffff : System RAM\nc0000000-fed1ffff : PCI Bus 0000:00\n"
                  "  c0000000-cfffffff : 0000:01:00.0\n    c0000000-c07e8fff : BOOTFB\n"
                  "      c0000000-c07e8fff : simpledrm\n");
        tree_file(t, "sys/class/graphics/fb0/name", "simpledrmdrmfb\n");
        tree_file(t, "sys/class/graphics/fb1/name", "i915drmfb\n");
        tree_file(t, "lib/modules/6.1.0/modules.dep", "kernel/drivers/iommu/iommufd/iommufd.ko:\n");
        tree_file(t, "lib/modules/6.1.0/modules.builtin", "kernel/drivers/vfio/vfio.ko\n");
        tree_file(t, "boot/config-6.1.0", "CONFIG_VFIO_DEVICE_CDEV=y\n"
                                          "# CONFIG_IOMMUFD_VFIO_CONTAINER is not set\n");
        tree_file(t, "lib/modules/6.1.0/modules.alias",
                  "alias vfio_pci:v*d*sv*sd*bc*sc*i* vfio_pci\nalias pci:v*d* x\n"
                  "alias vfio_pci:v000015B3d0000101Esv*sd*bc*sc*i* mlx5_vfio_pci\n");
        tree_file(t, "etc/modprobe.d/vfio.conf",
                  "# mine\noptions vfio-pci ids=10de:1c02 \\\n disable_vga=1\n"
                  "softdep nouveau pre: vfio-pci\n");
        tree_file(t, "etc/driverctl.d/pci-0000:02:00.0", "vfio-pci\n");
        tree_file(t, "etc/driverctl.d/pci-nonsense", "vfio-pci\n");
        tree_file(t, "etc/security/limits.conf", "* - memlock 65536\n");
        tree_file(t, "etc/security/limits.d/vm.conf", "@kvm - memlock unlimited\n");
        tree_file(t, "etc/systemd/system.conf.d/x.conf", "[Manager]\nDefaultLimitMEMLOCK=1G\n");
        tree_file(t, "sys/module/vfio_pci/parameters/disable_idle_d3", "Y\n");
        tree_file(t, "sys/module/vfio_pci/parameters/disable_denylist", "N\n");
        tree_file(t, "sys/module/vfio/parameters/enable_unsafe_noiommu_mode", "N\n");
        tree_directory(t, PCI_ROOT "0000:01:00.0/vfio-dev/vfio3");
        tree_file(t, ".nodes", "dev/vfio/15 0660 root kvm\ndev/vfio/devices/vfio3 0600 root root\n");
        tree_file(t, PCI_ROOT "0000:02:00.0/power_state", "D3cold\n");
        tree_file(t, PCI_ROOT "0000:02:00.0/d3cold_allowed", "1\n");
}

static void test_known(void) {
        Tree t = tree_new();
        char path[TREE_PATH];
        const Setup *s;
        Host *h;

        make_host(&t);
        make_setup(&t);
        CHECK(unlink(tree_path(&t, PCI_ROOT "0000:02:00.0/reset_method", path)) == 0);
        h = probed(&t);
        s = host_setup(h);
        CHECK(s->idle_d3_disabled == FACT_PRESENT && s->denylist_disabled == FACT_ABSENT);
        CHECK(s->noiommu_mode == FACT_ABSENT && s->compatible_container == FACT_ABSENT);
        CHECK(h->iommufd == FACT_PRESENT && h->cdev == FACT_PRESENT);
        CHECK(s->frame_buffers_known == FACT_PRESENT && s->n_frame_buffers == 1);
        CHECK(s->frame_buffers[0].bar == 1 && s->frame_buffers[0].device.bus == 1);
        CHECK(strcmp(s->frame_buffers[0].owner, "simpledrm") == 0);
        CHECK(strcmp(s->frame_buffers[0].range, "0xc0000000-0xc07e8fff") == 0);
        CHECK(text_is(&s->screens, "fb0 (simpledrmdrmfb)"));
        CHECK(s->variants_known == FACT_PRESENT && s->n_variants == 2);
        CHECK(strcmp(s->variants[1].module, "mlx5_vfio_pci") == 0);
        CHECK(s->owners_known == FACT_PRESENT && s->n_owners == 3);
        CHECK(s->owners[0].kind == OWNER_IDS && s->owners[0].line == 2);
        CHECK(strcmp(s->owners[0].value, "10de:1c02") == 0);
        CHECK(strcmp(s->owners[0].file, "/etc/modprobe.d/vfio.conf") == 0);
        CHECK(s->owners[1].kind == OWNER_SOFTDEP && s->owners[1].line == 4);
        CHECK(s->owners[2].kind == OWNER_DRIVERCTL && s->owners[2].address.bus == 2);
        CHECK(strcmp(s->owners[2].value, "vfio-pci") == 0);
        CHECK(s->limits_known == FACT_PRESENT && s->n_limits == 3);
        CHECK(s->limits[1].bytes == UINT64_MAX && strcmp(s->limits[1].domain, "@kvm") == 0);
        CHECK(s->limits[2].bytes == UINT64_C(1) << 30 && s->limits[2].domain[0] == 0);
        CHECK(s->limits[2].line == 2);
        CHECK(text_is(&h->groups[0]->node_access, "0660 root kvm"));
        CHECK(text_is(&h->devices[0]->node_access, "0600 root root"));
        CHECK(h->devices[1]->node_access.fact == FACT_ABSENT);
        CHECK(h->devices[1]->d3cold_allowed == FACT_PRESENT);
        /* Only of what cannot be reset is it asked whether its bus can. */
        CHECK(h->devices[1]->below_bridge == FACT_ABSENT);
        CHECK(h->devices[0]->below_bridge == FACT_UNKNOWN);
        host_free(h);
        tree_free(&t);
}

/* Nothing of it is there: lists are empty and known, but for what lies with the kernel's modules. */
static void test_nothing(void) {
        Tree t = tree_new();
        const Setup *s;
        Host *h;

        make_host(&t);
        h = probed(&t);
        s = host_setup(h);
        CHECK(s->frame_buffers_known == FACT_PRESENT && s->n_frame_buffers == 0);
        CHECK(s->screens.fact == FACT_ABSENT && s->variants_known == FACT_UNKNOWN);
        CHECK(s->owners_known == FACT_PRESENT && s->n_owners == 0);
        CHECK(s->limits_known == FACT_PRESENT && s->n_limits == 0);
        CHECK(s->idle_d3_disabled == FACT_ABSENT && h->iommufd == FACT_UNKNOWN);
        CHECK(s->compatible_container == FACT_UNKNOWN && h->cdev == FACT_UNKNOWN);
        CHECK(h->groups[0]->node_access.fact == FACT_ABSENT);
        host_free(h);
        tree_free(&t);
}

/* Who may not read is told zeros by /proc/iomem, and errors elsewhere. */
static void test_unreadable(void) {
        Tree t = tree_new();
        const Setup *s;
        Host *h;

        make_host(&t);
        make_setup(&t);
        tree_file(&t, "proc/iomem", "00000000-00000000 : System RAM\n"
                                    "  00000000-00000000 : BOOTFB\n");
        tree_file(&t, ".unreadable", "etc/driverctl.d EACCES\netc/security/limits.d EACCES\n"
                                     "sys/class/graphics EACCES\n"
                                     "sys/module/vfio_pci/parameters/disable_idle_d3 EACCES\n"
                                     "lib/modules/6.1.0/modules.alias EACCES\n");
        h = probed(&t);
        s = host_setup(h);
        CHECK(s->frame_buffers_known == FACT_UNKNOWN && s->n_frame_buffers == 0);
        CHECK(s->screens.fact == FACT_UNKNOWN && s->variants_known == FACT_UNKNOWN);
        CHECK(s->owners_known == FACT_UNKNOWN && s->limits_known == FACT_UNKNOWN);
        CHECK(s->idle_d3_disabled == FACT_UNKNOWN);
        host_free(h);
        tree_free(&t);
}

/* A line that no child of ours writes is refused, not taken in halves. */
static void test_refused(void) {
        static const struct {
                ProbeKey key;
                const char *value;
        } lines[] = {
                { PROBE_KEY_FRAME_BUFFER, "0xc0000000-0xc07e8fff" }, { PROBE_KEY_VARIANT, "x" },
                { PROBE_KEY_VARIANT, " x" },    { PROBE_KEY_OWNER, "ids 10de:1c02" },
                { PROBE_KEY_OWNER, "else a b" }, { PROBE_KEY_OWNER, "driverctl zz vfio-pci /x" },
                { PROBE_KEY_OWNER, "driverctl 0000:01:00.0 vfio-pci" },
                { PROBE_KEY_LIMIT, "* x /y" },  { PROBE_KEY_LIMIT, "* -1 /y" },
                { PROBE_KEY_LIMIT, "* 1" },
        };
        Setup *s = setup_new();
        static ProbeLine l;

        CHECK(s);
        for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
                l = (ProbeLine) {.key = lines[i].key, .fact = FACT_PRESENT};
                strcpy(l.value, lines[i].value);
                CHECK(probe_take_setup(s, &l) == -EINVAL);
        }
        l = (ProbeLine) {.key = PROBE_KEY_OVERRIDE, .fact = FACT_PRESENT};
        CHECK(probe_take_setup(s, &l) == 0);
        CHECK(s->n_frame_buffers + s->n_variants + s->n_owners + s->n_limits == 0);
        setup_unref(s);
}

int main(void) {
        test_known();
        test_nothing();
        test_unreadable();
        test_refused();
        return 0;
}
