/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * A bus name org.vfiod1 with a few hard-coded devices: for what a test of the client needs and no
 * recorded host can show, such as a job that runs, fails or takes long. It knows no rules; what it
 * says about its devices is written down here.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "action-names.h"
#include "names.h"

typedef struct FakeFinding {
        const char *id, *severity, *message, *evidence, *remedy, *address;
} FakeFinding;

typedef struct FakeDevice {
        const char *address;
        int group;
        uint16_t vendor_id, device_id;
        uint32_t class;
        const char *vendor, *device, *class_name, *role;
        const char *driver, *state, *readiness, *managed_by;
        FakeFinding finding;
} FakeDevice;

typedef struct FakeGroup {
        int id;
        const char *verdict, *in_use;
        const char *blockers[3][3];
} FakeGroup;

#define NV "NVIDIA Corporation"
#define AMD "Advanced Micro Devices, Inc. [AMD]"
#define INTEL "Intel Corporation"
#define NOT_VIABLE                                                                                 \
        {"group-not-viable", "blocker", "Its group 0 is blocked by 0000:02:00.0 (nvme).",          \
         "/sys/bus/pci/devices/0000:02:00.0/driver -> nvme",                                       \
         "Prepare 0000:02:00.0 along with it, or move one of them to another slot.", ""}

static FakeDevice devices[] = {
        { "0000:00:00.0", 1, 0x8086, 0xa700, 0x060000, INTEL, "Raptor Lake-S Host Bridge",
          "Host bridge", "host-bridge", "", "unbound", "blocked", "" },
        { "0000:00:01.0", 2, 0x8086, 0xa70d, 0x060400, INTEL,
          "Raptor Lake PCI Express 5.0 Graphics Port", "PCI bridge", "bridge", "pcieport", "host",
          "blocked", "" },
        { "0000:00:01.1", 0, 0x1022, 0x14ba, 0x060400, AMD, "Family 17h-19h PCIe GPP Bridge",
          "PCI bridge", "bridge", "pcieport", "host", "blocked", "" },
        { "0000:01:00.0", 0, 0x10de, 0x28e0, 0x030000, NV,
          "AD107M [GeForce RTX 4060 Max-Q / Mobile]", "VGA compatible controller", "endpoint",
          "vfio-pci", "vfio", "blocked", "vfiod", NOT_VIABLE },
        { "0000:01:00.1", 0, 0x10de, 0x22be, 0x040300, NV, "AD107 High Definition Audio Controller",
          "Audio device", "endpoint", "snd_hda_intel", "host", "blocked", "", NOT_VIABLE },
        { "0000:02:00.0",
          0,
          0x144d,
          0xa80a,
          0x010802,
          "Samsung Electronics Co Ltd",
          "NVMe SSD Controller PM9A1/PM9A3/980PRO",
          "Non-Volatile memory controller",
          "endpoint",
          "nvme",
          "host",
          "needs-consent",
          "",
          { "member-needs-consent", "warning",
          "Group 0 also holds 0000:01:00.1 (snd_hda_intel), which would be taken from the host.",
          "",
          "vfioctl prepare 0000:02:00.0 --with 0000:01:00.1", "0000:02:00.0" } },
        { "0000:05:00.0", 3, 0x8086, 0x15f3, 0x020000, INTEL, "Ethernet Controller I225-V",
          "Ethernet controller", "endpoint", "igc", "host", "preparable", "" },
        { "0000:06:00.0", 4, 0x10de, 0x1c02, 0x030000, NV, "GP106 [GeForce GTX 1060 3GB]",
          "VGA compatible controller", "endpoint", "vfio-pci", "vfio", "ready", "vfiod" },
        { "0000:07:00.0",
          15,
          0x1912,
          0x0014,
          0x0c0330,
          "Renesas Technology Corp.",
          "uPD720201 USB 3.0 Host Controller",
          "USB controller",
          "endpoint",
          "vfio-pci",
          "busy",
          "blocked",
          "vfiod",
          { "in-use", "blocker", "qemu-system-x86 (4711) holds the group.", "", "", "" } },
        { "0000:08:00.0",
          16,
          0x14c3,
          0x0616,
          0x028000,
          "MEDIATEK Corp.",
          "MT7922 802.11ax PCI Express Wireless Network Adapter",
          "Network controller",
          "endpoint",
          "mt7921e",
          "host",
          "unknown",
          "",
          { "coherency-unknown", "unknown", "Whether its DMA is coherent could not be told.", "",
            "", "" } },
        { "0000:09:00.0",
          -1,
          0,
          0,
          0x0c0330,
          "",
          "",
          "USB controller",
          "endpoint",
          "",
          "unbound",
          "blocked",
          "",
          { "no-iommu-group", "blocker", "It is in no IOMMU group.", "", "", "" } },
};

static FakeGroup groups[] = {
        {0, "blocked", "no", {{"0000:01:00.1", "snd_hda_intel", "host-driver"},
                              {"0000:02:00.0", "nvme", "host-driver"}}},
        {1, "viable", "no"}, {2, "viable", "no"}, {3, "blocked", "no",
         {{"0000:05:00.0", "igc", "host-driver"}}},
        {4, "viable", "no"}, {15, "viable", "yes"},
        {16, "blocked", "unknown", {{"0000:08:00.0", "mt7921e", "host-driver"}}},
};

#define N(array) (sizeof(array) / sizeof((array)[0]))

static sd_event *event;
static sd_bus *bus;

/* The one job: steps that run every `pace` microseconds; `fail_at` makes one of them fail. */
static struct {
        const char *kind, *state, *steps[7][4];
        FakeDevice *device;
        size_t n, at, fail_at;
        sd_bus_message *call;
        bool exists;
} job;
static uint64_t pace = 300000;

#define JOB_PATH VFIOD_PATH_JOBS "/1"

static int append_findings(sd_bus_message *m, const FakeFinding *f) {
        sd_bus_message_open_container(m, 'a', VFIOD_SIGNATURE_FINDING);
        if (f && f->id) {
                sd_bus_message_open_container(m, 'r', "sssassa{sv}");
                sd_bus_message_append(m, "sss", f->id, f->severity, f->message);
                sd_bus_message_append(m, "as", *f->evidence ? 1 : 0, f->evidence);
                sd_bus_message_append(m, "s", f->remedy);
                sd_bus_message_append(m, "a{sv}", *f->address ? 1 : 0, "address", "s", f->address);
                sd_bus_message_close_container(m);
        }
        return sd_bus_message_close_container(m);
}

static int get_device(sd_bus *b, const char *path, const char *interface, const char *property,
                      sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const FakeDevice *d = userdata;
        const struct {
                const char *name, *value;
        } strings[] = {
                { "Address", d->address },
                { "VendorName", d->vendor },
                { "DeviceName", d->device },
                { "ClassName", d->class_name },
                { "Driver", d->driver },
                { "Role", d->role },
                { "State", d->state },
                { "Readiness", d->readiness },
                { "ManagedBy", d->managed_by },
                { "HostDriver", *d->managed_by ? "xhci_hcd" : d->driver },
                { "PowerState", "D0" },
        };
        char group[64] = "/";

        for (size_t i = 0; i < N(strings); i++)
                if (strcmp(strings[i].name, property) == 0)
                        return sd_bus_message_append(m, "s", strings[i].value);
        if (strcmp(property, "Group") == 0) {
                if (d->group >= 0)
                        snprintf(group, sizeof(group), VFIOD_PATH_GROUPS "/%d", d->group);
                return sd_bus_message_append(m, "o", group);
        }
        if (strcmp(property, "VendorId") == 0 || strcmp(property, "DeviceId") == 0)
                return sd_bus_message_append(m, "q",
                                             *property == 'V' ? d->vendor_id : d->device_id);
        if (strcmp(property, "Class") == 0)
                return sd_bus_message_append(m, "u", d->class);
        if (strcmp(property, "NumaNode") == 0)
                return sd_bus_message_append(m, "i", -1);
        if (strcmp(property, "Persisted") == 0 || strcmp(property, "BootVga") == 0)
                return sd_bus_message_append(m, "b", 0);
        if (strcmp(property, "ResetMethods") == 0)
                return sd_bus_message_append(m, "as", 2, "flr", "bus");
        if (strcmp(property, "VirtualFunctions") == 0)
                return sd_bus_message_append(m, "as", 0);
        if (strcmp(property, "Holders") == 0)
                return strcmp(d->state, "busy") ? sd_bus_message_append(m, "a(us)", 0)
                                                : sd_bus_message_append(m, "a(us)", 1, 4711,
                                                                        "qemu-system-x86");
        if (strcmp(property, "Findings") == 0)
                return append_findings(m, &d->finding);
        return sd_bus_message_append(m, "s", "");
}

static int get_group(sd_bus *b, const char *path, const char *interface, const char *property,
                     sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const FakeGroup *g = userdata;
        char node[32];

        if (strcmp(property, "Id") == 0)
                return sd_bus_message_append(m, "u", g->id);
        if (strcmp(property, "VfioNode") == 0) {
                snprintf(node, sizeof(node), "/dev/vfio/%d", g->id);
                return sd_bus_message_append(m, "s", node);
        }
        if (strcmp(property, "Members") == 0) {
                sd_bus_message_open_container(m, 'a', "o");
                for (size_t i = 0; i < N(devices); i++) {
                        char *member = NULL;

                        if (devices[i].group != g->id)
                                continue;
                        sd_bus_path_encode(VFIOD_PATH_DEVICES, devices[i].address, &member);
                        sd_bus_message_append(m, "o", member);
                        free(member);
                }
                return sd_bus_message_close_container(m);
        }
        if (strcmp(property, "OtherMembers") == 0)
                return sd_bus_message_append(m, "as", 0);
        if (strcmp(property, "Viable") == 0)
                return sd_bus_message_append(m, "b", strcmp(g->verdict, "viable") == 0);
        if (strcmp(property, "Blockers") == 0) {
                sd_bus_message_open_container(m, 'a', "(sss)");
                for (size_t i = 0; i < N(g->blockers) && g->blockers[i][0]; i++)
                        sd_bus_message_append(m, "(sss)", g->blockers[i][0], g->blockers[i][1],
                                              g->blockers[i][2]);
                return sd_bus_message_close_container(m);
        }
        if (strcmp(property, "Findings") == 0)
                return append_findings(m, NULL);
        return sd_bus_message_append(m, "s", strcmp(property, "Type") == 0      ? "DMA-FQ"
                                             : strcmp(property, "Verdict") == 0 ? g->verdict
                                                                                : g->in_use);
}

static int get_host(sd_bus *b, const char *path, const char *interface, const char *property,
                    sd_bus_message *m, void *userdata, sd_bus_error *error) {
        static const FakeFinding finding = {
                "unsafe-interrupts",
                "warning",
                "Interrupt remapping is on, but allow_unsafe_interrupts is set and does nothing "
                "here.",
                "/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts = Y",
                "Remove it from /etc/modprobe.d.",
                ""
        };

        if (strcmp(property, "UnsafeInterrupts") == 0)
                return sd_bus_message_append(m, "b", 0);
        if (strcmp(property, "Backends") == 0)
                return sd_bus_message_append(m, "as", 2, "type1", "iommufd");
        if (strcmp(property, "Findings") == 0)
                return append_findings(m, &finding);
        return sd_bus_message_append(m, "s",
                                     strcmp(property, "KernelRelease") == 0 ? "6.12.107"
                                     : strcmp(property, "Readiness") == 0   ? "ready"
                                     : strcmp(property, "IommuKind") == 0   ? "intel-vtd"
                                     : strcmp(property, "Version") == 0     ? "0"
                                     : strcmp(property, "DefaultDomain") == 0 ? "DMA-FQ"
                                                                              : "enabled");
}

static int get_job(sd_bus *b, const char *path, const char *interface, const char *property,
                   sd_bus_message *m, void *userdata, sd_bus_error *error) {
        if (strcmp(property, "Steps") == 0) {
                sd_bus_message_open_container(m, 'a', "(ssss)");
                for (size_t i = 0; i < job.n; i++)
                        sd_bus_message_append(m, "(ssss)", job.steps[i][0], job.steps[i][1],
                                              job.steps[i][2], job.steps[i][3]);
                return sd_bus_message_close_container(m);
        }
        return sd_bus_message_append(m, "s", strcmp(property, "Kind") == 0 ? job.kind
                                             : strcmp(property, "State") == 0
                                                     ? job.state
                                                     : job.device->address);
}

static FakeDevice *find(const char *name, sd_bus_error *error) {
        for (size_t i = 0; i < N(devices); i++)
                if (strcmp(devices[i].address, name) == 0 ||
                    strcmp(devices[i].address + 5, name) == 0)
                        return devices + i;
        if (strchr(name, '/'))
                sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS, "%s is no address", name);
        else
                sd_bus_error_setf(error, VFIOD_ERROR_NO_SUCH_DEVICE, "there is no device %s", name);
        return NULL;
}

static int method_get_device(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        char *path = NULL;
        const char *name;
        FakeDevice *d;
        int r;

        sd_bus_message_read(m, "s", &name);
        d = find(name, error);
        if (!d)
                return -ENXIO;
        sd_bus_path_encode(VFIOD_PATH_DEVICES, d->address, &path);
        r = sd_bus_reply_method_return(m, "o", path);
        free(path);
        return r;
}

static int method_get_group(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        uint32_t id;
        char path[64];

        sd_bus_message_read(m, "u", &id);
        for (size_t i = 0; i < N(groups); i++)
                if (groups[i].id == (int) id) {
                        snprintf(path, sizeof(path), VFIOD_PATH_GROUPS "/%u", id);
                        return sd_bus_reply_method_return(m, "o", path);
                }
        return sd_bus_error_setf(error, VFIOD_ERROR_NO_SUCH_GROUP, "there is no group %u", id);
}

static void make_steps(FakeDevice *d, bool prepare) {
        const char *driver = prepare ? "vfio-pci" : "xhci_hcd";
        const char *from = prepare ? d->driver : "vfio-pci";
        const char *all[][2] = {{ACTION_LOAD_MODULE, "vfio-pci"}, {ACTION_SET_OVERRIDE, driver},
                                {ACTION_UNBIND, from}, {ACTION_BIND, driver},
                                {ACTION_VERIFY, driver}, {ACTION_SET_OVERRIDE, ""}};

        job.n = 0;
        for (size_t i = prepare ? 0 : 1; i < (prepare ? 5 : 6); i++) {
                job.steps[job.n][0] = all[i][0];
                job.steps[job.n][1] = i == 0 ? "" : d->address;
                job.steps[job.n][2] = all[i][1];
                job.steps[job.n++][3] = STEP_PENDING;
        }
}

static int method_plan(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        sd_bus_message *reply = NULL;
        const char *name;
        FakeDevice *d;

        sd_bus_message_read(m, "s", &name);
        d = find(name, error);
        if (!d)
                return -ENXIO;
        make_steps(d, true);
        sd_bus_message_new_method_return(m, &reply);
        sd_bus_message_open_container(reply, 'a', "(sss)");
        for (size_t i = 0; i < job.n && strcmp(d->readiness, "ready"); i++)
                sd_bus_message_append(reply, "(sss)", job.steps[i][0], job.steps[i][1],
                                      job.steps[i][2]);
        sd_bus_message_close_container(reply);
        append_findings(reply, &d->finding);
        sd_bus_send(bus, reply, NULL);
        sd_bus_message_unref(reply);
        return 1;
}

static void announce(void) {
        sd_bus_emit_properties_changed(bus, JOB_PATH, VFIOD_INTERFACE_JOB, "State", "Steps", NULL);
}

static void finish(const char *state, const char *error_name, const char *message) {
        char *path = NULL;

        job.state = state;
        announce();
        if (error_name)
                sd_bus_reply_method_errorf(job.call, error_name, "%s", message);
        else {
                bool prepare = strcmp(job.kind, JOB_KIND_PREPARE) == 0;

                job.device->driver = prepare ? "vfio-pci" : "xhci_hcd";
                job.device->state = prepare ? "vfio" : "host";
                job.device->readiness = prepare ? "ready" : "preparable";
                job.device->managed_by = prepare ? "vfiod" : "";
                sd_bus_path_encode(VFIOD_PATH_DEVICES, job.device->address, &path);
                sd_bus_emit_properties_changed(bus, path, VFIOD_INTERFACE_DEVICE, "Driver", "State",
                                               "Readiness", "ManagedBy", NULL);
                sd_bus_emit_signal(bus, VFIOD_PATH_MANAGER, VFIOD_INTERFACE_MANAGER, "GroupChanged",
                                   "uss", 3, prepare ? "viable" : "blocked",
                                   prepare ? "every member is on VFIO" : "0000:05:00.0 (igc)");
                sd_bus_reply_method_return(job.call, "so", VFIOD_RESULT_DONE, JOB_PATH);
                free(path);
        }
        sd_bus_emit_signal(bus, VFIOD_PATH_MANAGER, VFIOD_INTERFACE_MANAGER, "JobRemoved", "uossss",
                           1, JOB_PATH, job.device->address, error_name ? "failed" : "done",
                           error_name ? error_name : "", error_name ? message : "");
        job.call = sd_bus_message_unref(job.call);
        job.exists = false;
}

static int on_step(sd_event_source *source, uint64_t usec, void *userdata) {
        if (strcmp(job.steps[job.at][3], STEP_PENDING) == 0)
                job.steps[job.at][3] = STEP_RUNNING;
        else if (job.at + 1 == job.fail_at) {
                job.steps[job.at][3] = STEP_FAILED;
                announce();
                while (job.at-- > 0)
                        job.steps[job.at][3] = STEP_UNDONE;
                finish(JOB_ROLLED_BACK, VFIOD_ERROR_VERIFY_FAILED,
                       "0000:08:00.0 did not bind to vfio-pci: Input/output error");
                return 0;
        } else
                job.steps[job.at++][3] = STEP_DONE;
        if (job.at == job.n) {
                finish(JOB_DONE, NULL, NULL);
                return 0;
        }
        announce();
        sd_event_source_set_time_relative(source, pace);
        return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int start_job(sd_bus_message *m, const char *kind, sd_bus_error *error) {
        const char *name;
        FakeDevice *d;

        sd_bus_message_read(m, "s", &name);
        d = find(name, error);
        if (!d)
                return -ENXIO;
        if (strcmp(d->state, "busy") == 0)
                return sd_bus_error_setf(error, VFIOD_ERROR_IN_USE,
                                         "%s cannot be moved: qemu-system-x86 (4711) holds its "
                                         "group 15.", d->address);
        if (strcmp(kind, JOB_KIND_RELEASE) == 0 && strcmp(d->managed_by, "vfiod") != 0)
                return sd_bus_error_setf(error, VFIOD_ERROR_NOT_MANAGED,
                                         "%s was not prepared by vfiod.", d->address);
        if (strcmp(kind, JOB_KIND_PREPARE) == 0 && strcmp(d->managed_by, "vfiod") == 0)
                return sd_bus_reply_method_return(m, "so", VFIOD_RESULT_UNCHANGED, "/");
        if (job.exists)
                return sd_bus_error_setf(error, VFIOD_ERROR_BUSY, "a job runs on group 3");
        job.kind = kind;
        job.state = JOB_RUNNING;
        job.device = d;
        job.at = 0;
        job.fail_at = strcmp(d->address, "0000:08:00.0") == 0 ? 4 : 0;
        job.call = sd_bus_message_ref(m);
        job.exists = true;
        make_steps(d, strcmp(kind, JOB_KIND_PREPARE) == 0);
        sd_bus_emit_signal(bus, VFIOD_PATH_MANAGER, VFIOD_INTERFACE_MANAGER, "JobNew", "uo", 1,
                           JOB_PATH);
        return sd_event_add_time_relative(event, NULL, CLOCK_MONOTONIC, pace, 1, on_step, NULL) < 0
                       ? -ENOMEM : 1;
}

static int method_prepare(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        return start_job(m, JOB_KIND_PREPARE, error);
}

static int method_release(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        return start_job(m, JOB_KIND_RELEASE, error);
}

static int method_refresh(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        return sd_bus_reply_method_return(m, NULL);
}

#define S(name, get) SD_BUS_PROPERTY(name, "s", get, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE)
#define P(name, type, get) SD_BUS_PROPERTY(name, type, get, 0, 0)
#define M(name, in, out, fn) SD_BUS_METHOD(name, in, out, fn, SD_BUS_VTABLE_UNPRIVILEGED)
#define FINDINGS "a" VFIOD_SIGNATURE_FINDING

static const sd_bus_vtable device_vtable[] = { SD_BUS_VTABLE_START(0),
                                               S("Address", get_device),
                                               S("VendorName", get_device),
                                               S("DeviceName", get_device),
                                               S("ClassName", get_device),
                                               S("Driver", get_device),
                                               S("DriverOverride", get_device),
                                               S("HostDriver", get_device),
                                               S("Role", get_device),
                                               S("State", get_device),
                                               S("Readiness", get_device),
                                               S("ManagedBy", get_device),
                                               S("VfioDevice", get_device),
                                               S("PowerState", get_device),
                                               S("PhysicalFunction", get_device),
                                               P("Group", "o", get_device),
                                               P("VendorId", "q", get_device),
                                               P("DeviceId", "q", get_device),
                                               P("Class", "u", get_device),
                                               P("NumaNode", "i", get_device),
                                               P("Persisted", "b", get_device),
                                               P("BootVga", "b", get_device),
                                               P("ResetMethods", "as", get_device),
                                               P("VirtualFunctions", "as", get_device),
                                               P("Holders", "a(us)", get_device),
                                               P("Findings", FINDINGS, get_device),
                                               M("Refresh", "", "", method_refresh),
                                               SD_BUS_VTABLE_END };

static const sd_bus_vtable group_vtable[] = {
        SD_BUS_VTABLE_START(0),
        P("Id", "u", get_group), S("Type", get_group), S("VfioNode", get_group),
        P("Members", "ao", get_group), P("OtherMembers", "as", get_group), S("Verdict", get_group),
        P("Viable", "b", get_group), P("Blockers", "a(sss)", get_group), S("InUse", get_group),
        P("Findings", FINDINGS, get_group),
        SD_BUS_VTABLE_END
};

static const sd_bus_vtable manager_vtable[] = {
        SD_BUS_VTABLE_START(0),
        S("Version", get_host), S("KernelRelease", get_host), S("Readiness", get_host),
        S("IommuState", get_host), S("IommuKind", get_host), S("InterruptRemapping", get_host),
        S("PostedInterrupts", get_host), S("DefaultDomain", get_host),
        P("UnsafeInterrupts", "b", get_host), P("Backends", "as", get_host),
        P("Findings", FINDINGS, get_host),
        M("GetDevice", "s", "o", method_get_device), M("GetGroup", "u", "o", method_get_group),
        M("Plan", "sa{sv}", "a(sss)" FINDINGS, method_plan),
        M("Prepare", "sa{sv}", "so", method_prepare), M("Release", "sa{sv}", "so", method_release),
        SD_BUS_VTABLE_END
};

static const sd_bus_vtable job_vtable[] = {
        SD_BUS_VTABLE_START(0),
        S("Kind", get_job), S("Address", get_job), S("State", get_job),
        SD_BUS_PROPERTY("Steps", "a(ssss)", get_job, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_VTABLE_END
};

static int find_job(sd_bus *b, const char *path, const char *interface, void *userdata, void **ret,
                    sd_bus_error *error) {
        *ret = &job;
        return job.device && strcmp(path, JOB_PATH) == 0;
}

int main(int argc, char **argv) {
        char *path;
        int r;

        if (argc > 1)
                pace = strtoull(argv[1], NULL, 10) * 1000;
        sd_event_default(&event);
        r = sd_bus_open_system(&bus);
        if (r < 0) {
                fprintf(stderr, "no bus: %s\n", strerror(-r));
                return 1;
        }
        sd_bus_attach_event(bus, event, 0);
        sd_bus_add_object_manager(bus, NULL, VFIOD_PATH_MANAGER);
        sd_bus_add_object_vtable(bus, NULL, VFIOD_PATH_MANAGER, VFIOD_INTERFACE_MANAGER,
                                 manager_vtable, NULL);
        for (size_t i = 0; i < N(devices); i++) {
                sd_bus_path_encode(VFIOD_PATH_DEVICES, devices[i].address, &path);
                sd_bus_add_object_vtable(bus, NULL, path, VFIOD_INTERFACE_DEVICE, device_vtable,
                                         devices + i);
                free(path);
        }
        for (size_t i = 0; i < N(groups); i++) {
                if (asprintf(&path, VFIOD_PATH_GROUPS "/%d", groups[i].id) < 0)
                        return 1;
                sd_bus_add_object_vtable(bus, NULL, path, VFIOD_INTERFACE_GROUP, group_vtable,
                                         groups + i);
                free(path);
        }
        sd_bus_add_fallback_vtable(bus, NULL, VFIOD_PATH_JOBS, VFIOD_INTERFACE_JOB, job_vtable,
                                   find_job, NULL);
        r = sd_bus_request_name(bus, VFIOD_BUS_NAME, 0);
        if (r < 0) {
                fprintf(stderr, "no name: %s\n", strerror(-r));
                return 1;
        }
        puts("ready");
        fflush(stdout);
        return sd_event_loop(event) < 0;
}
