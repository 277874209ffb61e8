/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "names.h"
#include "properties.h"

void steps_done(StepList *steps) {
        for (size_t i = 0; i < steps->n; i++) {
                free(steps->items[i].action);
                free(steps->items[i].address);
                free(steps->items[i].value);
                free(steps->items[i].state);
        }
        free(steps->items);
        *steps = (StepList){0};
}

static void finding_done(Finding *finding) {
        free(finding->id);
        free(finding->severity);
        free(finding->message);
        strv_free(finding->evidence);
        free(finding->remedy);
        free(finding->address);
        free(finding->class);
}

void findings_done(FindingList *findings) {
        for (size_t i = 0; i < findings->n; i++)
                finding_done(findings->items + i);
        free(findings->items);
        *findings = (FindingList){0};
}

static void blockers_done(BlockerList *blockers) {
        for (size_t i = 0; i < blockers->n; i++) {
                free(blockers->items[i].address);
                free(blockers->items[i].driver);
                free(blockers->items[i].reason);
        }
        free(blockers->items);
        *blockers = (BlockerList){0};
}

static void holders_done(HolderList *holders) {
        for (size_t i = 0; i < holders->n; i++)
                free(holders->items[i].command);
        free(holders->items);
        *holders = (HolderList){0};
}

void properties_done(void *base, const Field fields[]) {
        for (; fields->name; fields++) {
                void *place = (char *) base + fields->offset;
                const char *signature = fields->signature;

                if (streq(signature, "s") || streq(signature, "o")) {
                        free(*(char **) place);
                        *(char **) place = NULL;
                } else if (streq(signature, "as") || streq(signature, "ao"))
                        strv_freep(place);
                else if (streq(signature, "a" VFIOD_SIGNATURE_FINDING))
                        findings_done(place);
                else if (streq(signature, "a(us)"))
                        holders_done(place);
                else if (streq(signature, "a(sss)"))
                        blockers_done(place);
                else if (streq(signature, "a(ssss)"))
                        steps_done(place);
        }
}

static int copy(char **ret, const char *text) {
        *ret = text ? strdup(text) : NULL;
        return text && !*ret ? -ENOMEM : 0;
}

int steps_merge(StepList *steps, const Step *step) {
        Step *added;

        for (size_t i = 0; i < steps->n; i++) {
                const Step *s = steps->items + i;

                if (streq(s->action, step->action) && streq(s->address, step->address) &&
                    streq(s->value, step->value) && streq(s->state, step->state))
                        return 0;
        }
        added = array_grow(&steps->items, &steps->n, sizeof(Step));
        if (!added || copy(&added->action, step->action) < 0 ||
            copy(&added->address, step->address) < 0 || copy(&added->value, step->value) < 0 ||
            copy(&added->state, step->state) < 0)
                return -ENOMEM;
        return 0;
}

int findings_merge(FindingList *findings, const Finding *finding) {
        Finding *added;

        for (size_t i = 0; i < findings->n; i++) {
                const Finding *f = findings->items + i;

                if (streq(f->id, finding->id) && streq(f->address, finding->address) &&
                    streq(f->message, finding->message))
                        return 0;
        }
        added = array_grow(&findings->items, &findings->n, sizeof(Finding));
        if (!added || copy(&added->id, finding->id) < 0 ||
            copy(&added->severity, finding->severity) < 0 ||
            copy(&added->message, finding->message) < 0 ||
            copy(&added->remedy, finding->remedy) < 0 ||
            copy(&added->address, finding->address) < 0 || copy(&added->class, finding->class) < 0)
                return -ENOMEM;
        /* Known and empty is another thing than not known. */
        if (finding->evidence && !(added->evidence = calloc(1, sizeof(char *))))
                return -ENOMEM;
        for (char **line = finding->evidence; line && *line; line++)
                if (strv_append(&added->evidence, *line) < 0)
                        return -ENOMEM;
        return 0;
}
