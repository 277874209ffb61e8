/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/boot-words.h"
#include "sources/root.h"

/*
 * Reads what the running kernel will be started with the next time: the entries of GRUB and of the
 * Boot Loader Specification that start it, and what they are made from. What cannot be followed is
 * left out; a command line inside a unified kernel image is not looked for.
 */

/* More than this is not read. */
#define BOOT_FILE_MAX    (512 * 1024)
#define BOOT_FILES_MAX   256
#define BOOT_WORDS_MAX   512
/* The longest text of one place. */
#define BOOT_TEXT_MAX    3072

/* The kernel whose entries count. */
typedef struct BootKernel {
        const char *release;
        const char *image; /* what the boot loader said it has loaded (BOOT_IMAGE=); NULL: nothing */
} BootKernel;

typedef struct BootConfig {
        BootWords *words;
        size_t n;
        unsigned n_entries; /* numbers given out */
} BootConfig;

/* Frees what is in it. */
void boot_config_clear(BootConfig *c);
/* Appends words to an entry; text is made printable, an empty or too long one is left out.
 * Returns: 0 or -ENOMEM. */
int boot_config_add(BootConfig *c, const BootWords *w);
/* Returns: true if the boot loader's name of an image is that of the kernel. */
bool boot_kernel_is(const BootKernel *k, const char *image);

/* Adds the entries of a grub.cfg. Returns: 0 or -ENOMEM. */
int boot_grub_parse(const char *content, size_t size, const char *file, const BootKernel *k,
                    BootConfig *ret);

/* Variables of a GRUB environment block ("grubenv"). */
typedef struct BootEnvironment {
        const char *content; /* borrowed; NULL: none */
        size_t size;
        const char *file;
} BootEnvironment;

/* Finds a variable. Returns: 1 with its value in a new string and its line, 0 if it has none, or
 * -ENOMEM. */
int boot_environment_find(const BootEnvironment *e, const char *name, char **ret,
                          unsigned *ret_line);

/* Adds an entry of the Boot Loader Specification, type 1, with $kernelopts and other variables from
 * the environment. Returns: 0 or -ENOMEM. */
int boot_loader_parse(const char *content, size_t size, const char *file, const BootKernel *k,
                      const BootEnvironment *e, BootConfig *ret);

/* Adds a file that is one command line: /etc/kernel/cmdline. Returns: 0 or -ENOMEM. */
int boot_line_parse(const char *content, size_t size, const char *file, BootConfig *ret);

/* /etc/default/grub and what is sourced behind it, one after the other. */
typedef struct BootShell BootShell;
/* Returns: a new one, or NULL when memory is short. */
BootShell *boot_shell_new(void);
/* NULL is taken. Returns: NULL. */
BootShell *boot_shell_free(BootShell *s);
/* Reads a file. Returns: 0 or -ENOMEM. */
int boot_shell_parse(BootShell *s, const char *content, size_t size, const char *file);
/* Adds what a normal entry is given: GRUB_CMDLINE_LINUX and GRUB_CMDLINE_LINUX_DEFAULT
 * (util/grub.d/10_linux.in). Nothing, if the files are more than assignments. newer: they were changed
 * after the entries were made. Returns: 0 or -ENOMEM. */
int boot_shell_finish(const BootShell *s, bool newer, BootConfig *ret);

/* Reads all there is for the running kernel. Returns: 0 or -ENOMEM. */
int boot_config_read(const Root *root, BootConfig *ret);
