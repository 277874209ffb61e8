/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sources/probe-child.h"
#include "sources/probe.h"
#include "sources/uses.h"

/* Between what a look finds and the lines of a probe. */

/* As the words of a line's fact begin: unknown, no, yes. What a line is not about has a dash. */
static const char letters[] = { [FACT_UNKNOWN] = 'u', [FACT_ABSENT] = 'n', [FACT_PRESENT] = 'y' };

int probe_say_uses(ProbeTask *t, const Address *device, const Uses *u, unsigned categories) {
        ProbeLine l = { .key = PROBE_KEY_USE, .address = *device, .fact = FACT_PRESENT };
        int error = 0;

        for (size_t i = 0; i < u->n_items && error == 0; i++) {
                const Use *use = &u->items[i];
                UseCategory c = use_category(use->kind, use->object);

                if (c == USES_MAX_ || !(categories & 1u << c))
                        continue;
                l.number = use->of_process;
                snprintf(l.value, sizeof(l.value), "%s\n%s\n%s\n%s", use_kind_text(use->kind),
                         use->object, use->detail, use->evidence);
                error = probe_child_say(t, &l);
        }
        if (error < 0)
                return error;
        l.key = PROBE_KEY_LOOKED;
        l.number = 0;
        for (int c = 0; c < USES_MAX_; c++)
                l.value[c] = categories & 1u << c ? letters[u->looked[c]] : '-';
        l.value[USES_MAX_] = 0;
        return probe_child_say(t, &l);
}

int probe_take_use(Uses *u, const ProbeLine *l) {
        char text[PROBE_VALUE_MAX], *parts[4], *save = text;
        UseKind kind;

        memcpy(text, l->value, strlen(l->value) + 1);
        for (size_t i = 0; i < 4; i++) {
                parts[i] = save ? strsep(&save, "\n") : NULL;
                if (!parts[i])
                        return -EINVAL;
        }
        if (save || use_kind_parse(parts[0], &kind) < 0)
                return -EINVAL;
        return uses_add(u, &(const Use) { .kind = kind, .object = parts[1], .detail = parts[2],
                                          .evidence = parts[3], .of_process = l->number != 0 });
}

int probe_take_looked(Uses *u, const ProbeLine *l) {
        if (strlen(l->value) != USES_MAX_)
                return -EINVAL;
        for (int c = 0; c < USES_MAX_; c++) {
                const char *letter = memchr(letters, l->value[c], sizeof(letters));

                if (l->value[c] == '-')
                        continue;
                if (!letter)
                        return -EINVAL;
                u->looked[c] = (Fact) (letter - letters);
        }
        return 0;
}

#define NETWORK_CATEGORIES (1u << USES_NETWORK)
#define CLOSE_CATEGORIES (1u << USES_CLAIM | 1u << USES_DATA)

int probe_uses(ProbeTask *t, const Address *devices, size_t n) {
        bool network = t->what & PROBE_NETWORK, others = t->what & PROBE_USES;
        unsigned categories = (network ? NETWORK_CATEGORIES : 0) |
                              (others ? ~NETWORK_CATEGORIES : 0);
        Uses *uses = calloc(n + 1, sizeof(*uses));
        int error = uses ? uses_look(t->root, devices, n, network, others, uses) : -ENOMEM;

        /* What the closer look is about stays unknown until it is over. */
        if (t->what & PROBE_CLOSELY)
                categories &= ~CLOSE_CATEGORIES;
        for (size_t i = 0; uses && i < n; i++) {
                if (error == 0)
                        error = probe_say_uses(t, &devices[i], &uses[i], categories);
                uses_clear(&uses[i]);
        }
        free(uses);
        return error;
}

int probe_uses_closely(ProbeTask *t, const Address *device) {
        Uses uses = { 0 };
        int error = uses_look_closely(t->root, device, &uses);

        if (error == 0)
                error = probe_say_uses(t, device, &uses, CLOSE_CATEGORIES);
        uses_clear(&uses);
        return error;
}
