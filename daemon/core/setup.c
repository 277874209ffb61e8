/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "setup.h"

Setup *setup_new(void) {
        Setup *s = calloc(1, sizeof(Setup));

        if (s)
                s->n_ref = 1;
        return s;
}

Setup *setup_ref(Setup *s) {
        if (s)
                s->n_ref++;
        return s;
}

static void free_lists(Setup *s) {
        for (size_t i = 0; i < s->n_frame_buffers; i++) {
                free(s->frame_buffers[i].range);
                free(s->frame_buffers[i].owner);
        }
        for (size_t i = 0; i < s->n_variants; i++) {
                free(s->variants[i].pattern);
                free(s->variants[i].module);
        }
        for (size_t i = 0; i < s->n_owners; i++) {
                free(s->owners[i].value);
                free(s->owners[i].file);
        }
        for (size_t i = 0; i < s->n_limits; i++) {
                free(s->limits[i].domain);
                free(s->limits[i].file);
        }
        free(s->frame_buffers);
        free(s->variants);
        free(s->owners);
        free(s->limits);
}

Setup *setup_unref(Setup *s) {
        if (!s || --s->n_ref > 0)
                return NULL;
        free_lists(s);
        free(s->screens.value);
        free(s);
        return NULL;
}

/* Copies two texts. Returns: true, or false with neither. */
static bool copy_two(const char *a, const char *b, char **ret_a, char **ret_b) {
        *ret_a = strdup(a);
        *ret_b = strdup(b);
        if (*ret_a && *ret_b)
                return true;
        free(*ret_a);
        free(*ret_b);
        return false;
}

int setup_add_frame_buffer(Setup *s, const Address *device, unsigned bar, const char *range,
                           const char *owner) {
        FrameBuffer *grown = reallocarray(s->frame_buffers, s->n_frame_buffers + 1, sizeof(FrameBuffer));
        FrameBuffer new = { .device = *device, .bar = bar };

        if (grown)
                s->frame_buffers = grown;
        if (!grown || !copy_two(range, owner, &new.range, &new.owner))
                return -ENOMEM;
        grown[s->n_frame_buffers++] = new;
        return 0;
}

int setup_add_variant(Setup *s, const char *pattern, const char *module) {
        Variant *grown = reallocarray(s->variants, s->n_variants + 1, sizeof(Variant));
        Variant new = { 0 };

        if (grown)
                s->variants = grown;
        if (!grown || !copy_two(pattern, module, &new.pattern, &new.module))
                return -ENOMEM;
        grown[s->n_variants++] = new;
        return 0;
}

int setup_add_owner(Setup *s, OwnerKind kind, const Address *address, const char *value,
                    const char *file, unsigned line) {
        Owner *grown = reallocarray(s->owners, s->n_owners + 1, sizeof(Owner));
        Owner new = { .kind = kind, .line = line };

        if (address)
                new.address = *address;
        if (grown)
                s->owners = grown;
        if (!grown || !copy_two(value, file, &new.value, &new.file))
                return -ENOMEM;
        grown[s->n_owners++] = new;
        return 0;
}

int setup_add_limit(Setup *s, const char *domain, uint64_t bytes, const char *file, unsigned line) {
        MemoryLimit *grown = reallocarray(s->limits, s->n_limits + 1, sizeof(MemoryLimit));
        MemoryLimit new = { .bytes = bytes, .line = line };

        if (grown)
                s->limits = grown;
        if (!grown || !copy_two(domain, file, &new.domain, &new.file))
                return -ENOMEM;
        grown[s->n_limits++] = new;
        return 0;
}
