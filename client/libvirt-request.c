/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <syslog.h>
#include <time.h>

#include "finding-ids.h"
#include "libvirt-request.h"
#include "names.h"
#include "util.h"

#define SPAWN "org.freedesktop.DBus.Error.Spawn."

/* The daemon's deadline comes before ours, so that it is its words that reach the person: it says that
 * the kernel hangs when its own slack is over, too, and the answer needs a moment. */
#define GRACE_USEC (2 * VFIOD_STUCK_SLACK_USEC)
#define SHORTEST_USEC UINT64_C(100000)
#define FIRST_PAUSE_USEC UINT64_C(100000)
#define LONGEST_PAUSE_USEC USEC_PER_SEC

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

static uint64_t time_left(uint64_t until) {
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

/* Returns: true if nothing came back; then nothing will for the next call. */
static bool is_silence(const sd_bus_error *error, int r) {
        return r == -ETIMEDOUT || sd_bus_error_has_name(error, SD_BUS_ERROR_NO_REPLY) ||
               !sd_bus_error_is_set(error);
}

static void tell_error(const HookRequest *q, const HostDevice *d, const char *what,
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

static int new_request(const HookRequest *q, const char *method, const HostDevice *d,
                       uint64_t left, sd_bus_message **ret) {
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

/* Returns: 1 if something has changed, 0 if not, or -errno with the error set. */
static int ask_once(const HookRequest *q, const char *method, const HostDevice *d, uint64_t until,
                    sd_bus_error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *request = NULL, *reply = NULL;
        uint64_t left = time_left(until);
        const char *result;
        int r;

        if ((r = new_request(q, method, d, left, &request)) < 0 ||
            (r = sd_bus_call(q->bus, request, left, error, &reply)) < 0 ||
            (r = sd_bus_message_read(reply, "so", &result, NULL)) < 0)
                return r;
        return streq(result, VFIOD_RESULT_DONE);
}

static void pause_usec(uint64_t usec) {
        const struct timespec t = {.tv_sec = (time_t) (usec / USEC_PER_SEC),
                                   .tv_nsec = (long) (usec % USEC_PER_SEC) * 1000};

        nanosleep(&t, NULL);
}

/* ask_once(), again while another job runs on the group: that of a guest that has just ended, more
 * often than not. For a release also while the guest's process is still going. */
static int call(const HookRequest *q, const char *method, const HostDevice *d, uint64_t until,
                sd_bus_error *error) {
        for (uint64_t pause = FIRST_PAUSE_USEC;; pause *= 2) {
                int r = ask_once(q, method, d, until, error);

                if (pause > LONGEST_PAUSE_USEC)
                        pause = LONGEST_PAUSE_USEC;
                if (r >= 0 || hook_now() + pause >= until ||
                    !(sd_bus_error_has_name(error, VFIOD_ERROR_BUSY) ||
                      (streq(method, "Release") &&
                       sd_bus_error_has_name(error, VFIOD_ERROR_IN_USE))))
                        return r;
                sd_bus_error_free(error);
                pause_usec(pause);
        }
}

/* Gives back what this run has moved, the last first. */
static void undo(const HookRequest *q, const bool moved[]) {
        for (size_t i = q->n_devices; i-- > 0;) {
                _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
                int r = moved[i] ? call(q, "Release", q->devices + i, q->undo_until, &error) : 0;

                if (r < 0)
                        tell_error(q, q->devices + i, "given back", &error, r);
        }
}

/* A refusal can have its cause in a device of this guest that is left to libvirt, which moves it
 * only afterwards. */
static void tell_of_managed(const HookRequest *q, const sd_bus_error *error) {
        for (size_t i = 0; error->message && i < q->n_devices; i++)
                if (q->devices[i].managed && strstr(error->message, q->devices[i].address))
                        q->tell(LOG_ERR, "%s has managed='yes' in this guest, so libvirt moves it, "
                                "and only later. Give all devices of an IOMMU group the same "
                                "managed=.", q->devices[i].address);
}

int hook_prepare_all(const HookRequest *q) {
        _cleanup_(freep) bool *moved = calloc(q->n_devices + 1, sizeof(bool));

        if (!moved)
                return -ENOMEM;
        for (size_t i = 0; i < q->n_devices; i++) {
                _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
                int r;

                if (q->devices[i].managed)
                        continue;
                r = call(q, "Prepare", q->devices + i, q->work_until, &error);
                if (r < 0) {
                        tell_error(q, q->devices + i, "prepared", &error, r);
                        tell_of_managed(q, &error);
                        undo(q, moved);
                        return r;
                }
                moved[i] = r > 0;
        }
        return 0;
}

int hook_release_all(const HookRequest *q) {
        int failed = 0;

        for (size_t i = 0; i < q->n_devices; i++) {
                _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
                int r = 0;

                if (!q->devices[i].managed)
                        r = call(q, "Release", q->devices + i, q->undo_until, &error);
                /* Somebody else's, or unplugged: nothing of ours is left on it. */
                if (r >= 0 || sd_bus_error_has_name(&error, VFIOD_ERROR_NOT_MANAGED) ||
                    sd_bus_error_has_name(&error, VFIOD_ERROR_NO_SUCH_DEVICE))
                        continue;
                tell_error(q, q->devices + i, "given back", &error, r);
                failed = r;
                if (is_silence(&error, r))
                        break;
        }
        return failed;
}
