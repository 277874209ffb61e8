/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>

#include "render.h"

/* A name with its number: "NVIDIA Corporation [10de]" */
static void key_id(FILE *out, const Style *style, const char *key, const char *name, int64_t id,
                   int digits) {
        _cleanup_(freep) char *text = NULL;

        if (id < 0)
                render_key(out, style, COLOUR_NONE, key, name);
        else if (asprintf(&text, "%s%s[%0*" PRIx64 "]", or_empty(name), name ? " " : "", digits,
                          (uint64_t) id) >= 0)
                render_key(out, style, COLOUR_NONE, key, text);
}

static void key_list(FILE *out, const Style *style, const char *key, char *const *list) {
        _cleanup_(freep) char *text = NULL;
        size_t size;
        FILE *joined;

        if (strv_length(list) == 0 || !(joined = open_memstream(&text, &size)))
                return;
        for (char *const *one = list; *one; one++)
                fprintf(joined, "%s%s", one == list ? "" : ", ", *one);
        fclose(joined);
        render_key(out, style, COLOUR_NONE, key, text);
}

static void key_driver(FILE *out, const Style *style, const Device *device) {
        _cleanup_(freep) char *text = NULL;
        const char *driver = device->driver ? device->driver : "none";
        bool moved = device->host_driver && !streq(device->host_driver, device->driver);

        if (asprintf(&text, "%s%s%s%s", driver, moved ? " (release gives it back to " : "",
                     moved ? device->host_driver : "", moved ? ")" : "") >= 0)
                render_key(out, style, COLOUR_NONE, "Driver", text);
}

static void key_group(FILE *out, const Style *style, const Group *group) {
        _cleanup_(freep) char *text = NULL;

        if (!group) {
                render_key(out, style, COLOUR_RED, "Group", "none");
                return;
        }
        if (asprintf(&text, "%" PRId64 ", %s%s%s", group->id,
                     group->verdict ? group->verdict : "unknown", group->vfio_node ? ", " : "",
                     or_empty(group->vfio_node)) >= 0)
                render_key(out, style, render_colour(group->verdict), "Group", text);
}

static void key_blockers(FILE *out, const Style *style, const Group *group, const char *key) {
        for (size_t i = 0; group && i < group->blockers.n; i++) {
                const Blocker *b = group->blockers.items + i;
                _cleanup_(freep) char *text = NULL;

                if (asprintf(&text, "%s (%s%s%s)", or_empty(b->address), or_empty(b->driver),
                             b->driver ? ", " : "", or_empty(b->reason)) >= 0)
                        render_key(out, style, COLOUR_RED, i ? "" : key, text);
        }
}

static void put_findings(FILE *out, const Style *style, const FindingList *findings) {
        if (findings->n == 0)
                return;
        fputc('\n', out);
        render_findings(out, style, findings);
}

void render_device_sheet(FILE *out, const Style *style, const Device *device, const Group *group) {
        _cleanup_(freep) char *name = label_device(style, device, style->columns - 15);
        _cleanup_(freep) char *holders = label_holders(&device->holders);
        char node[16];

        fprintf(out, "%s%s%s  %s\n\n", colour_on(style, COLOUR_BOLD), or_empty(device->address),
                colour_off(style, COLOUR_BOLD), or_empty(name));
        render_key(out, style, render_colour(device->readiness), "Readiness", device->readiness);
        render_key(out, style, COLOUR_NONE, "State", device->state);
        key_driver(out, style, device);
        render_key(out, style, COLOUR_NONE, "Driver override", device->driver_override);
        render_key(out, style, COLOUR_NONE, "Managed by", device->managed_by);
        key_group(out, style, group);
        key_blockers(out, style, group, "Blocked by");
        render_key(out, style, COLOUR_NONE, "VFIO device", device->vfio_device);
        render_key(out, style, COLOUR_YELLOW, "Held by", holders && *holders ? holders : NULL);
        key_id(out, style, "Vendor", device->vendor, device->vendor_id, 4);
        key_id(out, style, "Device", device->device, device->device_id, 4);
        key_id(out, style, "Class", device->class_name, device->class, 6);
        render_key(out, style, COLOUR_NONE, "Role", device->role);
        render_key(out, style, COLOUR_NONE, "Boot display", device->boot_vga ? "yes" : NULL);
        render_key(out, style, COLOUR_NONE, "Power state", device->power_state);
        key_list(out, style, "Reset methods", device->reset_methods);
        snprintf(node, sizeof(node), "%d", (int) device->numa_node);
        render_key(out, style, COLOUR_NONE, "NUMA node", device->numa_node >= 0 ? node : NULL);
        render_key(out, style, COLOUR_NONE, "Physical function", device->physical_function);
        key_list(out, style, "Virtual functions", device->virtual_functions);
        put_findings(out, style, &device->findings);
}

void render_group_sheet(FILE *out, const Style *style, const Group *group) {
        ListOptions everything = {.all = true};
        Model model = {.groups = (Group *) group, .n_groups = 1,
                       .devices = (Device *) group->devices, .n_devices = group->n_devices};

        render_groups(out, style, &model, &everything);
        fputc('\n', out);
        render_key(out, style, COLOUR_NONE, "Type", group->type);
        render_key(out, style, COLOUR_NONE, "VFIO node", group->vfio_node);
        render_key(out, style, COLOUR_NONE, "In use", group->in_use);
        key_blockers(out, style, group, "Blocked by");
        put_findings(out, style, &group->findings);
}
