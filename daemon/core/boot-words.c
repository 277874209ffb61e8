/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "boot-words.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char *boot_source_word(BootSource v) {
        static const char *const words[] = { [BOOT_DEFAULT] = "default", [BOOT_KERNEL] = "kernel",
                                             [BOOT_GRUB] = "grub", [BOOT_LOADER] = "loader" };

        return (size_t) v < sizeof(words) / sizeof(words[0]) ? words[v] : "";
}

int boot_words_add(BootWords **list, size_t *n, const BootWords *w) {
        BootWords *grown = reallocarray(*list, *n + 1, sizeof(BootWords));
        BootWords copy = *w;

        if (!grown)
                return -ENOMEM;
        *list = grown;
        copy.text = strdup(w->text);
        copy.file = strdup(w->file);
        if (!copy.text || !copy.file) {
                free(copy.text);
                free(copy.file);
                return -ENOMEM;
        }
        grown[(*n)++] = copy;
        return 0;
}

int boot_words_copy(const BootWords *list, size_t n, BootWords **ret) {
        BootWords *copy = NULL;
        size_t n_copy = 0;

        for (size_t i = 0; i < n; i++)
                if (boot_words_add(&copy, &n_copy, &list[i]) < 0) {
                        boot_words_free(copy, n_copy);
                        return -ENOMEM;
                }
        *ret = copy;
        return 0;
}

BootWords *boot_words_free(BootWords *list, size_t n) {
        for (size_t i = 0; i < n; i++) {
                free(list[i].text);
                free(list[i].file);
        }
        free(list);
        return NULL;
}
