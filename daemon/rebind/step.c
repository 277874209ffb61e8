/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rebind/step.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rebind/check.h"
#include "rebind/fault.h"

/* An error of ours: the kernel said yes and did otherwise. */
#define READ_BACK_DIFFERS (-EBADE)

const Managed *transaction_member(const Transaction *t, const Address *a) {
        for (size_t i = 0; i < t->n_members; i++)
                if (address_compare(&t->members[i].address, a) == 0)
                        return &t->members[i];
        return NULL;
}

static int cannot_read(const char *address, const char *what, int error, char **ret_cause) {
        char words[ERROR_WORDS_MAX];

        if (error == -ENODEV)
                return cause_set(ret_cause, error, "%s is not there any more", address);
        return cause_set(ret_cause, error, "the %s of %s could not be read (%s)", what, address,
                         error_words(error, words));
}

/* Returns: 0 and the driver, or -errno and the cause. */
static int get_driver(StepRun *run, const Address *a, const char *address, Text *ret,
                      char **ret_cause) {
        int r = run->backend->read_driver(run->backend->userdata, a, ret);

        return r < 0 ? cannot_read(address, "driver", r, ret_cause) : 0;
}

/* Whether what is at the address now is the recorded device: asked before every write, for a device
 * can be replaced at any moment. Returns: as check_identity(). */
static int check_target(const StepRun *run, const Address *a, char **ret_cause) {
        const Transaction *t = run->transaction;
        const Managed *m = transaction_member(t, a);
        int r;

        if (!m)
                return cause_set(ret_cause, -EBADMSG, "the step is about no member");
        r = check_identity(run->backend, t, m, ret_cause);
        /* In a rollback the group may be what failed: the binding is ours all the same. */
        if (r == -EXDEV && run->giving_back && t->kind == PLAN_PREPARE) {
                free(*ret_cause);
                *ret_cause = NULL;
                r = 0;
        }
        return r;
}

static int wrote(StepRun *run, int r) {
        if (r == 0)
                run->written = true;
        return r;
}

/* The modules stay: nothing changes for a device by them, and nobody can tell whose they are. */
static int run_load_module(StepRun *run, const Step *steps, size_t index, char **ret_cause) {
        const char *module = steps[index].value;
        char words[ERROR_WORDS_MAX];
        int r;

        r = run->backend->load_module(run->backend->userdata, module);
        if (r < 0)
                return cause_set(ret_cause, r, "the module %s could not be loaded (%s)", module,
                                 r == -ENOENT ? "modprobe failed: not there, or it refused"
                                              : error_words(r, words));
        return check_drivers(run->backend, run->transaction, ret_cause);
}

static int check_override(StepRun *run, const Address *a, const char *address, const char *value,
                          char **ret_cause) {
        Text override;
        int r;

        r = run->backend->read_override(run->backend->userdata, a, &override);
        if (r < 0)
                return cannot_read(address, "driver_override", r, ret_cause);
        if (strcmp(text_or_empty(&override), value) != 0)
                r = cause_set(ret_cause, READ_BACK_DIFFERS,
                              "the driver_override of %s is %s instead of %s", address,
                              override.value ? override.value : "none", *value ? value : "none");
        text_unset(&override, FACT_UNKNOWN);
        return r;
}

/* After an override was written: a device that took the address just before must not keep it. */
static int keep_override(StepRun *run, const Step *s, char **ret_cause) {
        Text override;
        int r = check_target(run, &s->address, ret_cause);

        if (r != -ENODEV || !*s->value ||
            run->backend->read_override(run->backend->userdata, &s->address, &override) < 0)
                return r;
        if (text_is(&override, s->value))
                (void) run->backend->write_override(run->backend->userdata, &s->address, "");
        text_unset(&override, FACT_UNKNOWN);
        return r;
}

static int run_set_override(StepRun *run, const Step *s, const char *address, char **ret_cause) {
        char words[ERROR_WORDS_MAX];
        int r;

        r = check_target(run, &s->address, ret_cause);
        if (r < 0)
                return r;
        run->attempted = true;
        fault_point("before-set-override");
        r = wrote(run, run->backend->write_override(run->backend->userdata, &s->address, s->value));
        fault_point("after-set-override");
        if (r < 0)
                return cause_set(ret_cause, r, "the driver_override of %s could not be set (%s)",
                                 address, error_words(r, words));
        r = keep_override(run, s, ret_cause);
        return r < 0 ? r : check_override(run, &s->address, address, s->value, ret_cause);
}

/* Takes a driver that was read. Returns: 0 if it is the wanted one ("" for none). */
static int check_driver(Text *driver, const char *address, const char *wanted, char **ret_cause) {
        int r = 0;

        if (strcmp(text_or_empty(driver), wanted) != 0)
                r = cause_set(ret_cause, READ_BACK_DIFFERS, "%s is bound to %s instead of %s",
                              address, driver_words(driver), *wanted ? wanted : "no driver");
        text_unset(driver, FACT_UNKNOWN);
        return r;
}

static int run_unbind(StepRun *run, const Step *s, const char *address, char **ret_cause) {
        const Managed *m = transaction_member(run->transaction, &s->address);
        char words[ERROR_WORDS_MAX];
        Text driver = { 0 };
        int r;

        r = check_target(run, &s->address, ret_cause);
        if (r == 0)
                r = get_driver(run, &s->address, address, &driver, ret_cause);
        if (r < 0 || driver.fact == FACT_ABSENT)
                return r;
        /* Not moved yet when the rollback began, or given back by somebody else. */
        if (run->giving_back && m && driver_is_back(m, &driver) && !text_is(&driver, s->value)) {
                text_unset(&driver, FACT_UNKNOWN);
                return 0;
        }
        r = check_driver(&driver, address, s->value, ret_cause);
        if (r < 0)
                return r;
        run->attempted = true;
        fault_point("before-unbind");
        r = wrote(run, run->backend->unbind(run->backend->userdata, &s->address, s->value));
        fault_point("after-unbind");
        if (r < 0)
                return cause_set(ret_cause, r, "%s could not be unbound from %s (%s)", address,
                                 s->value, error_words(r, words));
        r = get_driver(run, &s->address, address, &driver, ret_cause);
        return r < 0 ? r : check_driver(&driver, address, "", ret_cause);
}

static const char *bind_reason(int error) {
        switch (error) {
        case -ENOENT:
                return "there is no such driver";
        case -EBUSY:
                return "it is taken already, its group is in use, or it has virtual functions";
        case -EAGAIN:
                return "the driver waits for another device";
        case -ENODEV: /* before 5.15 this stands for every error of a probe */
                return "the driver does not take it, or refused it without saying why";
        default:
                return "the driver refused it";
        }
}

static int run_bind(StepRun *run, const Step *s, const char *address, char **ret_cause) {
        char words[ERROR_WORDS_MAX];
        Text driver = { 0 };
        int r;

        r = check_target(run, &s->address, ret_cause);
        if (r == 0)
                r = get_driver(run, &s->address, address, &driver, ret_cause);
        if (r < 0)
                return r;
        /* Loading a module binds what an override has pointed at it, for instance. */
        if (driver.fact == FACT_PRESENT)
                return check_driver(&driver, address, s->value, ret_cause);
        run->attempted = true;
        fault_point("before-bind");
        r = wrote(run, run->backend->bind(run->backend->userdata, &s->address, s->value));
        fault_point("after-bind");
        if (r < 0)
                return cause_set(ret_cause, r, "%s could not be bound to %s: %s (%s)", address,
                                 s->value, bind_reason(r), error_words(r, words));
        r = get_driver(run, &s->address, address, &driver, ret_cause);
        return r < 0 ? r : check_driver(&driver, address, s->value, ret_cause);
}

/* Takes a driver that was read. Returns: 0 if the kernel chose another than the member was on. */
static int check_chosen(Text *driver, const char *address, const Managed *m, char **ret_cause) {
        int r = 0;

        if (!driver_is_back(m, driver))
                r = cause_set(ret_cause, READ_BACK_DIFFERS,
                              "the kernel has given %s to %s again, which must have been told its "
                              "ids (ids= or new_id)", address, m->moved_to);
        text_unset(driver, FACT_UNKNOWN);
        return r;
}

static int run_probe(StepRun *run, const Step *s, const char *address, char **ret_cause) {
        const Managed *m = transaction_member(run->transaction, &s->address);
        char words[ERROR_WORDS_MAX];
        Text driver = { 0 };
        int r;

        r = check_target(run, &s->address, ret_cause);
        if (r < 0)
                return r;
        run->attempted = true;
        fault_point("before-probe");
        r = wrote(run, run->backend->probe(run->backend->userdata, &s->address));
        fault_point("after-probe");
        if (r < 0)
                return cause_set(ret_cause, r, "%s could not be probed (%s)", address,
                                 error_words(r, words));
        /* The write succeeds also if no driver took the device. */
        r = get_driver(run, &s->address, address, &driver, ret_cause);
        if (r < 0)
                return r;
        if (m && m->driver.fact == FACT_UNKNOWN)
                return check_chosen(&driver, address, m, ret_cause);
        return check_driver(&driver, address, text_or_empty(&m->driver), ret_cause);
}

/* What the override of the step's device should be by now; NULL: not set by any step. */
static const char *expected_override(const Step *steps, size_t index) {
        for (size_t i = index; i-- > 0;)
                if (steps[i].action == STEP_SET_OVERRIDE &&
                    address_compare(&steps[i].address, &steps[index].address) == 0)
                        return steps[i].value;
        return NULL;
}

static int run_verify(StepRun *run, const Step *steps, size_t index, const char *address,
                      char **ret_cause) {
        const Step *s = &steps[index];
        const char *override = expected_override(steps, index);
        Text driver = { 0 };
        unsigned group;
        int r;

        r = get_driver(run, &s->address, address, &driver, ret_cause);
        if (r == 0)
                r = check_driver(&driver, address, s->value, ret_cause);
        if (r < 0)
                return r;
        r = run->backend->read_group(run->backend->userdata, &s->address, &group);
        if (r < 0)
                return cannot_read(address, "IOMMU group", r, ret_cause);
        if (group != run->transaction->group)
                return cause_set(ret_cause, READ_BACK_DIFFERS,
                                 "%s is in IOMMU group %u now instead of %u", address, group,
                                 run->transaction->group);
        return override ? check_override(run, &s->address, address, override, ret_cause) : 0;
}

int step_run(StepRun *run, const Step *steps, size_t index, char **ret_cause) {
        const Step *s = &steps[index];
        char address[ADDRESS_TEXT_MAX];

        address_format(&s->address, address);
        switch (s->action) {
        case STEP_LOAD_MODULE:
                return run_load_module(run, steps, index, ret_cause);
        case STEP_SET_OVERRIDE:
                return run_set_override(run, s, address, ret_cause);
        case STEP_UNBIND:
                return run_unbind(run, s, address, ret_cause);
        case STEP_BIND:
                return run_bind(run, s, address, ret_cause);
        case STEP_PROBE:
                return run_probe(run, s, address, ret_cause);
        case STEP_VERIFY:
                return run_verify(run, steps, index, address, ret_cause);
        }
        return cause_set(ret_cause, -EBADMSG, "there is no such step");
}
