/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rebind/record-format.h"
#include "rebind/record-store.h"
#include "rebind/state.h"

#define PREFIX      "vfiod-groups"
#define MEMBERS_MAX 65536u
#define GROUPS_MAX  65536u

/* The groups of a host as they are now: "group N ADDRESS...", after a head that names the boot. */
static int format_groups(const Host *h, const char *boot_id, char **ret, size_t *ret_size) {
        Writer w;
        int r = writer_open(&w);

        if (r < 0)
                return r;
        head_format(&w, PREFIX, 0, boot_id);
        for (size_t i = 0; i < h->n_groups; i++) {
                Device *const *members;
                size_t n = host_group_members(h, h->groups[i]->id, &members);

                if (n == 0)
                        continue;
                writer_words(&w, "group %zu", n);
                for (size_t j = 0; j < n; j++)
                        writer_address(&w, &members[j]->address);
                writer_end(&w);
        }
        return writer_close(&w, ret, ret_size);
}

static int parse_group(Reader *line, GroupBefore *g) {
        uint64_t n;

        if (!reader_is(line, "group") || reader_number(line, MEMBERS_MAX, &n) < 0 || n == 0)
                return -EBADMSG;
        g->members = calloc(n, sizeof(Address));
        if (!g->members)
                return -ENOMEM;
        for (; g->n_members < n; g->n_members++)
                if (reader_address(line, &g->members[g->n_members]) < 0)
                        return -EBADMSG;
        return reader_done(line);
}

int groups_parse(const char *text, size_t size, GroupBefore **ret, size_t *ret_n,
                 char boot_id[static 37]) {
        GroupBefore *groups = NULL;
        size_t offset = 0, n = 0;
        unsigned zero;
        Reader line;
        int r;

        if (reader_line(text, size, &offset, &line) <= 0 ||
            head_parse(&line, PREFIX, &zero, boot_id) < 0)
                return -EBADMSG;
        while ((r = reader_line(text, size, &offset, &line)) > 0) {
                GroupBefore *grown = n < GROUPS_MAX ? reallocarray(groups, n + 1, sizeof(*groups))
                                                    : NULL;

                r = grown ? 0 : -ENOMEM;
                if (grown) {
                        groups = grown;
                        groups[n] = (GroupBefore) { 0 };
                        r = parse_group(&line, &groups[n++]);
                }
                if (r < 0)
                        break;
        }
        if (r == 0 && offset != size)
                r = -EBADMSG;
        if (r < 0) {
                groups_before_free(groups, n);
                return r;
        }
        *ret = groups;
        *ret_n = n;
        return 0;
}

/* A release as the name of a file. Returns: 0 or -EINVAL. */
static int file_names(const Host *h, char *now, char *before, size_t size) {
        const char *release = text_or_empty(&h->kernel_release);

        if (!*release || *release == '.' || strchr(release, '/') || strlen(release) > NAME_MAX / 2)
                return -EINVAL;
        snprintf(now, size, "groups/%s", release);
        snprintf(before, size, "groups/%s.before", release);
        return 0;
}

static int load(int state_fd, const char *name, GroupBefore **ret, size_t *ret_n,
                char boot_id[static 37]) {
        size_t size;
        char *text;
        int r = state_get(state_fd, name, &text, &size);

        if (r < 0)
                return r;
        r = groups_parse(text, size, ret, ret_n, boot_id);
        free(text);
        return r;
}

static int write_down(int state_fd, const char *name, const Host *h, const char *boot_id) {
        size_t size;
        char *text;
        int r = format_groups(h, boot_id, &text, &size);

        if (r < 0)
                return r;
        r = state_put(state_fd, name, text, size);
        free(text);
        return r;
}

/* What was before, and if this is the first time in a boot, what is now. A file that cannot be read
 * is written anew: it says nothing to anybody. */
static int remember(int state_fd, Host *h, const char *now, const char *before,
                    GroupBefore **ret, size_t *ret_n) {
        char boot_id[37], written[37] = "";
        int r = boot_id_read(boot_id), stored;

        if (r < 0)
                return r;
        r = load(state_fd, now, ret, ret_n, written);
        if (r == 0 && strcmp(written, boot_id) == 0) {
                *ret = groups_before_free(*ret, *ret_n);
                return load(state_fd, before, ret, ret_n, written);
        }
        if (r == 0 && renameat(state_fd, now, state_fd, before) < 0)
                return -errno;
        if (r == -ENOENT) /* somebody ended between the two */
                r = load(state_fd, before, ret, ret_n, written);
        stored = write_down(state_fd, now, h, boot_id);
        if (stored == 0 || r < 0)
                return r;
        *ret = groups_before_free(*ret, *ret_n);
        return stored;
}

int groups_remember(int state_fd, Host *h) {
        char now[PATH_MAX], before[PATH_MAX];
        GroupBefore *groups = NULL;
        size_t n = 0;
        int r = file_names(h, now, before, sizeof(now));

        if (r == 0)
                r = remember(state_fd, h, now, before, &groups, &n);
        h->groups_before_known = r == 0 ? FACT_PRESENT : r == -ENOENT ? FACT_ABSENT : FACT_UNKNOWN;
        if (r < 0)
                return r == -ENOENT ? 0 : r;
        groups_before_free(h->groups_before, h->n_groups_before);
        h->groups_before = groups;
        h->n_groups_before = n;
        return 0;
}
