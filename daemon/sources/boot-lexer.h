/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * Takes a script apart into simple commands: grub.cfg, which is in GRUB's language, and
 * /etc/default/grub, which grub-mkconfig hands to the shell. Nothing is run. Quotes, backslashes and
 * comments are the same in both (GRUB manual, "Writing full configuration files directly").
 */
typedef struct BootLexer {
        const char *at, *end;
        unsigned line; /* of the next character */
        bool shell;
        /* Returns: a variable's value, borrowed, or NULL if it cannot be followed. */
        const char *(*variable)(const char *name, void *userdata);
        void *userdata;
} BootLexer;

typedef struct BootCommand {
        char **words; /* without their quotes */
        size_t n;
        unsigned line;   /* of the first word */
        bool unresolved; /* something in it could not be followed, and is left out */
        bool strange;    /* the shell's syntax of more than simple commands */
} BootCommand;

/* Reads the next command that has words. Returns: 1 and the command, for boot_command_clear(); 0 at
 * the end; -ENOMEM. */
int boot_lexer_next(BootLexer *l, BootCommand *ret);
void boot_command_clear(BootCommand *c);

/* Makes one text of words as GRUB hands them to the kernel: a word with a space in it is quoted
 * (grub-core/lib/cmdline.c, grub_create_loader_cmdline()). Returns: a new string, or NULL when memory
 * is short. */
char *boot_words_join(char *const *words, size_t n);
