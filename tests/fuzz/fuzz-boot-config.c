/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sources/boot-config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const BootKernel kernel = {"6.1", "/vmlinuz"};

static void check_words(const BootConfig *c) {
        for (size_t i = 0; i < c->n; i++) {
                const BootWords *w = &c->words[i];

                if (strlen(w->text) > BOOT_TEXT_MAX || w->entry == 0 || w->entry > c->n_entries ||
                    w->line == 0 || (i && w->entry < c->words[i - 1].entry))
                        abort();
                for (const char *t = w->text; *t; t++)
                        if (*t < ' ' || *t > '~')
                                abort();
        }
}

/* The first character chooses the format, the rest is the file; an entry's environment ends at the
 * first NUL. */
static int parse(char format, const char *text, size_t size, BootConfig *c) {
        const char *nul = memchr(text, 0, size);
        size_t n = nul ? (size_t) (nul - text) : 0;
        const BootEnvironment environment = {text, n, "/boot/grub/grubenv"};
        BootShell *s;
        int r;

        switch (format) {
        case 'g':
                return boot_grub_parse(text, size, "/boot/grub/grub.cfg", &kernel, c);
        case 'l':
                return boot_loader_parse(nul ? nul + 1 : text, nul ? size - n - 1 : size, "/e.conf",
                                         &kernel, &environment, c);
        case 'c':
                return boot_line_parse(text, size, "/etc/kernel/cmdline", c);
        default:
                s = boot_shell_new();
                if (!s)
                        return -1;
                r = boot_shell_parse(s, text, size, "/etc/default/grub");
                if (r == 0)
                        r = boot_shell_parse(s, text, size, "/etc/default/grub.d/a.cfg");
                if (r == 0)
                        r = boot_shell_finish(s, true, c);
                boot_shell_free(s);
                return r;
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        BootConfig c = {0};
        char *text;

        if (size < 1 || size > BOOT_FILE_MAX)
                return 0;
        text = malloc(size); /* its end is the end of the block */
        if (!text)
                abort();
        memcpy(text, data + 1, size - 1);
        if (parse((char) data[0], text, size - 1, &c) < 0)
                abort();
        check_words(&c);
        boot_config_clear(&c);
        free(text);
        return 0;
}
