/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <errno.h>

#include "json.h"
#include "output.h"
#include "render.h"
#include "verbs.h"

static int device_compare(const void *a, const void *b) {
        return address_compare(((const Device *) a)->address, ((const Device *) b)->address);
}

/* Reads the members of a group into the model, whose only group it is. */
static int read_members(sd_bus *bus, Model *model, sd_bus_error *error) {
        Group *group = model->groups;
        int r;

        for (char **path = group->members; path && *path; path++) {
                Device *device = array_grow(&model->devices, &model->n_devices, sizeof(Device));

                if (!device)
                        return -ENOMEM;
                *device = (Device) DEVICE_INIT;
                bus_refresh_device(bus, *path);
                r = bus_get_device(bus, *path, device, error);
                if (r < 0)
                        return r;
        }
        if (model->n_devices > 0)
                qsort(model->devices, model->n_devices, sizeof(Device), device_compare);
        group->devices = model->devices;
        group->n_devices = model->n_devices;
        return 0;
}

static int show_group(const Call *call, const char *number) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(output_done) Output output = {0};
        _cleanup_(model_done) Model model = {0};
        _cleanup_(freep) char *path = NULL, *name = NULL;
        unsigned long id;
        char *end;
        int r;

        errno = 0;
        id = strtoul(number, &end, 10);
        if (!isdigit((unsigned char) *number) || *end || errno || id > UINT32_MAX)
                return fail_usage(call->options, "a group has a number, not '%s'", number);
        model.groups = calloc(1, sizeof(Group));
        if (!model.groups)
                return fail(call->options, NULL, NULL, -ENOMEM);
        model.n_groups = 1;
        model.groups[0] = (Group) GROUP_INIT;

        if ((r = bus_find_group(call->bus, (uint32_t) id, &error, &path)) < 0 ||
            (r = bus_get_group(call->bus, path, model.groups, &error)) < 0 ||
            (r = read_members(call->bus, &model, &error)) < 0)
                return fail(call->options, asprintf(&name, "group %lu", id) < 0 ? NULL : name,
                            &error, r);
        if (call->options->json)
                return json_print(json_group(model.groups, true, NULL)) < 0 ? EXIT_FAILED
                                                                           : EXIT_YES;
        r = output_begin(&output);
        if (r < 0)
                return fail(call->options, NULL, NULL, r);
        render_group_sheet(output.file, &output.style, model.groups);
        return output_end(&output, call->options) < 0 ? EXIT_FAILED : EXIT_YES;
}

static int print_device(const Call *call, const Device *device, const Group *group) {
        _cleanup_(output_done) Output output = {0};
        int r;

        if (call->options->json) {
                json_t *object = json_device(device);

                json_object_set_new(object, "group",
                                    group ? json_group(group, false, NULL) : json_null());
                return json_print(object);
        }
        r = output_begin(&output);
        if (r < 0)
                return r;
        render_device_sheet(output.file, &output.style, device, group);
        return output_end(&output, call->options);
}

int verb_show(const Call *call) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(device_done) Device device = DEVICE_INIT;
        _cleanup_(group_done) Group group = GROUP_INIT;
        _cleanup_(freep) char *path = NULL;
        const char *name = call->arguments[0];
        int r;

        if (call->n_arguments == 2 && streq(name, "group"))
                return show_group(call, call->arguments[1]);
        if (call->n_arguments == 2 || streq(name, "group"))
                return fail_usage(call->options,
                                  "show takes one device, or a group: show group 15");

        r = bus_find_device(call->bus, name, true, &error, &path);
        if (r < 0)
                return fail(call->options, name, &error, r);
        bus_refresh_device(call->bus, path);
        r = bus_get_device(call->bus, path, &device, &error);
        if (r >= 0 && device.group)
                r = bus_get_group(call->bus, device.group, &group, &error);
        if (r < 0)
                return fail(call->options, name, &error, r);
        return print_device(call, &device, device.group ? &group : NULL) < 0 ? EXIT_FAILED
                                                                           : EXIT_YES;
}
