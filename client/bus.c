/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <unistd.h>

#include "bus.h"
#include "names.h"

#define PROPERTIES "org.freedesktop.DBus.Properties"

/* How much later than the deadline that it was given the daemon may answer. Calls that have none
 * may take the 25 s that D-Bus has by default. */
#define TIMEOUT_GRACE_USEC (10 * USEC_PER_SEC)

static int open_address(const char *address, sd_bus **ret_bus) {
        _cleanup_(sd_bus_unrefp) sd_bus *bus = NULL;
        int r;

        if ((r = sd_bus_new(&bus)) < 0 || (r = sd_bus_set_address(bus, address)) < 0 ||
            (r = sd_bus_set_bus_client(bus, 1)) < 0 || (r = sd_bus_start(bus)) < 0)
                return r;
        *ret_bus = TAKE_PTR(bus);
        return 0;
}

int bus_open(const Options *options, sd_bus **ret_bus, sd_bus_error *error) {
        int r;

        if (options->host)
                r = sd_bus_open_system_remote(ret_bus, options->host);
        else if (options->machine)
                r = sd_bus_open_system_machine(ret_bus, options->machine);
        else if (options->bus_address)
                r = open_address(options->bus_address, ret_bus);
        else
                r = sd_bus_open_system(ret_bus);
        if (r < 0)
                return sd_bus_error_setf(error, SD_BUS_ERROR_NO_SERVER,
                                         "cannot connect to %s%s: %s",
                                         options->bus_address ? "the bus " : "the system bus",
                                         options->host          ? " of the host"
                                         : options->machine     ? " of the container"
                                         : options->bus_address ? options->bus_address
                                                                : "",
                                         strerror(-r));
        return 0;
}

static int get_all(sd_bus *bus, const char *path, const char *interface, sd_bus_error *error,
                   sd_bus_message **ret_reply) {
        return sd_bus_call_method(bus, VFIOD_BUS_NAME, path, PROPERTIES, "GetAll", error, ret_reply,
                                  "s", interface);
}

int bus_get_host(sd_bus *bus, Host *host, sd_bus_error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int r = get_all(bus, VFIOD_PATH_MANAGER, VFIOD_INTERFACE_MANAGER, error, &reply);

        return r < 0 ? r : host_read(host, reply);
}

int bus_get_device(sd_bus *bus, const char *path, Device *device, sd_bus_error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int r = get_all(bus, path, VFIOD_INTERFACE_DEVICE, error, &reply);

        return r < 0 ? r : device_read(device, reply);
}

int bus_get_group(sd_bus *bus, const char *path, Group *group, sd_bus_error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int r = get_all(bus, path, VFIOD_INTERFACE_GROUP, error, &reply);

        return r < 0 ? r : group_read(group, reply);
}

int bus_get_job(sd_bus *bus, const char *path, Job *job, sd_bus_error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int r = get_all(bus, path, VFIOD_INTERFACE_JOB, error, &reply);

        return r < 0 ? r : job_read(job, reply);
}

int bus_get_model(sd_bus *bus, Model *model, sd_bus_error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int r;

        r = sd_bus_call_method(bus, VFIOD_BUS_NAME, VFIOD_PATH_MANAGER,
                               "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", error,
                               &reply, NULL);
        return r < 0 ? r : model_read(model, reply);
}

static int read_path(sd_bus_message *reply, char **ret_path) {
        const char *path;
        int r;

        r = sd_bus_message_read(reply, "o", &path);
        if (r < 0)
                return r;
        *ret_path = strdup(path);
        return *ret_path ? 0 : -ENOMEM;
}

int bus_find_device(sd_bus *bus, const char *name, bool start, sd_bus_error *error,
                    char **ret_path) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL, *reply = NULL;
        int r;

        if ((r = sd_bus_message_new_method_call(bus, &call, VFIOD_BUS_NAME, VFIOD_PATH_MANAGER,
                                                VFIOD_INTERFACE_MANAGER, "GetDevice")) < 0 ||
            (r = sd_bus_message_append(call, "s", name)) < 0 ||
            (r = sd_bus_message_set_auto_start(call, start)) < 0 ||
            (r = sd_bus_call(bus, call, 0, error, &reply)) < 0)
                return r;
        return read_path(reply, ret_path);
}

int bus_find_group(sd_bus *bus, uint32_t id, sd_bus_error *error, char **ret_path) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int r;

        r = sd_bus_call_method(bus, VFIOD_BUS_NAME, VFIOD_PATH_MANAGER, VFIOD_INTERFACE_MANAGER,
                               "GetGroup", error, &reply, "u", id);
        return r < 0 ? r : read_path(reply, ret_path);
}

void bus_refresh_device(sd_bus *bus, const char *path) {
        sd_bus_call_method(bus, VFIOD_BUS_NAME, path, VFIOD_INTERFACE_DEVICE, "Refresh", NULL, NULL,
                           NULL);
}

char *bus_path_address(const char *path) {
        char *address = NULL;

        return sd_bus_path_decode(path, VFIOD_PATH_DEVICES, &address) > 0 ? address : NULL;
}

static int append_list(sd_bus_message *m, const char *option, char **list) {
        int r;

        if (!list)
                return 0;
        if ((r = sd_bus_message_open_container(m, 'e', "sv")) < 0 ||
            (r = sd_bus_message_append(m, "s", option)) < 0 ||
            (r = sd_bus_message_open_container(m, 'v', "as")) < 0 ||
            (r = sd_bus_message_append_strv(m, list)) < 0 ||
            (r = sd_bus_message_close_container(m)) < 0)
                return r;
        return sd_bus_message_close_container(m);
}

static int append_with(sd_bus_message *m, const char *address, char *const *with,
                       const Options *options) {
        _cleanup_(strv_freep) char **all = NULL;
        int r;

        for (char *const *list = with; list && *list; list++)
                if (!streq(*list, address) && (r = strv_append(&all, *list)) < 0)
                        return r;
        for (char *const *list = options->with; list && *list; list++)
                if ((r = strv_append(&all, *list)) < 0)
                        return r;
        return append_list(m, VFIOD_OPTION_WITH, all);
}

static int append_options(sd_bus_message *m, const char *address, char *const *with,
                          const Options *options) {
        int r;

        if ((r = sd_bus_message_open_container(m, 'a', "{sv}")) < 0 ||
            (r = append_with(m, address, with, options)) < 0)
                return r;
        if ((r = append_list(m, VFIOD_OPTION_ACCEPT, options->accept)) < 0)
                return r;
        if (options->group &&
            (r = sd_bus_message_append(m, "{sv}", VFIOD_OPTION_GROUP, "b", true)) < 0)
                return r;
        if (options->driver &&
            (r = sd_bus_message_append(m, "{sv}", VFIOD_OPTION_DRIVER, "s", options->driver)) < 0)
                return r;
        if (options->for_what &&
            (r = sd_bus_message_append(m, "{sv}", VFIOD_OPTION_FOR, "s", options->for_what)) < 0)
                return r;
        if (options->persist &&
            (r = sd_bus_message_append(m, "{sv}", VFIOD_OPTION_PERSIST, "b", true)) < 0)
                return r;
        if (options->no_block &&
            (r = sd_bus_message_append(m, "{sv}", VFIOD_OPTION_NO_BLOCK, "b", true)) < 0)
                return r;
        if (options->wait &&
            (r = sd_bus_message_append(m, "{sv}", VFIOD_OPTION_WAIT, "b", true)) < 0)
                return r;
        if (options->foreign &&
            (r = sd_bus_message_append(m, "{sv}", VFIOD_OPTION_FOREIGN, "b", true)) < 0)
                return r;
        if (options->timeout_usec != TIMEOUT_NOT_GIVEN &&
            (r = sd_bus_message_append(m, "{sv}", VFIOD_OPTION_TIMEOUT, "t",
                                       options->timeout_usec)) < 0)
                return r;
        return sd_bus_message_close_container(m);
}

int bus_new_request(sd_bus *bus, const char *method, const char *address, char *const *with,
                    const Options *options, sd_bus_message **ret_call) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
        int r;

        if ((r = sd_bus_message_new_method_call(bus, &call, VFIOD_BUS_NAME, VFIOD_PATH_MANAGER,
                                                VFIOD_INTERFACE_MANAGER, method)) < 0 ||
            (r = sd_bus_message_append(call, "s", address)) < 0 ||
            (r = append_options(call, address, with, options)) < 0 ||
            (r = sd_bus_message_set_allow_interactive_authorization(
                     call, !options->no_ask_password)) < 0)
                return r;
        *ret_call = TAKE_PTR(call);
        return 0;
}

uint64_t bus_request_timeout(const Options *options) {
        uint64_t usec = options->timeout_usec;

        /* Then it is TimeoutSec= of vfiod.conf, over there; if the daemon dies, the bus says so. */
        if (usec == TIMEOUT_NOT_GIVEN)
                return UINT64_MAX;
        usec += TIMEOUT_GRACE_USEC;
        /* The time for the work begins when polkit has answered; root is not asked about. */
        if (geteuid() != 0 || options->host)
                usec += options->no_ask_password ? VFIOD_POLKIT_USEC : VFIOD_POLKIT_INTERACTIVE_USEC;
        return usec;
}
