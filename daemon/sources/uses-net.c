/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sources/uses-net-internal.h"

/* Which devices the host's network runs over: what an interface is used for counts for everything
 * that it stands on. */

#define NETWORK_MAX 262144

bool net_find_function(const Look *l, NetLink *link) {
        char path[PATH_MAX];

        if (!*link->parent)
                return false;
        snprintf(path, sizeof(path), "/sys/bus/%s/devices/%s", link->bus, link->parent);
        link->has_function = (strcmp(link->bus, "pci") == 0 &&
                              look_address_in(link->parent, &link->function)) ||
                             look_function(l, path, &link->function);
        return link->has_function;
}

/* Finds where in sysfs each interface hangs. */
static void find_functions(const Look *l, Net *n) {
        char path[PATH_MAX];

        for (size_t i = 0; i < n->n_links; i++) {
                snprintf(path, sizeof(path), "/sys/class/net/%s", n->links[i].name);
                n->links[i].has_function = look_function(l, path, &n->links[i].function);
        }
}

static bool is_marked(const Net *n, const bool *marked, int index) {
        for (size_t i = 0; index > 0 && i < n->n_links; i++)
                if (marked[i] && n->links[i].index == index)
                        return true;
        return false;
}

static const NetLink *find_link(const Net *n, int index) {
        for (size_t i = 0; i < n->n_links; i++)
                if (n->links[i].index == index)
                        return &n->links[i];
        return NULL;
}

static const char *kind_of(const NetLink *link) {
        return *link->kind ? link->kind : "interface";
}

/* Marks what stands on an interface, directly or not: its master, and what names it as its lower
 * one. */
static void mark_users(const Net *n, bool *marked) {
        bool more = true;

        while (more) {
                more = false;
                for (size_t i = 0; i < n->n_links; i++) {
                        const NetLink *link = &n->links[i];
                        bool stands = !link->lower_elsewhere && is_marked(n, marked, link->lower);

                        for (size_t k = 0; !stands && k < n->n_links; k++)
                                stands = marked[k] && n->links[k].master == link->index;
                        if (stands && !marked[i])
                                more = marked[i] = true;
                }
        }
}

/* What is stacked on it is a use by itself: a bridge for guests needs no address. */
static void found_stack(Look *l, const Net *n, const NetLink *link) {
        const NetLink *master = find_link(n, link->master);
        char detail[64];

        if (master) {
                snprintf(detail, sizeof(detail), "a part of %s (%s)", master->name,
                         kind_of(master));
                look_found(l, &link->function, USE_NETWORK, link->name, detail,
                           "%s: is a part of %s (%s)", link->name, master->name, kind_of(master));
        }
        for (size_t i = 0; i < n->n_links; i++) {
                const NetLink *upper = &n->links[i];

                if (upper->lower != link->index || upper->lower_elsewhere || upper == link)
                        continue;
                snprintf(detail, sizeof(detail), "carries %s (%s)", upper->name, kind_of(upper));
                look_found(l, &link->function, USE_NETWORK, link->name, detail,
                           "%s: carries %s (%s)", link->name, upper->name, kind_of(upper));
        }
}

static void found_uses(Look *l, const Net *n, const NetLink *link, const bool *marked) {
        for (size_t i = 0; i < n->n_uses; i++) {
                const NetUse *use = &n->uses[i];
                const NetLink *on = find_link(n, use->index);

                if (!on || !is_marked(n, marked, use->index))
                        continue;
                (use->of_process ? look_found_process : look_found)(
                        l, &link->function, use->kind, link->name, use->detail, "%s: %s%s%s%s%s",
                        link->name, on == link ? "" : on->name, on == link ? "" : " ",
                        use->evidence, on == link ? "" : ", over ", on == link ? "" : link->name);
        }
}

static void attribute(Look *l, const Net *n) {
        bool *marked = calloc(n->n_links + 1, sizeof(*marked));

        if (!marked) {
                l->error = -ENOMEM;
                return;
        }
        for (size_t i = 0; i < n->n_links; i++) {
                const NetLink *link = &n->links[i];

                if (!link->has_function || !look_wants(l, &link->function))
                        continue;
                memset(marked, 0, n->n_links * sizeof(*marked));
                marked[i] = true;
                mark_users(n, marked);
                found_uses(l, n, link, marked);
                found_stack(l, n, link);
        }
        free(marked);
}

/* Returns: 0 or why the network could not be read. */
static int read_network(const Look *l, Net *n) {
        static char text[NETWORK_MAX];
        ssize_t size;

        if (!root_is_recorded(l->root))
                return net_dump(n);
        size = root_read(l->root, "/.network", text, sizeof(text));
        return size < 0 ? (int) size : net_take_text(n, text);
}

static void miss_interface(Look *l, const char *directory, const char *name) {
        char path[PATH_MAX];
        Address function;

        snprintf(path, sizeof(path), "%s/%s", directory, name);
        if (look_function(l, path, &function))
                look_missed(l, &function, USES_NETWORK, "the network of %s could not be read",
                            name);
}

/* Hardware that sysfs shows and the kernel did not tell of: whoever looked was in another name
 * space than the one that sysfs was mounted in. */
static void miss_unlisted(Look *l, const Net *n) {
        struct dirent *entry;
        DIR *d;

        if (root_opendir(l->root, "/sys/class/net", &d) < 0)
                return;
        while ((entry = readdir(d))) {
                bool listed = entry->d_name[0] == '.';

                for (size_t i = 0; !listed && i < n->n_links; i++)
                        listed = strcmp(n->links[i].name, entry->d_name) == 0;
                if (!listed)
                        miss_interface(l, "/sys/class/net", entry->d_name);
        }
        closedir(d);
}

/* One of a network's class whose driver has no interface here has it elsewhere. */
static void miss_hidden(Look *l, const Net *n) {
        for (size_t i = 0; i < l->n_devices; i++) {
                char path[PATH_MAX], text[ADDRESS_TEXT_MAX];
                bool here = false;

                if (!look_is_class(l, &l->devices[i], "0x02"))
                        continue;
                snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver",
                         address_format(&l->devices[i], text));
                if (root_exists(l->root, path) == FACT_ABSENT)
                        continue;
                for (size_t k = 0; k < n->n_links; k++)
                        here |= n->links[k].has_function &&
                                address_compare(&n->links[k].function, &l->devices[i]) == 0;
                if (!here)
                        look_missed(l, &l->devices[i], USES_NETWORK,
                                    "the network name spaces of others could not be looked at");
        }
}

void look_network(Look *l) {
        Net n = { 0 };
        int r = read_network(l, &n);

        if (r == -ENOMEM)
                l->error = r;
        if (r < 0)
                net_clear(&n);
        miss_unlisted(l, &n);
        find_functions(l, &n);
        if (!root_is_recorded(l->root)) {
                if (r == 0)
                        net_look_at_remotes(l, &n);
                if (!net_look_at_spaces(l))
                        miss_hidden(l, &n);
        }
        attribute(l, &n);
        net_clear(&n);
}
