/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>

#include "json.h"

/* json_object_set_new() drops a value it cannot store, and takes NULL for an error: one check of
 * the result of the whole is enough. */
static void put(json_t *object, const char *key, json_t *value) {
        if (json_object_set_new(object, key, value) < 0)
                json_object_set_new(object, key, json_null());
}

json_t *json_text(const char *text) {
        return text ? json_string(text) : json_null();
}

/* D-Bus numbers that are shown as hexadecimal ids */
static json_t *json_id(int64_t id, int digits) {
        char text[24];

        if (id < 0)
                return json_null();
        snprintf(text, sizeof(text), "0x%0*" PRIx64, digits, (uint64_t) id);
        return json_string(text);
}

static json_t *json_number(int64_t number) {
        return number < 0 ? json_null() : json_integer(number);
}

json_t *json_strv(char *const *strv) {
        json_t *array;

        if (!strv)
                return json_null();
        array = json_array();
        for (; *strv; strv++)
                json_array_append_new(array, json_string(*strv));
        return array;
}

json_t *json_findings(const FindingList *findings) {
        json_t *array = json_array();

        for (size_t i = 0; i < findings->n; i++) {
                const Finding *f = findings->items + i;
                json_t *object = json_object();

                put(object, "id", json_text(f->id));
                put(object, "severity", json_text(f->severity));
                put(object, "message", json_text(f->message));
                put(object, "evidence", json_strv(f->evidence));
                put(object, "remedy", json_text(f->remedy));
                put(object, "address", json_text(f->address));
                put(object, "class", json_text(f->class));
                json_array_append_new(array, object);
        }
        return array;
}

static json_t *json_holders(const HolderList *holders) {
        json_t *array;

        if (!holders->known)
                return json_null();
        array = json_array();
        for (size_t i = 0; i < holders->n; i++) {
                json_t *object = json_object();

                put(object, "pid", json_integer(holders->items[i].pid));
                put(object, "command", json_text(holders->items[i].command));
                json_array_append_new(array, object);
        }
        return array;
}

json_t *json_device(const Device *d) {
        json_t *object = json_object();

        put(object, "address", json_text(d->address));
        put(object, "class", json_id(d->class, 6));
        put(object, "class_name", json_text(d->class_name));
        put(object, "vendor_id", json_id(d->vendor_id, 4));
        put(object, "device_id", json_id(d->device_id, 4));
        put(object, "vendor", json_text(d->vendor));
        put(object, "device", json_text(d->device));
        put(object, "driver", json_text(d->driver));
        put(object, "driver_override", json_text(d->driver_override));
        put(object, "host_driver", json_text(d->host_driver));
        put(object, "role", json_text(d->role));
        put(object, "state", json_text(d->state));
        put(object, "readiness", json_text(d->readiness));
        put(object, "managed_by", json_text(d->managed_by));
        put(object, "persisted", json_boolean(d->persisted));
        put(object, "holders", json_holders(&d->holders));
        put(object, "reset_methods", json_strv(d->reset_methods));
        put(object, "power_state", json_text(d->power_state));
        put(object, "boot_vga", json_boolean(d->boot_vga));
        put(object, "numa_node", json_number(d->numa_node));
        put(object, "physical_function", json_text(d->physical_function));
        put(object, "virtual_functions", json_strv(d->virtual_functions));
        put(object, "findings", json_findings(&d->findings));
        return object;
}

static json_t *json_blockers(const BlockerList *blockers) {
        json_t *array = json_array();

        for (size_t i = 0; i < blockers->n; i++) {
                json_t *object = json_object();

                put(object, "address", json_text(blockers->items[i].address));
                put(object, "driver", json_text(blockers->items[i].driver));
                put(object, "reason", json_text(blockers->items[i].reason));
                json_array_append_new(array, object);
        }
        return array;
}

json_t *json_group(const Group *group, bool with_members, const char *class) {
        json_t *object = json_object(), *members;

        put(object, "id", json_number(group->id));
        put(object, "type", json_text(group->type));
        put(object, "vfio_node", json_text(group->vfio_node));
        put(object, "verdict", json_text(group->verdict));
        put(object, "viable",
            !group->verdict || streq(group->verdict, "unknown") ? json_null()
                                                                : json_boolean(group->viable));
        put(object, "in_use", json_text(group->in_use));
        put(object, "blockers", json_blockers(&group->blockers));
        if (!with_members)
                return object;

        members = json_array();
        for (size_t i = 0; i < group->n_devices; i++)
                if (!class || class_matches(group->devices + i, class))
                        json_array_append_new(members, json_device(group->devices + i));
        put(object, "members", members);
        return object;
}

static bool has_class(const Group *group, const char *class) {
        for (size_t i = 0; i < group->n_devices; i++)
                if (class_matches(group->devices + i, class))
                        return true;
        return false;
}

json_t *json_groups(const Model *model, const char *class) {
        json_t *array = json_array();

        for (size_t i = 0; i < model->n_groups; i++)
                if (!class || has_class(model->groups + i, class))
                        json_array_append_new(array, json_group(model->groups + i, true, class));
        return array;
}

json_t *json_host(const Host *host) {
        json_t *object = json_object();

        put(object, "readiness", json_text(host->readiness));
        put(object, "iommu_state", json_text(host->iommu_state));
        put(object, "iommu_kind", json_text(host->iommu_kind));
        put(object, "interrupt_remapping", json_text(host->interrupt_remapping));
        put(object, "posted_interrupts", json_text(host->posted_interrupts));
        put(object, "unsafe_interrupts", json_boolean(host->unsafe_interrupts));
        put(object, "default_domain", json_text(host->default_domain));
        put(object, "backends", json_strv(host->backends));
        put(object, "kernel", json_text(host->kernel));
        put(object, "findings", json_findings(&host->findings));
        return object;
}

json_t *json_steps(const StepList *steps, bool with_state) {
        json_t *array = json_array();

        for (size_t i = 0; i < steps->n; i++) {
                json_t *object = json_object();

                put(object, "action", json_text(steps->items[i].action));
                put(object, "address", json_text(steps->items[i].address));
                put(object, "value", json_text(steps->items[i].value));
                if (with_state)
                        put(object, "state", json_text(steps->items[i].state));
                json_array_append_new(array, object);
        }
        return array;
}

static int dump(json_t *document, size_t flags) {
        int r = 0;

        if (!document)
                return -ENOMEM;
        if (json_dumpf(document, stdout, flags) < 0 || fputc('\n', stdout) == EOF ||
            fflush(stdout) == EOF)
                r = -EIO;
        json_decref(document);
        return r;
}

int json_print(json_t *document) {
        return dump(document, JSON_INDENT(2));
}

int json_print_line(json_t *document) {
        return dump(document, JSON_COMPACT);
}

void json_print_error(const char *name, const char *message) {
        json_t *object = json_object(), *error = json_object();

        put(error, "name", json_text(name));
        put(error, "message", json_text(message));
        put(object, "error", error);
        json_print(object);
}

static const struct ClassInfo {
        const char *name;
        int64_t code, mask;
} class_table[] = {
        {"gpu", 0x030000, 0xff0000},   {"net", 0x020000, 0xff0000},  {"nvme", 0x010800, 0xffff00},
        {"usb", 0x0c0300, 0xffff00},   {"audio", 0x040100, 0xffff00}, {"audio", 0x040300, 0xffff00},
        {"audio", 0x048000, 0xffff00},
};

bool class_matches(const Device *device, const char *class) {
        for (size_t i = 0; i < ARRAY_SIZE(class_table); i++)
                if (streq(class_table[i].name, class) && device->class >= 0 &&
                    (device->class & class_table[i].mask) == class_table[i].code)
                        return true;
        return false;
}

bool class_is_known(const char *class) {
        for (size_t i = 0; i < ARRAY_SIZE(class_table); i++)
                if (streq(class_table[i].name, class))
                        return true;
        return false;
}
