/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <syslog.h>

#include "libvirt-call.h"
#include "names.h"

#define FIRST_PAUSE_USEC UINT64_C(100000)
#define LONGEST_PAUSE_USEC USEC_PER_SEC

/* What is asked for one device, until there is an answer that stands. */
typedef struct Ask {
        const HostDevice *device;
        sd_bus_slot *slot;     /* the call under way, or NULL */
        uint64_t again, pause; /* when to ask again if there is none, and how long to wait then */
        bool ended;
        int r; /* 1 if something has changed, 0 if not, or -errno with the error set */
        sd_bus_error error;
} Ask;

/* Some devices, asked for at the same time: one that hangs keeps no other from being asked for. */
typedef struct Round {
        const HookRequest *q;
        const char *method;
        uint64_t until;
        Ask *asks;
        size_t n;
} Round;

static void end_ask(Ask *a, int r) {
        a->ended = true;
        a->r = r;
        if (r < 0 && !sd_bus_error_is_set(&a->error))
                sd_bus_error_set_errno(&a->error, r);
}

/* It is over soon by itself: most often a job for a guest that has just ended, or, for a release,
 * the guest's process that is still going. Not everybody may have all asked at once, either. */
static bool is_passing(const Round *round, const sd_bus_error *error) {
        return sd_bus_error_has_names(error, VFIOD_ERROR_BUSY, SD_BUS_ERROR_LIMITS_EXCEEDED) ||
               (streq(round->method, "Release") &&
                sd_bus_error_has_name(error, VFIOD_ERROR_IN_USE));
}

static int on_answer(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        Ask *a = userdata;
        const char *result;
        int r;

        a->slot = sd_bus_slot_unref(a->slot);
        if (sd_bus_message_is_method_error(m, NULL))
                r = sd_bus_error_copy(&a->error, sd_bus_message_get_error(m));
        else if ((r = sd_bus_message_read(m, "so", &result, NULL)) >= 0)
                r = streq(result, VFIOD_RESULT_DONE);
        end_ask(a, r);
        return 0;
}

static void ask(const Round *round, Ask *a) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        a->again = 0;
        a->ended = false;
        sd_bus_error_free(&a->error);
        r = hook_new_call(round->q, round->method, a->device, hook_time_left(round->until), &m);
        if (r >= 0)
                r = sd_bus_call_async(round->q->bus, &a->slot, m, on_answer, a, UINT64_MAX);
        if (r < 0)
                end_ask(a, r);
}

/* Takes an answer that does not stand for none. */
static void plan_again(const Round *round, Ask *a, uint64_t now) {
        if (!a->ended || a->r >= 0 || now + a->pause >= round->until ||
            !is_passing(round, &a->error))
                return;
        a->ended = false;
        a->again = now + a->pause;
        a->pause = a->pause < LONGEST_PAUSE_USEC / 2 ? 2 * a->pause : LONGEST_PAUSE_USEC;
}

/* Asks for what is to be asked for now. Returns: when there is something to do next, if no answer
 * comes before; 0 if all have ended. */
static uint64_t ask_due(Round *round) {
        uint64_t now = hook_now(), next = 0;

        for (size_t i = 0; i < round->n; i++) {
                Ask *a = round->asks + i;

                if (a->again > 0 && a->again <= now)
                        ask(round, a);
                plan_again(round, a, now);
                if (!a->ended && (next == 0 || (a->again > 0 && a->again < next)))
                        next = a->again > 0 ? a->again : round->until;
        }
        return next;
}

/* Asks for all of them, and waits for the answers while there is time. */
static void run_round(Round *round) {
        uint64_t next;
        int r = 0;

        /* Where there is no time left they are asked all the same. */
        round->until = hook_now() + hook_time_left(round->until);
        for (size_t i = 0; i < round->n; i++) {
                round->asks[i].pause = FIRST_PAUSE_USEC;
                ask(round, round->asks + i);
        }
        while (r >= 0 && (next = ask_due(round)) > 0 && hook_now() < round->until) {
                r = sd_bus_process(round->q->bus, NULL);
                if (r == 0)
                        r = sd_bus_wait(round->q->bus, next > hook_now() ? next - hook_now() : 0);
                if (r == -EINTR)
                        r = 0;
        }
        for (size_t i = 0; i < round->n; i++) {
                round->asks[i].slot = sd_bus_slot_unref(round->asks[i].slot);
                if (!round->asks[i].ended)
                        end_ask(round->asks + i, r < 0 ? r : -ETIMEDOUT);
        }
}

/* Has devices given back and tells of each that cannot be. Returns: 0 or -errno. */
static int release(const HookRequest *q, Ask *asks, size_t n) {
        Round round = {.q = q, .method = "Release", .until = q->undo_until, .asks = asks, .n = n};
        int failed = 0;

        run_round(&round);
        for (size_t i = 0; i < n; i++) {
                sd_bus_error *error = &asks[i].error;

                /* Somebody else's, or unplugged: nothing of ours is left on it. */
                if (asks[i].r < 0 && !sd_bus_error_has_names(error, VFIOD_ERROR_NOT_MANAGED,
                                                             VFIOD_ERROR_NO_SUCH_DEVICE)) {
                        hook_tell_error(q, asks[i].device, "given back", error, asks[i].r);
                        failed = asks[i].r;
                }
                sd_bus_error_free(error);
        }
        return failed;
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

/* Prepares one device. Returns: 1 if something has changed, 0 if not, or -errno; the person was
 * told. */
static int prepare(const HookRequest *q, const HostDevice *d) {
        Ask one = {.device = d};
        Round round = {.q = q, .method = "Prepare", .until = q->work_until, .asks = &one, .n = 1};

        run_round(&round);
        if (one.r < 0) {
                hook_tell_error(q, d, "prepared", &one.error, one.r);
                tell_of_managed(q, &one.error);
        }
        sd_bus_error_free(&one.error);
        return one.r;
}

int hook_prepare_all(const HookRequest *q) {
        _cleanup_(freep) Ask *moved = calloc(q->n_devices + 1, sizeof(Ask));
        Ask *first; /* what moved last is given back first */

        if (!moved)
                return -ENOMEM;
        first = moved + q->n_devices;
        for (size_t i = 0; i < q->n_devices; i++) {
                int r = q->devices[i].managed ? 0 : prepare(q, q->devices + i);

                if (r < 0) {
                        (void) release(q, first, (size_t) (moved + q->n_devices - first));
                        return r;
                }
                if (r > 0)
                        (--first)->device = q->devices + i;
        }
        return 0;
}

int hook_release_all(const HookRequest *q) {
        _cleanup_(freep) Ask *asks = calloc(q->n_devices + 1, sizeof(Ask));
        size_t n = 0;

        if (!asks)
                return -ENOMEM;
        for (size_t i = 0; i < q->n_devices; i++)
                if (!q->devices[i].managed)
                        asks[n++].device = q->devices + i;
        return release(q, asks, n);
}
