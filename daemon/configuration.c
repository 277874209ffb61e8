/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "configuration.h"
#include "notice.h"

static void warn(const char *file, unsigned line, const char *message, void *userdata) {
        unsigned *n = userdata;

        if (n)
                (*n)++;
        notice_configuration(file, line, message);
}

int configuration_load(const Root *root, Settings **ret) {
        return settings_load(root, warn, NULL, ret);
}

int configuration_check(const Root *root) {
        Settings *s = NULL;
        unsigned n = 0;
        int r = settings_load(root, warn, &n, &s);

        if (r < 0)
                return r;
        if (n > 0)
                fprintf(stderr, "%u line%s passed over; see vfiod.conf(5).\n", n,
                        n == 1 ? " is" : "s are");
        else
                printf("The configuration is in order: %zu device section%s.\n", s->n_wishes,
                       s->n_wishes == 1 ? "" : "s");
        settings_free(s);
        return n > 0;
}

int configuration_print_node_rights(const Root *root) {
        Settings *s = NULL;
        int r = settings_load(root, NULL, NULL, &s);

        if (r < 0)
                return r;
        if (s->node_group)
                printf("VFIOD_NODE_GROUP=%s\n", s->node_group);
        if (s->node_mode_set)
                printf("VFIOD_NODE_MODE=%04o\n", (unsigned) s->node_mode);
        settings_free(s);
        return 0;
}
