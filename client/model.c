/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>

#include "model.h"
#include "names.h"
#include "properties.h"

#define SIGNATURE_FINDINGS "a" VFIOD_SIGNATURE_FINDING

static const Field host_fields[] = {
        {"Version", "s", offsetof(Host, version)},
        {"KernelRelease", "s", offsetof(Host, kernel)},
        {"CommandLine", "s", offsetof(Host, command_line)},
        {"Readiness", "s", offsetof(Host, readiness)},
        {"IommuState", "s", offsetof(Host, iommu_state)},
        {"IommuKind", "s", offsetof(Host, iommu_kind)},
        {"InterruptRemapping", "s", offsetof(Host, interrupt_remapping)},
        {"PostedInterrupts", "s", offsetof(Host, posted_interrupts)},
        {"UnsafeInterrupts", "b", offsetof(Host, unsafe_interrupts)},
        {"DefaultDomain", "s", offsetof(Host, default_domain)},
        {"Backends", "as", offsetof(Host, backends)},
        {"Findings", SIGNATURE_FINDINGS, offsetof(Host, findings)},
        {NULL}
};

static const Field device_fields[] = {
        {"Address", "s", offsetof(Device, address)},
        {"VendorId", "q", offsetof(Device, vendor_id)},
        {"DeviceId", "q", offsetof(Device, device_id)},
        {"Class", "u", offsetof(Device, class)},
        {"VendorName", "s", offsetof(Device, vendor)},
        {"DeviceName", "s", offsetof(Device, device)},
        {"ClassName", "s", offsetof(Device, class_name)},
        {"Driver", "s", offsetof(Device, driver)},
        {"DriverOverride", "s", offsetof(Device, driver_override)},
        {"HostDriver", "s", offsetof(Device, host_driver)},
        {"Group", "o", offsetof(Device, group)},
        {"Role", "s", offsetof(Device, role)},
        {"State", "s", offsetof(Device, state)},
        {"Readiness", "s", offsetof(Device, readiness)},
        {"ManagedBy", "s", offsetof(Device, managed_by)},
        {"Persisted", "b", offsetof(Device, persisted)},
        {"VfioDevice", "s", offsetof(Device, vfio_device)},
        {"Findings", SIGNATURE_FINDINGS, offsetof(Device, findings)},
        {"Holders", "a(us)", offsetof(Device, holders)},
        {"ResetMethods", "as", offsetof(Device, reset_methods)},
        {"PowerState", "s", offsetof(Device, power_state)},
        {"BootVga", "b", offsetof(Device, boot_vga)},
        {"NumaNode", "i", offsetof(Device, numa_node)},
        {"PhysicalFunction", "s", offsetof(Device, physical_function)},
        {"VirtualFunctions", "as", offsetof(Device, virtual_functions)},
        {NULL}
};

static const Field group_fields[] = {
        {"Id", "u", offsetof(Group, id)},
        {"Type", "s", offsetof(Group, type)},
        {"VfioNode", "s", offsetof(Group, vfio_node)},
        {"Members", "ao", offsetof(Group, members)},
        {"OtherMembers", "as", offsetof(Group, other_members)},
        {"Verdict", "s", offsetof(Group, verdict)},
        {"Viable", "b", offsetof(Group, viable)},
        {"Blockers", "a(sss)", offsetof(Group, blockers)},
        {"InUse", "s", offsetof(Group, in_use)},
        {"Findings", SIGNATURE_FINDINGS, offsetof(Group, findings)},
        {NULL}
};

static const Field job_fields[] = {
        {"Kind", "s", offsetof(Job, kind)},
        {"Address", "s", offsetof(Job, address)},
        {"State", "s", offsetof(Job, state)},
        {"Steps", "a(ssss)", offsetof(Job, steps)},
        {NULL}
};

int host_read(Host *host, sd_bus_message *m) {
        return properties_read(host, host_fields, m);
}

int group_read(Group *group, sd_bus_message *m) {
        return properties_read(group, group_fields, m);
}

int job_read(Job *job, sd_bus_message *m) {
        return properties_read(job, job_fields, m);
}

int device_read(Device *device, sd_bus_message *m) {
        const char *id;
        int r;

        r = properties_read(device, device_fields, m);
        if (r < 0)
                return r;

        /* A q has no room for "not known"; no device has these vendor ids. */
        if (device->vendor_id == 0 || device->vendor_id == 0xffff)
                device->vendor_id = device->device_id = -1;
        if (device->class > 0xffffff || (device->class == 0 && device->vendor_id < 0))
                device->class = -1;

        id = device->group ? startswith(device->group, VFIOD_PATH_GROUPS "/") : NULL;
        device->group_id = id ? (int64_t) strtoul(id, NULL, 10) : -1;
        return 0;
}

void host_done(Host *host) {
        properties_done(host, host_fields);
}

void device_done(Device *device) {
        properties_done(device, device_fields);
}

void group_done(Group *group) {
        properties_done(group, group_fields);
}

void job_done(Job *job) {
        properties_done(job, job_fields);
}

int address_compare(const char *a, const char *b) {
        unsigned x[4] = {0}, y[4] = {0};
        int n = a ? sscanf(a, "%8x:%2x:%2x.%1x", &x[0], &x[1], &x[2], &x[3]) : 0;
        int k = b ? sscanf(b, "%8x:%2x:%2x.%1x", &y[0], &y[1], &y[2], &y[3]) : 0;

        if (n != 4 || k != 4)
                return strcmp(or_empty(a), or_empty(b));
        for (size_t i = 0; i < ARRAY_SIZE(x); i++)
                if (x[i] != y[i])
                        return x[i] < y[i] ? -1 : 1;
        return 0;
}

static int group_compare(const void *a, const void *b) {
        int64_t x = ((const Group *) a)->id, y = ((const Group *) b)->id;

        return x < y ? -1 : x > y;
}

static int device_compare(const void *a, const void *b) {
        const Device *x = a, *y = b;
        /* As unsigned numbers, -1 (no group) comes last. */
        uint64_t k = (uint64_t) x->group_id, l = (uint64_t) y->group_id;

        return k != l ? (k < l ? -1 : 1) : address_compare(x->address, y->address);
}

static int model_sort(Model *model) {
        size_t next = 0;
        Group *last;

        if (model->n_groups > 0)
                qsort(model->groups, model->n_groups, sizeof(Group), group_compare);

        for (size_t i = 0; i < model->n_devices; i++) {
                Group key = {.id = model->devices[i].group_id};

                if (model->n_groups == 0 || !bsearch(&key, model->groups, model->n_groups,
                                                     sizeof(Group), group_compare))
                        model->devices[i].group_id = -1;
        }
        if (model->n_devices > 0)
                qsort(model->devices, model->n_devices, sizeof(Device), device_compare);

        for (size_t i = 0; i < model->n_groups; i++) {
                Group *group = model->groups + i;

                group->devices = model->devices + next;
                while (next < model->n_devices && model->devices[next].group_id == group->id)
                        next++;
                group->n_devices = (size_t) (model->devices + next - group->devices);
        }
        if (next == model->n_devices)
                return 0;

        last = array_grow(&model->groups, &model->n_groups, sizeof(Group));
        if (!last)
                return -ENOMEM;
        *last = (Group){.id = -1, .devices = model->devices + next,
                        .n_devices = model->n_devices - next};
        return 0;
}

static int object_read(Model *model, sd_bus_message *m) {
        const char *interface;
        int r;

        while ((r = sd_bus_message_enter_container(m, 'e', "sa{sv}")) > 0) {
                r = sd_bus_message_read(m, "s", &interface);
                if (r < 0)
                        return r;
                if (streq(interface, VFIOD_INTERFACE_DEVICE)) {
                        Device *device = array_grow(&model->devices, &model->n_devices,
                                                    sizeof(Device));

                        if (!device)
                                return -ENOMEM;
                        *device = (Device) DEVICE_INIT;
                        r = device_read(device, m);
                } else if (streq(interface, VFIOD_INTERFACE_GROUP)) {
                        Group *group = array_grow(&model->groups, &model->n_groups, sizeof(Group));

                        if (!group)
                                return -ENOMEM;
                        *group = (Group) GROUP_INIT;
                        r = group_read(group, m);
                } else if (streq(interface, VFIOD_INTERFACE_JOB)) {
                        Job *job = array_grow(&model->jobs, &model->n_jobs, sizeof(Job));

                        if (!job)
                                return -ENOMEM;
                        r = job_read(job, m);
                } else
                        r = sd_bus_message_skip(m, "a{sv}");
                if (r < 0)
                        return r;
                r = sd_bus_message_exit_container(m);
                if (r < 0)
                        return r;
        }
        return r;
}

int model_read(Model *model, sd_bus_message *m) {
        const char *path;
        int r;

        r = sd_bus_message_enter_container(m, 'a', "{oa{sa{sv}}}");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(m, 'e', "oa{sa{sv}}")) > 0) {
                r = sd_bus_message_read(m, "o", &path);
                if (r < 0)
                        return r;
                r = sd_bus_message_enter_container(m, 'a', "{sa{sv}}");
                if (r < 0)
                        return r;
                r = object_read(model, m);
                if (r < 0)
                        return r;
                r = sd_bus_message_exit_container(m);
                if (r < 0)
                        return r;
                r = sd_bus_message_exit_container(m);
                if (r < 0)
                        return r;
        }
        if (r < 0)
                return r;
        return model_sort(model);
}

const Device *model_find(const Model *model, const char *address) {
        for (size_t i = 0; i < model->n_devices; i++)
                if (streq(model->devices[i].address, address))
                        return model->devices + i;
        return NULL;
}

void model_done(Model *model) {
        for (size_t i = 0; i < model->n_groups; i++)
                group_done(model->groups + i);
        for (size_t i = 0; i < model->n_devices; i++)
                device_done(model->devices + i);
        for (size_t i = 0; i < model->n_jobs; i++)
                job_done(model->jobs + i);
        free(model->groups);
        free(model->devices);
        free(model->jobs);
        *model = (Model){0};
}
