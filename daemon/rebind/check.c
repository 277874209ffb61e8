/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rebind/check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool override_is_valid(const char *value) {
        return strlen(value) < 4096 && !strchr(value, '\n');
}

static bool text_equals(const Text *t, const char *value) {
        return t->fact == FACT_PRESENT && strcmp(t->value, value) == 0;
}

/* A bind to the recorded driver gives back, to another one takes; a device that had no driver is
 * not to get one from a release. */
static bool step_fits(const Transaction *t, const Step *s, const Managed *m) {
        bool release = t->kind == PLAN_RELEASE;

        switch (s->action) {
        case STEP_SET_OVERRIDE:
                return override_is_valid(s->value);
        case STEP_UNBIND:
                return driver_name_is_valid(s->value) &&
                       (release ? strcmp(s->value, m->moved_to) == 0
                                : text_equals(&m->driver, s->value));
        case STEP_BIND:
                return driver_name_is_valid(s->value) &&
                       (release ? text_equals(&m->driver, s->value)
                                : strcmp(s->value, m->moved_to) == 0);
        case STEP_PROBE:
                return release && m->driver.fact == FACT_UNKNOWN;
        case STEP_VERIFY:
                return strcmp(s->value, release ? text_or_empty(&m->driver) : m->moved_to) == 0;
        default:
                return false;
        }
}

/* Of what only a release does it need not be known what it had: the kernel chooses. */
static bool driver_is_valid(const Transaction *t, const Managed *m) {
        if (m->driver.fact == FACT_UNKNOWN)
                return t->kind == PLAN_RELEASE;
        return m->driver.fact == FACT_ABSENT || driver_name_is_valid(m->driver.value);
}

static bool member_is_valid(const Transaction *t, const Managed *m) {
        return driver_is_valid(t, m) && override_is_valid(text_or_empty(&m->driver_override)) &&
               (*m->moved_to == '\0' || driver_name_is_valid(m->moved_to));
}

int check_plan(const Transaction *t, char **ret_cause) {
        for (size_t i = 0; i < t->n_members; i++)
                if (!member_is_valid(t, &t->members[i]) ||
                    transaction_member(t, &t->members[i].address) != &t->members[i])
                        return cause_set(ret_cause, -EBADMSG,
                                         "member %zu of the plan makes no sense", i);
        for (size_t i = 0; i < t->n_steps; i++) {
                const Step *s = &t->steps[i];
                const Managed *m = transaction_member(t, &s->address);
                bool fits = s->action == STEP_LOAD_MODULE ? module_name_is_valid(s->value)
                                                          : m && step_fits(t, s, m);

                if (!fits)
                        return cause_set(ret_cause, -EBADMSG, "step %zu of the plan makes no sense",
                                         i);
        }
        return 0;
}

static int unreadable(const char *address, const char *what, int error, char **ret_cause) {
        char words[ERROR_WORDS_MAX];

        if (error == -ENODEV)
                return cause_set(ret_cause, error, "%s is not there any more", address);
        return cause_set(ret_cause, error, "the %s of %s could not be read (%s)", what, address,
                         error_words(error, words));
}

int check_identity(const Backend *b, const Transaction *t, const Managed *m, char **ret_cause) {
        char address[ADDRESS_TEXT_MAX];
        Identity now;
        unsigned group;
        int r;

        address_format(&m->address, address);
        r = b->read_ids(b->userdata, &m->address, &now);
        if (r < 0)
                return unreadable(address, "identity", r, ret_cause);
        if (now.vendor_id != m->vendor_id || now.device_id != m->device_id ||
            now.subsystem_vendor_id != m->subsystem_vendor_id ||
            now.subsystem_device_id != m->subsystem_device_id || now.class_code != m->class_code)
                return cause_set(ret_cause, -ENODEV,
                                 "%s is another device now (%04x:%04x instead of %04x:%04x)",
                                 address, now.vendor_id, now.device_id, m->vendor_id, m->device_id);
        r = b->read_group(b->userdata, &m->address, &group);
        if (r < 0)
                return unreadable(address, "IOMMU group", r, ret_cause);
        if (group != t->group)
                return cause_set(ret_cause, -EXDEV, "%s is in IOMMU group %u now instead of %u",
                                 address, group, t->group);
        return 0;
}

/* Returns: 0 if both texts are the same, else -ESTALE with the cause. Frees now. */
static int compare(Text *now, const Text *was, const char *address, const char *what,
                   char **ret_cause) {
        int r = 0;

        if (!text_equal(now, was))
                r = cause_set(ret_cause, -ESTALE, "%s has %s %s now instead of %s", address, what,
                              now->value ? now->value : "none", was->value ? was->value : "none");
        text_unset(now, FACT_UNKNOWN);
        return r;
}

static int check_member(const Backend *b, const Managed *m, Progress progress, char **ret_cause) {
        char address[ADDRESS_TEXT_MAX];
        Text now;
        int r;

        address_format(&m->address, address);
        r = b->read_driver(b->userdata, &m->address, &now);
        if (r < 0)
                return unreadable(address, "driver", r, ret_cause);
        if (progress != PROGRESS_NONE && *m->moved_to && text_is(&now, m->moved_to)) {
                text_unset(&now, FACT_UNKNOWN);
                r = 0;
        } else
                r = compare(&now, &m->driver, address, "driver", ret_cause);
        if (r < 0 || progress == PROGRESS_BEGUN)
                return r;
        r = b->read_override(b->userdata, &m->address, &now);
        if (r < 0)
                return unreadable(address, "driver_override", r, ret_cause);
        return compare(&now, &m->driver_override, address, "driver_override", ret_cause);
}

int check_unchanged(const Backend *b, const Transaction *t, Progress progress, char **ret_cause) {
        for (size_t i = 0; i < t->n_members; i++) {
                int r = check_identity(b, t, &t->members[i], ret_cause);

                if (r == 0)
                        r = check_member(b, &t->members[i], progress, ret_cause);
                if (r < 0)
                        return r;
        }
        return 0;
}

int check_drivers(const Backend *b, const Transaction *t, char **ret_cause) {
        char words[ERROR_WORDS_MAX];

        for (size_t i = 0; i < t->n_steps; i++) {
                const Step *s = &t->steps[i];
                int r;

                if (s->action != STEP_BIND)
                        continue;
                r = b->has_driver(b->userdata, s->value);
                if (r < 0)
                        return cause_set(ret_cause, r, "the drivers could not be read (%s)",
                                         error_words(r, words));
                if (r == 0)
                        return cause_set(ret_cause, -ENOENT, "there is no PCI driver %s",
                                         s->value);
        }
        return 0;
}

bool driver_is_back(const Managed *m, const Text *now) {
        return m->driver.fact == FACT_UNKNOWN ? !text_is(now, m->moved_to)
                                              : text_equal(now, &m->driver);
}

/* Says what is not as it was, if anything. Returns: 0 or -errno of reading. */
static int describe(const Backend *b, const Managed *m, const char *address, FILE *f) {
        const char *separator = ftell(f) > 0 ? ", " : "";
        Text driver, override;
        int r;

        r = b->read_driver(b->userdata, &m->address, &driver);
        if (r < 0)
                return r;
        r = b->read_override(b->userdata, &m->address, &override);
        if (r == 0 && !driver_is_back(m, &driver)) {
                fprintf(f, "%s%s is bound to %s (%s%s)", separator, address, driver_words(&driver),
                        m->driver.fact == FACT_UNKNOWN ? "as before" : "was ",
                        m->driver.fact == FACT_UNKNOWN ? "" : driver_words(&m->driver));
                separator = ", ";
        }
        if (r == 0 && !text_equal(&override, &m->driver_override))
                fprintf(f, "%s%s has driver_override %s (was %s)", separator, address,
                        override.value ? override.value : "none",
                        m->driver_override.value ? m->driver_override.value : "none");
        text_unset(&driver, FACT_UNKNOWN);
        if (r == 0)
                text_unset(&override, FACT_UNKNOWN);
        return r;
}

/* Returns: true if the recorded device is gone. */
static bool describe_member(const Backend *b, const Transaction *t, const Managed *m, FILE *f) {
        char address[ADDRESS_TEXT_MAX], words[ERROR_WORDS_MAX], *cause;
        int r;

        address_format(&m->address, address);
        r = check_identity(b, t, m, &cause);
        if (r < 0)
                free(cause);
        if (r == 0 || r == -EXDEV)
                r = describe(b, m, address, f);
        /* What is gone took its binding and its override along. */
        if (r < 0 && r != -ENODEV)
                fprintf(f, "%s%s could not be read back (%s)", ftell(f) > 0 ? ", " : "", address,
                        error_words(r, words));
        return r == -ENODEV;
}

int check_restored(const Backend *b, const Transaction *t, char **ret_left, bool *ret_gone) {
        char *text = NULL;
        bool gone = false;
        size_t size;
        FILE *f;

        f = open_memstream(&text, &size);
        if (!f)
                return -ENOMEM;
        for (size_t i = 0; i < t->n_members; i++)
                gone |= describe_member(b, t, &t->members[i], f);
        if (fclose(f) != 0) {
                free(text);
                return -ENOMEM;
        }
        if (size == 0) {
                free(text);
                text = NULL;
        }
        *ret_left = text;
        *ret_gone = gone;
        return 0;
}
