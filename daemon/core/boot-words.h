/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * What the boot configuration will make the command line of the running kernel at the next boot, as
 * far as it could be read: words, and the place that they stand at.
 */
typedef enum BootSource {
        BOOT_DEFAULT, /* /etc/default/grub: what the entries of GRUB are made from */
        BOOT_KERNEL,  /* /etc/kernel/cmdline: what other entries are made from */
        BOOT_GRUB,    /* a menu entry of grub.cfg */
        BOOT_LOADER,  /* an entry of the Boot Loader Specification */
        BOOT_SOURCES_,
} BootSource;

typedef struct BootWords {
        BootSource source;
        unsigned entry; /* words of one entry have the same number, and follow each other */
        bool partial;   /* there may be more words: a variable could not be followed */
        bool newer;     /* of what entries are made from: changed after the entries were written */
        char *text;     /* as the kernel would get it; printable ASCII */
        char *file;
        unsigned line;  /* from 1 */
} BootWords;

/* Returns: a word for it: "default", "kernel", "grub", "loader". */
const char *boot_source_word(BootSource v);

/* Appends a copy. Returns: 0 or -ENOMEM. */
int boot_words_add(BootWords **list, size_t *n, const BootWords *w);
/* Makes a copy of a list. Returns: 0 and the list (NULL if it is empty), or -ENOMEM. */
int boot_words_copy(const BootWords *list, size_t n, BootWords **ret);
/* Frees a list. Returns: NULL. */
BootWords *boot_words_free(BootWords *list, size_t n);
