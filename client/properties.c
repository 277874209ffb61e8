/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "names.h"
#include "properties.h"

#define SIGNATURE_FINDINGS "a" VFIOD_SIGNATURE_FINDING

char *text_clean(char *text) {
        for (unsigned char *p = (unsigned char *) text; p && *p; p++) {
                if (*p < 0x20 || *p == 0x7f)
                        *p = '?';
                else if (p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0)
                        p[0] = p[1] = '?'; /* U+0080 to U+009F: terminals obey these too */
                else if (p[0] == 0xe2 &&
                         ((p[1] == 0x80 && (p[2] == 0x8e || p[2] == 0x8f ||
                                            (p[2] >= 0xa8 && p[2] <= 0xae))) ||
                          (p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9)))
                        p[0] = p[1] = p[2] = '?'; /* break lines or turn their direction */
        }
        return text;
}

static int string_read(sd_bus_message *m, char type, char **ret) {
        const char *text;
        char *copy = NULL;
        int r;

        r = sd_bus_message_read_basic(m, type, &text);
        if (r < 0)
                return r;
        if (*text && !(type == 'o' && streq(text, "/"))) {
                copy = strdup(text);
                if (!copy)
                        return -ENOMEM;
        }
        free(*ret);
        *ret = text_clean(copy);
        return r;
}

static int strv_read(sd_bus_message *m, char type, char ***ret) {
        const char types[] = {type, 0};
        _cleanup_(strv_freep) char **strv = NULL;
        const char *text;
        int r;

        r = sd_bus_message_enter_container(m, 'a', types);
        if (r < 0)
                return r;
        strv = calloc(1, sizeof(char *));
        if (!strv)
                return -ENOMEM;
        while ((r = sd_bus_message_read_basic(m, type, &text)) > 0) {
                r = strv_append(&strv, text);
                if (r < 0)
                        return r;
                text_clean(strv[strv_length(strv) - 1]);
        }
        if (r < 0)
                return r;
        strv_free(*ret);
        *ret = TAKE_PTR(strv);
        return sd_bus_message_exit_container(m);
}

static int number_read(sd_bus_message *m, char type, int64_t *ret) {
        union {
                uint16_t q;
                uint32_t u;
                int32_t i;
        } value;
        int r;

        r = sd_bus_message_read_basic(m, type, &value);
        if (r < 0)
                return r;
        *ret = type == 'q' ? value.q : type == 'u' ? (int64_t) value.u : value.i;
        return 0;
}

static int bool_read(sd_bus_message *m, bool *ret) {
        int value, r;

        r = sd_bus_message_read_basic(m, 'b', &value);
        if (r >= 0)
                *ret = value;
        return r;
}

static int details_read(Finding *finding, sd_bus_message *m) {
        static const Field fields[] = {
                {"address", "s", offsetof(Finding, address)},
                {"class", "s", offsetof(Finding, class)},
                {NULL}
        };

        return properties_read(finding, fields, m);
}

int findings_read(FindingList *findings, sd_bus_message *m) {
        int r;

        findings_done(findings);
        r = sd_bus_message_enter_container(m, 'a', VFIOD_SIGNATURE_FINDING);
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(m, 'r', "sssassa{sv}")) > 0) {
                Finding *finding = array_grow(&findings->items, &findings->n, sizeof(Finding));

                if (!finding)
                        return -ENOMEM;
                if ((r = string_read(m, 's', &finding->id)) < 0 ||
                    (r = string_read(m, 's', &finding->severity)) < 0 ||
                    (r = string_read(m, 's', &finding->message)) < 0 ||
                    (r = strv_read(m, 's', &finding->evidence)) < 0 ||
                    (r = string_read(m, 's', &finding->remedy)) < 0 ||
                    (r = details_read(finding, m)) < 0 ||
                    (r = sd_bus_message_exit_container(m)) < 0)
                        return r;
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int blockers_read(BlockerList *blockers, sd_bus_message *m) {
        int r;

        r = sd_bus_message_enter_container(m, 'a', "(sss)");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(m, 'r', "sss")) > 0) {
                Blocker *blocker = array_grow(&blockers->items, &blockers->n, sizeof(Blocker));

                if (!blocker)
                        return -ENOMEM;
                if ((r = string_read(m, 's', &blocker->address)) < 0 ||
                    (r = string_read(m, 's', &blocker->driver)) < 0 ||
                    (r = string_read(m, 's', &blocker->reason)) < 0 ||
                    (r = sd_bus_message_exit_container(m)) < 0)
                        return r;
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int holders_read(HolderList *holders, sd_bus_message *m) {
        int r;

        r = sd_bus_message_enter_container(m, 'a', "(us)");
        if (r < 0)
                return r;
        holders->known = true;
        while ((r = sd_bus_message_enter_container(m, 'r', "us")) > 0) {
                Holder *holder = array_grow(&holders->items, &holders->n, sizeof(Holder));

                if (!holder)
                        return -ENOMEM;
                if ((r = sd_bus_message_read_basic(m, 'u', &holder->pid)) < 0 ||
                    (r = string_read(m, 's', &holder->command)) < 0 ||
                    (r = sd_bus_message_exit_container(m)) < 0)
                        return r;
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

/* Plan() answers steps of three strings, a job has the state as a fourth. */
static int steps_read_n(StepList *steps, sd_bus_message *m, bool with_state) {
        int r;

        steps_done(steps);
        r = sd_bus_message_enter_container(m, 'a', with_state ? "(ssss)" : "(sss)");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(m, 'r', with_state ? "ssss" : "sss")) > 0) {
                Step *step = array_grow(&steps->items, &steps->n, sizeof(Step));

                if (!step)
                        return -ENOMEM;
                if ((r = string_read(m, 's', &step->action)) < 0 ||
                    (r = string_read(m, 's', &step->address)) < 0 ||
                    (r = string_read(m, 's', &step->value)) < 0 ||
                    (with_state && (r = string_read(m, 's', &step->state)) < 0) ||
                    (r = sd_bus_message_exit_container(m)) < 0)
                        return r;
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

int steps_read(StepList *steps, sd_bus_message *m) {
        return steps_read_n(steps, m, false);
}

static int field_read(void *base, const Field *field, sd_bus_message *m) {
        void *place = (char *) base + field->offset;
        const char *signature = field->signature;

        if (streq(signature, "s") || streq(signature, "o"))
                return string_read(m, *signature, place);
        if (streq(signature, "as") || streq(signature, "ao"))
                return strv_read(m, signature[1], place);
        if (streq(signature, "b"))
                return bool_read(m, place);
        if (streq(signature, SIGNATURE_FINDINGS))
                return findings_read(place, m);
        if (streq(signature, "a(us)"))
                return holders_read(place, m);
        if (streq(signature, "a(sss)"))
                return blockers_read(place, m);
        if (streq(signature, "a(ssss)"))
                return steps_read_n(place, m, true);
        return number_read(m, *signature, place);
}

static const Field *field_find(const Field fields[], const char *name, const char *signature) {
        for (; fields->name; fields++)
                if (streq(fields->name, name))
                        return streq(fields->signature, signature) ? fields : NULL;
        return NULL;
}

int properties_read(void *base, const Field fields[], sd_bus_message *m) {
        const char *name, *contents;
        int r;

        r = sd_bus_message_enter_container(m, 'a', "{sv}");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                const Field *field;

                r = sd_bus_message_read(m, "s", &name);
                if (r < 0)
                        return r;
                r = sd_bus_message_peek_type(m, NULL, &contents);
                if (r < 0)
                        return r;
                field = field_find(fields, name, contents);
                if (!field)
                        r = sd_bus_message_skip(m, "v");
                else if ((r = sd_bus_message_enter_container(m, 'v', contents)) >= 0 &&
                         (r = field_read(base, field, m)) >= 0)
                        r = sd_bus_message_exit_container(m);
                if (r < 0)
                        return r;
                r = sd_bus_message_exit_container(m);
                if (r < 0)
                        return r;
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}
