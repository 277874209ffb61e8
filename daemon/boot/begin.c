/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "boot.h"
#include "core/hold.h"
#include "rebind/state.h"
#include "sources/settings.h"

/* Returns: 0 and how many boots in a row did not come to their end, or -errno. */
static int read_count(int state_fd, unsigned *ret) {
        size_t size;
        char *text;
        int r = state_get(state_fd, BOOT_COUNT, &text, &size);

        *ret = 0;
        if (r == -ENOENT)
                return 0;
        if (r < 0)
                return r;
        r = boots_parse(text, size, ret);
        free(text);
        return r;
}

static int write_count(int state_fd, unsigned n) {
        char text[16];

        (void) snprintf(text, sizeof(text), "%u\n", n);
        return state_put(state_fd, BOOT_COUNT, text, strlen(text));
}

static int open_state(const Root *root) {
        return root_open(root, BOOT_STATE_DIRECTORY, O_RDONLY | O_DIRECTORY);
}

/* What could not be counted is not dared: nobody would notice that it fails every time. */
static BootVerdict count(const Root *root) {
        unsigned before = 0;
        int fd = open_state(root), r = fd;

        if (fd >= 0)
                r = read_count(fd, &before);
        if (r >= 0)
                r = write_count(fd, before + 1);
        if (fd >= 0)
                close(fd);
        if (r < 0)
                boot_say(root, "this boot cannot be counted in " BOOT_STATE_DIRECTORY "/" BOOT_COUNT
                         ", so no wish is met in it: %s", strerror(-r));
        if (r < 0)
                return BOOT_UNCOUNTED;
        if (before < BOOTS_INCOMPLETE_MAX)
                return BOOT_OPEN;
        boot_say(root, "the last %u boots did not come to their end, so no wish is met in this one",
                 before);
        return BOOT_INCOMPLETE;
}

static BootVerdict judge(const Root *root, const Host *h) {
        if (boot_is_switched_off(root))
                return BOOT_DISABLED;
        /* Nothing is counted where nothing is wished: nothing is written at every boot. */
        return host_wish(h, 0) ? count(root) : BOOT_OPEN;
}

static int write_verdict(const Root *root, BootVerdict v) {
        int directory = root_open(root, BOOT_VERDICT_DIRECTORY, O_RDONLY | O_DIRECTORY), r;
        char text[32];

        if (directory < 0)
                return directory;
        (void) snprintf(text, sizeof(text), "%s\n", boot_verdict_text(v));
        r = state_put(directory, strrchr(BOOT_VERDICT_FILE, '/') + 1, text, strlen(text));
        close(directory);
        return r;
}

int boot_begin(const Root *root) {
        Settings *settings = NULL;
        BootVerdict verdict;
        Host *h;
        int r;

        if (boot_verdict(root) != BOOT_UNDECIDED)
                return 0;
        h = host_new();
        r = h ? boot_load_wishes(root, h, &settings) : -ENOMEM;
        if (r >= 0) {
                verdict = judge(root, h);
                r = write_verdict(root, verdict);
                if (r < 0)
                        boot_say(root, BOOT_VERDICT_FILE " cannot be written: %s", strerror(-r));
                if (r < 0 || verdict != BOOT_OPEN)
                        (void) boot_give_back(root, false);
                else
                        r = boot_give_back_unwished(root, h);
        }
        host_free(h);
        settings_free(settings);
        return r;
}

int boot_complete(const Root *root) {
        unsigned n = 0;
        int fd = open_state(root), r = fd;

        if (fd >= 0)
                r = read_count(fd, &n);
        /* What cannot be read is made right: this boot has come to its end. */
        if (fd >= 0 && (r < 0 || n > 0))
                r = write_count(fd, 0);
        if (fd >= 0)
                close(fd);
        if (r < 0 && r != -ENOENT)
                boot_say(root, "that this boot has come to its end could not be written to "
                         BOOT_STATE_DIRECTORY "/" BOOT_COUNT ": %s", strerror(-r));
        return r == -ENOENT ? 0 : r;
}
