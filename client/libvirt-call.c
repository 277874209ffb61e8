/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <syslog.h>
#include <time.h>

#include "finding-ids.h"
#include "libvirt-call.h"
#include "names.h"

#define SPAWN "org.freedesktop.DBus.Error.Spawn."

/* The daemon's deadline comes before ours, so that it is its words that reach the person: it says
 * that the kernel hangs when its own slack is over, too, and the answer needs a moment. */
#define GRACE_USEC (2 * VFIOD_STUCK_SLACK_USEC)
#define SHORTEST_USEC UINT64_C(100000)

/* What to do about an error, where its message does not say so itself. */
static const struct Advice {
        const char *error, *text;
} advices[] = {
        { SD_BUS_ERROR_SERVICE_UNKNOWN,
          "Is vfiod installed? Without it, remove the hook: /etc/libvirt/hooks/qemu.d/vfiod" },
        { SD_BUS_ERROR_NAME_HAS_NO_OWNER, "Start it: systemctl start vfiod" },
        { SD_BUS_ERROR_NO_REPLY, "See: systemctl status vfiod; journalctl -u vfiod" },
        { SD_BUS_ERROR_TIMEOUT, "See: systemctl status vfiod; journalctl -u vfiod" },
        { SPAWN "ChildExited", "See why vfiod did not start: journalctl -u vfiod" },
        { SPAWN "Failed", "See why vfiod did not start: journalctl -u vfiod" },
        { "org.freedesktop.systemd1.UnitMasked",
          "Unmask it: systemctl unmask vfiod; or remove the hook: "
          "/etc/libvirt/hooks/qemu.d/vfiod" },
        { SD_BUS_ERROR_ACCESS_DENIED,
          "Only root, or whom polkit allows org.vfiod1.prepare, may have that done: use "
          "qemu:///system" },
        { VFIOD_ERROR_STUCK, "The kernel has not answered; see: journalctl -k -u vfiod" },
        { VFIOD_ERROR_VERIFY_FAILED, "All is as it was; see: journalctl -k -u vfiod" },
        { VFIOD_ERROR_ROLLBACK_FAILED, "Not all is as it was; see: journalctl -u vfiod" },
        { VFIOD_ERROR_IN_USE, "End the process that holds it, then start the guest again" },
        { VFIOD_ERROR_NO_SUCH_DEVICE, "See which devices there are: vfioctl list --all" },
};

uint64_t hook_now(void) {
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t) t.tv_sec * USEC_PER_SEC + (uint64_t) t.tv_nsec / 1000;
}

uint64_t hook_time_left(uint64_t until) {
        uint64_t now = hook_now();

        return until > now + SHORTEST_USEC ? until - now : SHORTEST_USEC;
}

/* Returns: how long the work may take where so much time is left: short times are shared out. */
static uint64_t work_usec(uint64_t left) {
        uint64_t grace = left / 2 < GRACE_USEC ? left / 2 : GRACE_USEC;

        return left - grace;
}

static const char *advice_for(const sd_bus_error *error, const char *message) {
        /* A message that names a command names the way out. */
        if (strstr(message, "vfioctl "))
                return "";
        for (size_t i = 0; i < ARRAY_SIZE(advices); i++)
                if (sd_bus_error_has_name(error, advices[i].error))
                        return advices[i].text;
        return "See: vfioctl status";
}

void hook_tell_error(const HookRequest *q, const HostDevice *d, const char *what,
                     const sd_bus_error *error, int r) {
        const char *message = r == -ETIMEDOUT                      ? "vfiod did not answer in time."
                              : error->message && *error->message ? error->message
                                                                  : strerror(-r);
        const char *advice = advice_for(error, message);

        if (strstr(message, d->address))
                q->tell(LOG_ERR, "%s%s%s", message, *advice ? " " : "", advice);
        else
                q->tell(LOG_ERR, "%s could not be %s: %s%s%s", d->address, what, message,
                        *advice ? " " : "", advice);
}

/* One element of a list option about a device of the guest, or NULL to leave the device out; kept in
 * buffer if it has to be made. */
typedef const char *(*ListItem)(const HostDevice *d, const HostDevice *device, char *buffer,
                                size_t size);

/* The others that the guest takes: that they move along is what its owner wants. */
static const char *with_item(const HostDevice *d, const HostDevice *device, char *buffer,
                             size_t size) {
        return d != device ? d->address : NULL;
}

/* Whoever gives a guest a disk gives it what is on the disk; a disk in use is refused all the same. */
static const char *accept_item(const HostDevice *d, const HostDevice *device, char *buffer,
                               size_t size) {
        if (!streq(d->element, "disk"))
                return NULL;
        (void) snprintf(buffer, size, FINDING_DISK_HOLDS_DATA "@%s", d->address);
        return buffer;
}

static int append_list(const HookRequest *q, const HostDevice *device, const char *option,
                       ListItem item, sd_bus_message *m) {
        char buffer[128];
        int r;

        if ((r = sd_bus_message_open_container(m, 'e', "sv")) < 0 ||
            (r = sd_bus_message_append(m, "s", option)) < 0 ||
            (r = sd_bus_message_open_container(m, 'v', "as")) < 0 ||
            (r = sd_bus_message_open_container(m, 'a', "s")) < 0)
                return r;
        for (size_t i = 0; i < q->n_devices; i++) {
                const char *text = q->devices[i].managed ? NULL
                                   : item(&q->devices[i], device, buffer, sizeof(buffer));

                if (text && (r = sd_bus_message_append(m, "s", text)) < 0)
                        return r;
        }
        for (int level = 0; level < 3; level++)
                if ((r = sd_bus_message_close_container(m)) < 0)
                        return r;
        return 0;
}

static bool has_disk(const HookRequest *q) {
        for (size_t i = 0; i < q->n_devices; i++)
                if (!q->devices[i].managed && streq(q->devices[i].element, "disk"))
                        return true;
        return false;
}

/* What a prepare has besides what a release has. */
static int append_consent(const HookRequest *q, const HostDevice *d, sd_bus_message *m) {
        int r = append_list(q, d, VFIOD_OPTION_WITH, with_item, m);

        return r < 0 || !has_disk(q) ? r : append_list(q, d, VFIOD_OPTION_ACCEPT, accept_item, m);
}

int hook_new_call(const HookRequest *q, const char *method, const HostDevice *d, uint64_t left,
                  sd_bus_message **ret) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        bool prepare = streq(method, "Prepare");
        int r;

        if ((r = sd_bus_message_new_method_call(q->bus, &m, VFIOD_BUS_NAME, VFIOD_PATH_MANAGER,
                                                VFIOD_INTERFACE_MANAGER, method)) < 0 ||
            (r = sd_bus_message_append(m, "s", d->address)) < 0 ||
            (r = sd_bus_message_open_container(m, 'a', "{sv}")) < 0 ||
            (r = sd_bus_message_append(m, "{sv}", VFIOD_OPTION_FOR, "s", q->claim)) < 0 ||
            (r = sd_bus_message_append(m, "{sv}", VFIOD_OPTION_TIMEOUT, "t",
                                       work_usec(left))) < 0 ||
            (r = prepare ? append_consent(q, d, m) : 0) < 0)
                return r;
        if (prepare && d->driver &&
            (r = sd_bus_message_append(m, "{sv}", VFIOD_OPTION_DRIVER, "s", d->driver)) < 0)
                return r;
        if ((r = sd_bus_message_close_container(m)) < 0)
                return r;
        *ret = TAKE_PTR(m);
        return 0;
}
