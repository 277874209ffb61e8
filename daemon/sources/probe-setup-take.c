/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sources/probe-setup-take.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Splits the first word off. Returns: what is behind it, or NULL if there is nothing. */
static char *split(char *text) {
        char *space = strchr(text, ' ');

        if (!space || space == text || !space[1])
                return NULL;
        *space = 0;
        return space + 1;
}

static int take_frame_buffer(Setup *s, ProbeLine *l) {
        char *owner = split(l->value);

        return owner ? setup_add_frame_buffer(s, &l->address, l->number, l->value, owner) : -EINVAL;
}

static int take_variant(Setup *s, ProbeLine *l) {
        char *module = split(l->value);

        return module ? setup_add_variant(s, l->value, module) : -EINVAL;
}

static int take_owner(Setup *s, ProbeLine *l) {
        char *value = split(l->value), *next = value ? split(value) : NULL, *file;
        Address a;

        if (!next)
                return -EINVAL;
        if (strcmp(l->value, "ids") == 0)
                return setup_add_owner(s, OWNER_IDS, NULL, value, next, l->number);
        if (strcmp(l->value, "softdep") == 0)
                return setup_add_owner(s, OWNER_SOFTDEP, NULL, value, next, l->number);
        file = split(next);
        if (strcmp(l->value, "driverctl") != 0 || !file || address_parse(value, &a) < 0)
                return -EINVAL;
        return setup_add_owner(s, OWNER_DRIVERCTL, &a, next, file, l->number);
}

static int take_limit(Setup *s, ProbeLine *l) {
        char *bytes = split(l->value), *file = bytes ? split(bytes) : NULL, *end;
        unsigned long long n;

        if (!file)
                return -EINVAL;
        errno = 0;
        n = strtoull(bytes, &end, 10);
        if (errno != 0 || *end != 0 || *bytes < '0' || *bytes > '9')
                return -EINVAL;
        return setup_add_limit(s, strcmp(l->value, "-") == 0 ? "" : l->value, n, file, l->number);
}

/* Returns: where a fact without a value belongs, or NULL. */
static Fact *fact_for(Setup *s, ProbeKey key) {
        switch (key) {
        case PROBE_KEY_IDLE_D3:
                return &s->idle_d3_disabled;
        case PROBE_KEY_DENYLIST:
                return &s->denylist_disabled;
        case PROBE_KEY_NOIOMMU_MODE:
                return &s->noiommu_mode;
        case PROBE_KEY_CONTAINER:
                return &s->compatible_container;
        case PROBE_KEY_FRAME_BUFFERS:
                return &s->frame_buffers_known;
        case PROBE_KEY_VARIANTS:
                return &s->variants_known;
        case PROBE_KEY_OWNERS:
                return &s->owners_known;
        case PROBE_KEY_LIMITS:
                return &s->limits_known;
        default:
                return NULL;
        }
}

static int take_value(Setup *s, ProbeLine *l) {
        switch (l->key) {
        case PROBE_KEY_SCREENS:
                if (l->fact == FACT_PRESENT)
                        return text_set(&s->screens, l->value);
                text_unset(&s->screens, l->fact);
                return 0;
        case PROBE_KEY_FRAME_BUFFER:
                return take_frame_buffer(s, l);
        case PROBE_KEY_VARIANT:
                return take_variant(s, l);
        case PROBE_KEY_OWNER:
                return take_owner(s, l);
        case PROBE_KEY_LIMIT:
                return take_limit(s, l);
        default:
                return 1;
        }
}

int probe_take_setup(Setup *s, ProbeLine *l) {
        Fact *fact = fact_for(s, l->key);
        int r;

        if (fact) {
                *fact = l->fact;
                return 1;
        }
        r = take_value(s, l);
        return r < 0 ? r : r == 0;
}
