/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "action-names.h"
#include "names.h"
#include "objects.h"
#include "utf8.h"

static const char *kind_text(const Transaction *t) {
        if (!t)
                return "";
        return t->kind == PLAN_RELEASE ? JOB_KIND_RELEASE : JOB_KIND_PREPARE;
}

static const char *step_state_text(StepState state) {
        switch (state) {
        case STEP_STATE_PENDING:
                return STEP_PENDING;
        case STEP_STATE_RUNNING:
                return STEP_RUNNING;
        case STEP_STATE_DONE:
                return STEP_DONE;
        case STEP_STATE_FAILED:
                return STEP_FAILED;
        case STEP_STATE_UNDONE:
                return STEP_UNDONE;
        }
        return "";
}

static int append_address(sd_bus_message *reply, const Transaction *t) {
        char text[ADDRESS_TEXT_MAX] = "";

        if (t)
                address_format(&t->address, text);
        return sd_bus_message_append_basic(reply, 's', text);
}

static int append_steps(sd_bus_message *reply, const Transaction *t) {
        int e = sd_bus_message_open_container(reply, 'a', "(ssss)");

        for (size_t i = 0; e >= 0 && t && i < t->n_steps; i++) {
                const Step *s = &t->steps[i];
                char address[ADDRESS_TEXT_MAX];

                e = sd_bus_message_append(reply, "(ssss)", action_text(s->action),
                                          s->action == STEP_LOAD_MODULE ?
                                                  "" : address_format(&s->address, address),
                                          s->value, step_state_text(t->states[i]));
        }
        return e < 0 ? e : sd_bus_message_close_container(reply);
}

BUS_GETTER(get_kind, Job, bus_append_text(reply, kind_text(o->transaction)))
BUS_GETTER(get_address, Job, append_address(reply, o->transaction))
BUS_GETTER(get_state, Job, bus_append_text(reply, o->state))
BUS_GETTER(get_steps, Job, append_steps(reply, o->transaction))

static int find(sd_bus *connection, const char *path, const char *interface, void *userdata,
                void **ret_found, sd_bus_error *error) {
        const Bus *b = userdata;
        Job *const *jobs;
        unsigned id;
        size_t n;

        if (!bus_path_number(path, VFIOD_PATH_JOBS, &id))
                return 0;
        jobs = b->handlers.jobs(b->userdata, &n);
        for (size_t i = 0; i < n; i++)
                if (jobs[i]->id == id) {
                        *ret_found = jobs[i];
                        return 1;
                }
        return 0;
}

static int enumerate(sd_bus *connection, const char *prefix, void *userdata, char ***ret_nodes,
                     sd_bus_error *error) {
        const Bus *b = userdata;
        size_t n = 0;
        Job *const *jobs = b->handlers.jobs(b->userdata, &n);
        char **paths = calloc(n + 1, sizeof(*paths));

        if (!paths)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                char path[BUS_PATH_MAX];

                paths[i] = strdup(bus_job_path(jobs[i]->id, path));
                if (!paths[i]) {
                        names_free(paths, i);
                        return -ENOMEM;
                }
        }
        *ret_nodes = paths;
        return 0;
}

#define CONST SD_BUS_VTABLE_PROPERTY_CONST
#define EMITS SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("Kind", "s", get_kind, 0, CONST),
        SD_BUS_PROPERTY("Address", "s", get_address, 0, CONST),
        SD_BUS_PROPERTY("State", "s", get_state, 0, EMITS),
        SD_BUS_PROPERTY("Steps", "a(ssss)", get_steps, 0, EMITS),
        SD_BUS_VTABLE_END
};

const BusObject bus_object_job = {
        .path = VFIOD_PATH_JOBS,
        .interface = VFIOD_INTERFACE_JOB,
        .vtable = vtable,
        .find = find,
        .enumerate = enumerate,
};
