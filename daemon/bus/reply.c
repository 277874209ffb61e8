/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "bench.h"
#include "objects.h"
#include "utf8.h"

/* A caller, or the bus itself, that is gone has no need of an answer. */
static int forgive_absence(int error) {
        switch (error) {
        case -ENOTCONN:
        case -ECONNRESET:
        case -EPIPE:
        case -ESHUTDOWN:
                return 0;
        default:
                return error < 0 ? error : 0;
        }
}

int bus_work_begin(Bus *b, sd_bus_message *m) {
        int e = gate_work_begin(b->gate, m);

        if (e >= 0)
                bench_deferred(m);
        return e;
}

/* An answer is on its way, or there will be none. */
static void end_work(sd_bus_message *m) {
        const Bus *b = bus_of(sd_bus_message_get_bus(m));

        bench_answered(m);
        if (b)
                gate_work_end(b->gate, m);
}

int bus_work_begun(sd_bus_message *m, int result) {
        if (result < 0)
                end_work(m);
        return result;
}

/* Returns: whether the caller may see the private parts of the answer. */
static bool caller_sees(sd_bus_message *m) {
        const Bus *b = bus_of(sd_bus_message_get_bus(m));

        return b && gate_sees(b->gate, m);
}

static int append_steps(sd_bus_message *m, const Plan *plan) {
        int e = sd_bus_message_open_container(m, 'a', "(sss)");

        for (size_t i = 0; e >= 0 && i < plan->n_steps; i++) {
                const Step *s = &plan->steps[i];
                char address[ADDRESS_TEXT_MAX];

                e = sd_bus_message_append(m, "(sss)", action_text(s->action),
                                          s->action == STEP_LOAD_MODULE ?
                                                  "" : address_format(&s->address, address),
                                          s->value);
        }
        return e < 0 ? e : sd_bus_message_close_container(m);
}

int bus_reply_plan(sd_bus_message *m, const Plan *plan) {
        sd_bus_message *reply = NULL;
        int e = sd_bus_message_new_method_return(m, &reply);

        if (e >= 0)
                e = append_steps(reply, plan);
        if (e >= 0)
                e = bus_append_findings(reply, &plan->findings, caller_sees(m));
        if (e >= 0)
                e = sd_bus_send(NULL, reply, NULL);
        sd_bus_message_unref(reply);
        end_work(m);
        return forgive_absence(e);
}

int bus_reply_result(sd_bus_message *m, const char *result, unsigned job_id) {
        char path[BUS_PATH_MAX];
        int e = sd_bus_reply_method_return(m, "so", result,
                                           job_id == 0 ? "/" : bus_job_path(job_id, path));

        end_work(m);
        return forgive_absence(e);
}

int bus_reply_error(sd_bus_message *m, const char *name, const char *message) {
        sd_bus_message *reply = NULL;
        int e = sd_bus_message_new_method_error(m, &reply, &SD_BUS_ERROR_MAKE_CONST(name, NULL));

        if (e == -EINVAL) /* no valid name: the caller must not wait for ever because of that */
                e = sd_bus_message_new_method_error(
                        m, &reply, &SD_BUS_ERROR_MAKE_CONST(SD_BUS_ERROR_FAILED, NULL));
        if (e >= 0)
                e = bus_append_seen(reply, message, caller_sees(m));
        if (e >= 0)
                e = sd_bus_send(NULL, reply, NULL);
        sd_bus_message_unref(reply);
        end_work(m);
        return forgive_absence(e);
}

int bus_reply_empty(sd_bus_message *m) {
        int e = sd_bus_reply_method_return(m, NULL);

        end_work(m);
        return forgive_absence(e);
}
