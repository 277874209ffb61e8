/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "boot.h"

static int usage(FILE *f) {
        fputs("vfiod-boot [--root=DIR] COMMAND\n"
              "\n"
              "Keeps devices that are to be on VFIO from the drivers of the host while it starts.\n"
              "Run by udev, by the initramfs and by units of vfiod.\n"
              "\n"
              "  hold ADDRESS          Hold this device if it is wished for\n"
              "  give-back [--storage] Let go of what is held, or of controllers of disks only\n"
              "  begin                 Count this boot, and decide whether wishes are met in it\n"
              "  complete              This boot has come to its end\n", f);
        return f == stdout ? 0 : -EINVAL;
}

static int hold(const Root *root, const char *text) {
        Address a;

        if (address_parse(text, &a) < 0) {
                fprintf(stderr, "vfiod-boot: '%s' is no address of a PCI device, such as "
                        "0000:01:00.0\n", text);
                return -EINVAL;
        }
        return boot_hold(root, &a);
}

static int run(const Root *root, int n, char **words) {
        if (n == 2 && strcmp(words[0], "hold") == 0)
                return hold(root, words[1]);
        if (n == 1 && strcmp(words[0], "give-back") == 0)
                return boot_give_back(root, false);
        if (n == 2 && strcmp(words[0], "give-back") == 0 && strcmp(words[1], "--storage") == 0)
                return boot_give_back(root, true);
        if (n == 1 && strcmp(words[0], "begin") == 0)
                return boot_begin(root);
        if (n == 1 && strcmp(words[0], "complete") == 0)
                return boot_complete(root);
        if (n == 1 && strcmp(words[0], "--help") == 0)
                return usage(stdout);
        return usage(stderr);
}

int main(int argc, char **argv) {
        const char *path = "/";
        Root *root;
        int first = 1, r;

        if (argc > 1 && strncmp(argv[1], "--root=", strlen("--root=")) == 0) {
                path = argv[1] + strlen("--root=");
                first = 2;
        }
        r = root_new(path, &root);
        if (r < 0) {
                fprintf(stderr, "vfiod-boot: %s: %s\n", path, strerror(-r));
                return 1;
        }
        r = run(root, argc - first, argv + first);
        root_free(root);
        return r == -EINVAL ? 2 : r < 0;
}
