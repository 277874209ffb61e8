/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "objects.h"
#include "utf8.h"

static int append_address(sd_bus_message *reply, const Address *a) {
        char text[ADDRESS_TEXT_MAX];

        return sd_bus_message_append_basic(reply, 's', address_format(a, text));
}

static int append_group(sd_bus_message *reply, const Device *d) {
        char path[BUS_PATH_MAX] = "/";

        if (d->grouped == FACT_PRESENT)
                bus_group_path(d->group, path);
        return sd_bus_message_append_basic(reply, 'o', path);
}

/* Kernels before 6.2 name the device but give it no character device of its own. */
static int append_vfio_device(sd_bus_message *reply, const Device *d, const HostReport *h) {
        char path[PATH_MAX] = "";

        if (h->cdev && d->vfio_device_name.fact == FACT_PRESENT)
                snprintf(path, sizeof(path), "/dev/vfio/devices/%s", d->vfio_device_name.value);
        return bus_append_text(reply, path);
}

/* Processes of others are private: State says "busy" to everybody, who it is, these only to some. */
static int append_holders(sd_bus_message *reply, const DeviceReport *d, bool sees) {
        int e = sd_bus_message_open_container(reply, 'a', "(us)");

        for (size_t i = 0; e >= 0 && sees && i < d->n_holders; i++) {
                e = sd_bus_message_open_container(reply, 'r', "us");
                if (e >= 0)
                        e = sd_bus_message_append(reply, "u", (uint32_t) d->holders[i].pid);
                if (e >= 0)
                        e = bus_append_text(reply, d->holders[i].command);
                if (e >= 0)
                        e = sd_bus_message_close_container(reply);
        }
        return e < 0 ? e : sd_bus_message_close_container(reply);
}

/* The kernel's list has a space between the words. */
static int append_reset_methods(sd_bus_message *reply, const Text *methods) {
        char *copy = strdup(text_or_empty(methods)), *rest = NULL;
        int e = copy ? sd_bus_message_open_container(reply, 'a', "s") : -ENOMEM;

        for (char *word = copy && e >= 0 ? strtok_r(copy, " ", &rest) : NULL; word && e >= 0;
             word = strtok_r(NULL, " ", &rest))
                e = bus_append_text(reply, word);
        free(copy);
        return e < 0 ? e : sd_bus_message_close_container(reply);
}

static int append_physical_function(sd_bus_message *reply, const Device *d) {
        if (d->virtual_function == FACT_PRESENT)
                return append_address(reply, &d->physical_function);
        return sd_bus_message_append_basic(reply, 's', "");
}

static int append_virtual_functions(sd_bus_message *reply, const DeviceReport *d) {
        int e = sd_bus_message_open_container(reply, 'a', "s");

        for (size_t i = 0; e >= 0 && i < d->n_virtual_functions; i++)
                e = append_address(reply, &d->virtual_functions[i]);
        return e < 0 ? e : sd_bus_message_close_container(reply);
}

#define GETTER(function, call) BUS_GETTER(function, DeviceReport, call)
#define TEXT_GETTER(function, text) GETTER(function, bus_append_text(reply, text))
#define NUMBER_GETTER(function, type, number) \
        GETTER(function, sd_bus_message_append(reply, type, number))

GETTER(get_address, append_address(reply, &o->device->address))
NUMBER_GETTER(get_vendor_id, "q", o->device->vendor_id)
NUMBER_GETTER(get_device_id, "q", o->device->device_id)
NUMBER_GETTER(get_subsystem_vendor_id, "q", o->device->subsystem_vendor_id)
NUMBER_GETTER(get_subsystem_device_id, "q", o->device->subsystem_device_id)
NUMBER_GETTER(get_class, "u", o->device->class_code)
TEXT_GETTER(get_vendor_name, o->device->vendor_name)
TEXT_GETTER(get_device_name, o->device->device_name)
TEXT_GETTER(get_class_name, o->device->class_name)
TEXT_GETTER(get_driver, text_or_empty(&o->device->driver))
TEXT_GETTER(get_driver_override, text_or_empty(&o->device->driver_override))
TEXT_GETTER(get_host_driver, text_or_empty(&o->host_driver))
GETTER(get_group, append_group(reply, o->device))
TEXT_GETTER(get_role, role_text(o->role))
TEXT_GETTER(get_state, state_text(o->state))
TEXT_GETTER(get_readiness, readiness_text(o->readiness))
TEXT_GETTER(get_managed_by, manager_text(o->managed_by))
NUMBER_GETTER(get_persisted, "b", o->persisted)
GETTER(get_vfio_device,
       append_vfio_device(reply, o->device, bus_report(bus_of(connection))->host))
GETTER(get_findings, bus_append_findings(reply, &o->findings, bus_sees(connection, reply)))
GETTER(get_holders, append_holders(reply, o, bus_sees(connection, reply)))
GETTER(get_reset_methods, append_reset_methods(reply, &o->device->reset_methods))
TEXT_GETTER(get_power_state, text_or_empty(&o->device->power_state))
NUMBER_GETTER(get_boot_vga, "b", o->device->boot_vga == FACT_PRESENT)
NUMBER_GETTER(get_numa_node, "i", o->device->numa_node)
GETTER(get_physical_function, append_physical_function(reply, o->device))
GETTER(get_virtual_functions, append_virtual_functions(reply, o))

static int method_refresh(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = bus_of(sd_bus_message_get_bus(m));
        /* A copy: the report that the device stands in may be replaced by the handler. */
        Address address = ((const DeviceReport *) userdata)->device->address;
        int e = bus_work_begin(b, m);

        if (e >= 0)
                e = bus_work_begun(m, b->handlers.refresh(b->userdata, m, &address, error));
        return e < 0 ? e : 1;
}

static int find(sd_bus *connection, const char *path, const char *interface, void *userdata,
                void **ret_found, sd_bus_error *error) {
        char *text = NULL, *canonical = NULL;
        DeviceReport *d = NULL;
        Address a;
        int e = sd_bus_path_decode(path, VFIOD_PATH_DEVICES, &text);

        if (e <= 0)
                return e;
        /* Short addresses are for people, and decoding is lenient; an object has one path only. */
        e = 0;
        if (address_parse(text, &a) >= 0 && (e = bus_device_path(&a, &canonical)) >= 0 &&
            strcmp(canonical, path) == 0)
                d = report_find_device(bus_report(userdata), &a);
        free(text);
        free(canonical);
        if (e < 0)
                return e;
        if (!d)
                return 0;
        *ret_found = d;
        return 1;
}

static int enumerate(sd_bus *connection, const char *prefix, void *userdata, char ***ret_nodes,
                     sd_bus_error *error) {
        const Report *r = bus_report(userdata);
        char **paths = calloc(r->n_devices + 1, sizeof(*paths));

        if (!paths)
                return -ENOMEM;
        for (size_t i = 0; i < r->n_devices; i++) {
                int e = bus_device_path(&r->devices[i]->device->address, &paths[i]);

                if (e < 0) {
                        names_free(paths, i);
                        return e;
                }
        }
        *ret_nodes = paths;
        return 0;
}

#define CONST SD_BUS_VTABLE_PROPERTY_CONST
#define EMITS SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE
#define QUIET 0 /* read on hints; no signal tells of it */

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("Address", "s", get_address, 0, CONST),
        SD_BUS_PROPERTY("VendorId", "q", get_vendor_id, 0, CONST),
        SD_BUS_PROPERTY("DeviceId", "q", get_device_id, 0, CONST),
        SD_BUS_PROPERTY("SubsystemVendorId", "q", get_subsystem_vendor_id, 0, CONST),
        SD_BUS_PROPERTY("SubsystemDeviceId", "q", get_subsystem_device_id, 0, CONST),
        SD_BUS_PROPERTY("Class", "u", get_class, 0, CONST),
        SD_BUS_PROPERTY("VendorName", "s", get_vendor_name, 0, CONST),
        SD_BUS_PROPERTY("DeviceName", "s", get_device_name, 0, CONST),
        SD_BUS_PROPERTY("ClassName", "s", get_class_name, 0, CONST),
        SD_BUS_PROPERTY("Driver", "s", get_driver, 0, EMITS),
        SD_BUS_PROPERTY("DriverOverride", "s", get_driver_override, 0, QUIET),
        SD_BUS_PROPERTY("HostDriver", "s", get_host_driver, 0, EMITS),
        SD_BUS_PROPERTY("Group", "o", get_group, 0, EMITS),
        SD_BUS_PROPERTY("Role", "s", get_role, 0, EMITS),
        SD_BUS_PROPERTY("State", "s", get_state, 0, EMITS),
        SD_BUS_PROPERTY("Readiness", "s", get_readiness, 0, EMITS),
        SD_BUS_PROPERTY("ManagedBy", "s", get_managed_by, 0, EMITS),
        SD_BUS_PROPERTY("Persisted", "b", get_persisted, 0, EMITS),
        SD_BUS_PROPERTY("VfioDevice", "s", get_vfio_device, 0, EMITS),
        SD_BUS_PROPERTY("Findings", "a" VFIOD_SIGNATURE_FINDING, get_findings, 0, EMITS),
        SD_BUS_PROPERTY("Holders", "a(us)", get_holders, 0, QUIET),
        SD_BUS_PROPERTY("ResetMethods", "as", get_reset_methods, 0, QUIET),
        SD_BUS_PROPERTY("PowerState", "s", get_power_state, 0, QUIET),
        SD_BUS_PROPERTY("BootVga", "b", get_boot_vga, 0, EMITS),
        SD_BUS_PROPERTY("NumaNode", "i", get_numa_node, 0, EMITS),
        SD_BUS_PROPERTY("PhysicalFunction", "s", get_physical_function, 0, EMITS),
        SD_BUS_PROPERTY("VirtualFunctions", "as", get_virtual_functions, 0, EMITS),
        SD_BUS_METHOD_WITH_ARGS("Refresh", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, method_refresh,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END
};

const BusObject bus_object_device = {
        .path = VFIOD_PATH_DEVICES,
        .interface = VFIOD_INTERFACE_DEVICE,
        .vtable = vtable,
        .find = find,
        .enumerate = enumerate,
};
