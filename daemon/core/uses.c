/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "uses.h"

#include "private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct {
        const char *word;
        UseCategory category;
} kinds[USE_MAX_] = {
        [USE_MOUNT] = { "mount", USES_STORAGE },
        [USE_SWAP] = { "swap", USES_STORAGE },
        [USE_STACKED] = { "stacked", USES_STORAGE },
        [USE_OPENED] = { "opened", USES_STORAGE },
        [USE_NEEDED] = { "needed", USES_STORAGE },
        [USE_MISSING] = { "missing", USES_STORAGE },
        [USE_CLAIM] = { "claim", USES_CLAIM },
        [USE_DATA] = { "data", USES_DATA },
        [USE_NETWORK] = { "network", USES_NETWORK },
        [USE_CONNECTION] = { "connection", USES_NETWORK },
        [USE_NETWORK_STORAGE] = { "network-storage", USES_NETWORK },
        [USE_BOOT_DISPLAY] = { "boot-display", USES_DISPLAY },
        [USE_DISPLAY] = { "display", USES_DISPLAY },
        [USE_LAST_CONSOLE] = { "last-console", USES_CONSOLE },
        [USE_SERIAL_CONSOLE] = { "serial-console", USES_CONSOLE },
        [USE_LAST_KEYBOARD] = { "last-keyboard", USES_INPUT },
        [USE_SOUND] = { "sound", USES_SOUND },
        [USE_TPM] = { "tpm", USES_SYSTEM },
        [USE_WATCHDOG] = { "watchdog", USES_SYSTEM },
        [USE_NOT_LOOKED] = { "not-looked", USES_MAX_ },
};

static const char *const categories[USES_MAX_] = {
        [USES_STORAGE] = "storage", [USES_CLAIM] = "claim",     [USES_DATA] = "data",
        [USES_NETWORK] = "network", [USES_DISPLAY] = "display", [USES_CONSOLE] = "console",
        [USES_INPUT] = "input",     [USES_SOUND] = "sound",     [USES_SYSTEM] = "system",
};

const char *use_kind_text(UseKind kind) {
        return kinds[kind].word;
}

const char *use_category_text(UseCategory category) {
        return categories[category];
}

int use_kind_parse(const char *text, UseKind *ret) {
        for (int i = 0; i < USE_MAX_; i++)
                if (strcmp(kinds[i].word, text) == 0) {
                        *ret = (UseKind) i;
                        return 0;
                }
        return -EINVAL;
}

UseCategory use_category(UseKind kind, const char *object) {
        if (kind != USE_NOT_LOOKED)
                return kinds[kind].category;
        for (int i = 0; i < USES_MAX_; i++)
                if (strcmp(categories[i], object) == 0)
                        return (UseCategory) i;
        return USES_MAX_;
}

static bool use_equal(const Use *a, const Use *b) {
        return a->kind == b->kind && a->of_process == b->of_process &&
               strcmp(a->object, b->object) == 0 &&
               strcmp(a->detail, b->detail) == 0 && strcmp(a->evidence, b->evidence) == 0;
}

static void use_clear(Use *u) {
        free(u->object);
        free(u->detail);
        free(u->evidence);
}

int uses_add(Uses *u, const Use *use) {
        Use new = { .kind = use->kind, .of_process = use->of_process }, *grown;

        for (size_t i = 0; i < u->n_items; i++)
                if (use_equal(&u->items[i], use))
                        return 0;
        grown = reallocarray(u->items, u->n_items + 1, sizeof(Use));
        if (!grown)
                return -ENOMEM;
        u->items = grown;
        new.object = strdup(use->object);
        new.detail = strdup(use->detail);
        new.evidence = strdup(use->evidence);
        if (!new.object || !new.detail || !new.evidence) {
                use_clear(&new);
                return -ENOMEM;
        }
        /* They hold names of processes and labels of disks, which are anything. */
        private_clean(new.object);
        private_clean(new.detail);
        private_clean(new.evidence);
        grown[u->n_items++] = new;
        return 0;
}

int uses_copy(Uses *dst, const Uses *src) {
        *dst = (Uses){ 0 };
        for (size_t i = 0; i < src->n_items; i++)
                if (uses_add(dst, &src->items[i]) < 0) {
                        uses_clear(dst);
                        return -ENOMEM;
                }
        memcpy(dst->looked, src->looked, sizeof(dst->looked));
        return 0;
}

void uses_clear(Uses *u) {
        for (size_t i = 0; i < u->n_items; i++)
                use_clear(&u->items[i]);
        free(u->items);
        *u = (Uses){ 0 };
}

bool uses_equal(const Uses *a, const Uses *b) {
        if (a->n_items != b->n_items || memcmp(a->looked, b->looked, sizeof(a->looked)) != 0)
                return false;
        for (size_t i = 0; i < a->n_items; i++)
                if (!use_equal(&a->items[i], &b->items[i]))
                        return false;
        return true;
}

/* Appends those of src whose category was looked at in look, or was not. Returns: 0 or -ENOMEM. */
static int add_some(Uses *dst, const Uses *src, const Uses *look, bool looked) {
        for (size_t i = 0; i < src->n_items; i++) {
                const Use *use = &src->items[i];
                UseCategory c = use_category(use->kind, use->object);

                if (c == USES_MAX_ || (look->looked[c] != FACT_ABSENT) != looked)
                        continue;
                if (uses_add(dst, use) < 0)
                        return -ENOMEM;
        }
        return 0;
}

int uses_update(Uses *u, const Uses *look) {
        Uses new = { 0 };

        if (add_some(&new, u, look, false) < 0 || add_some(&new, look, look, true) < 0) {
                uses_clear(&new);
                return -ENOMEM;
        }
        for (int c = 0; c < USES_MAX_; c++)
                new.looked[c] = look->looked[c] != FACT_ABSENT || u->looked[c] == FACT_UNKNOWN
                                        ? look->looked[c] : u->looked[c];
        uses_clear(u);
        *u = new;
        return 0;
}
