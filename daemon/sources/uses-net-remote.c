/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sources/uses-internal.h"
#include "sources/uses-net-internal.h"
#include "sources/uses-tables.h"

/* Who is at the other end: remote logins, and storage that comes over the network. */

#define STATE_ESTABLISHED 1
#define PORT_SSH 22

/* The words are hexadecimal numbers in the order of this machine (net/ipv4/tcp_ipv4.c,
 * get_tcp4_sock()). */
static bool parse_remote(const char *text, TcpLine *ret) {
        size_t words = strlen(text) == 8 ? 1 : strlen(text) == 32 ? 4 : 0;

        for (size_t i = 0; i < words; i++) {
                char part[9] = { 0 };
                uint32_t value;
                char *end;

                memcpy(part, text + 8 * i, 8);
                value = (uint32_t) strtoul(part, &end, 16);
                if (*end)
                        return false;
                memcpy(ret->remote + 4 * i, &value, sizeof(value));
        }
        ret->family = words == 1 ? AF_INET : AF_INET6;
        return words > 0;
}

bool net_parse_tcp(const char *line, TcpLine *ret) {
        char remote[40];

        *ret = (TcpLine){ 0 };
        return sscanf(line, " %*u: %*32[0-9A-Fa-f]:%x %39[0-9A-Fa-f]:%x %x %*x:%*x %*x:%*x %*x %*u "
                            "%*u %lu",
                      &ret->local_port, remote, &ret->remote_port, &ret->state,
                      &ret->inode) == 5 &&
               parse_remote(remote, ret);
}

/* IPv4 in an IPv6 socket is routed as IPv4. */
static const void *plain_address(const void *address, int *family) {
        static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };

        if (*family != AF_INET6 || memcmp(address, mapped, sizeof(mapped)) != 0)
                return address;
        *family = AF_INET;
        return (const char *) address + sizeof(mapped);
}

static void add_remote(Look *l, Net *n, UseKind kind, const void *address, int family,
                       const char *what, bool of_process) {
        char text[64], detail[96], evidence[192];
        int index;

        address = plain_address(address, &family);
        index = net_look_up(address, family);
        if (index <= 0 || !inet_ntop(family, address, text, sizeof(text)))
                return;
        snprintf(detail, sizeof(detail), "%s %s %s", what,
                 kind == USE_CONNECTION ? "from" : "at", text);
        snprintf(evidence, sizeof(evidence), "leads to %s: %s", text, what);
        if (net_add_use(n, index, kind, detail, evidence, of_process) < 0)
                l->error = -ENOMEM;
}

/* Returns: the process that holds the socket, or NULL. */
static const OpenFile *find_socket(const Look *l, unsigned long inode) {
        char target[64];

        snprintf(target, sizeof(target), "socket:[%lu]", inode);
        for (size_t i = 0; i < l->processes.n_files; i++)
                if (strcmp(l->processes.files[i].target, target) == 0)
                        return &l->processes.files[i];
        return NULL;
}

static void look_at_connection(Look *l, Net *n, const TcpLine *t) {
        const OpenFile *f = find_socket(l, t->inode);
        char what[128];

        if (t->state != STATE_ESTABLISHED || (!f && t->local_port != PORT_SSH))
                return;
        if (f)
                snprintf(what, sizeof(what), "%s (process %d)", f->command, (int) f->pid);
        else
                snprintf(what, sizeof(what), "ssh");
        add_remote(l, n, f && strcmp(f->command, "nbd-client") == 0 ? USE_NETWORK_STORAGE
                                                                    : USE_CONNECTION,
                   t->remote, t->family, what, f != NULL);
}

static void look_at_connections(Look *l, Net *n, const char *path) {
        int fd = root_open(l->root, path, O_RDONLY);
        char *line = NULL;
        size_t size = 0;
        TcpLine t;
        FILE *f;

        if (fd < 0)
                return;
        f = fdopen(fd, "re");
        if (!f) {
                close(fd);
                l->error = -ENOMEM;
                return;
        }
        while (getline(&line, &size, f) > 0)
                if (net_parse_tcp(line, &t))
                        look_at_connection(l, n, &t);
        free(line);
        fclose(f);
}

/* Takes an address, which something but a letter of one must follow. */
static void add_remote_text(Look *l, Net *n, const char *text, const char *what) {
        unsigned char address[16];
        char copy[64];
        size_t size = strspn(text, "0123456789abcdefABCDEF.:");

        if (*text == '[')
                size = strspn(++text, "0123456789abcdefABCDEF.:");
        if (size == 0 || size >= sizeof(copy))
                return;
        memcpy(copy, text, size);
        copy[size] = 0;
        if (inet_pton(AF_INET, copy, address) == 1)
                add_remote(l, n, USE_NETWORK_STORAGE, address, AF_INET, what, false);
        else if (inet_pton(AF_INET6, copy, address) == 1)
                add_remote(l, n, USE_NETWORK_STORAGE, address, AF_INET6, what, false);
        else if (strchr(copy, ':')) { /* "10.0.0.1:6789:/" */
                copy[strcspn(copy, ":")] = 0;
                if (inet_pton(AF_INET, copy, address) == 1)
                        add_remote(l, n, USE_NETWORK_STORAGE, address, AF_INET, what, false);
        }
}

/* nfs and cifs say whom they have found as an option, others are mounted from an address. */
static void look_at_mount(Look *l, Net *n, struct libmnt_fs *fs) {
        static const char *const types[] = { "nfs", "nfs4", "cifs", "smb3", "ceph", "9p", "afs",
                                             "fuse.sshfs", "fuse.glusterfs" };
        const char *type = mnt_fs_get_fstype(fs), *options = mnt_fs_get_fs_options(fs), *found;
        char what[128];

        for (size_t i = 0; type && i < sizeof(types) / sizeof(types[0]); i++) {
                if (strcmp(type, types[i]) != 0)
                        continue;
                snprintf(what, sizeof(what), "%s (%s)", mnt_fs_get_target(fs), type);
                found = options ? strstr(options, ",addr=") : NULL;
                if (found || (options && strncmp(options, "addr=", 5) == 0))
                        add_remote_text(l, n, found ? found + 6 : options + 5, what);
                else if (mnt_fs_get_source(fs))
                        add_remote_text(l, n, mnt_fs_get_source(fs), what);
        }
}

static void look_at_mounts(Look *l, Net *n) {
        struct libmnt_table *table;
        struct libmnt_iter *iterator;
        struct libmnt_fs *fs;
        unsigned bad;

        if (table_read(l->root, "/proc/self/mountinfo", &table, &bad) < 0)
                return; /* said of the disks already */
        iterator = mnt_new_iter(MNT_ITER_FORWARD);
        while (iterator && mnt_table_next_fs(table, iterator, &fs) == 0)
                look_at_mount(l, n, fs);
        mnt_free_iter(iterator);
        mnt_unref_table(table);
}

/* The two attributes of a controller or connection that name the other end. */
static const struct {
        const char *directory, *attribute, *prefix, *what;
} transports[] = {
        { "/sys/class/iscsi_connection", "address", "", "iSCSI" },
        { "/sys/class/iscsi_connection", "persistent_address", "", "iSCSI" },
        { "/sys/class/nvme", "address", "traddr=", "NVMe over fabrics" },
};

static void look_at_transports(Look *l, Net *n) {
        char path[PATH_MAX], text[256];
        struct dirent *entry;
        DIR *d;

        for (size_t i = 0; i < sizeof(transports) / sizeof(transports[0]); i++) {
                size_t prefix = strlen(transports[i].prefix);

                if (root_opendir(l->root, transports[i].directory, &d) < 0)
                        continue;
                while ((entry = readdir(d))) {
                        snprintf(path, sizeof(path), "%s/%s/%s", transports[i].directory,
                                 entry->d_name, transports[i].attribute);
                        if (entry->d_name[0] != '.' &&
                            root_read(l->root, path, text, sizeof(text)) > 0 &&
                            strncmp(text, transports[i].prefix, prefix) == 0)
                                add_remote_text(l, n, text + prefix, transports[i].what);
                }
                closedir(d);
        }
}

void net_look_at_remotes(Look *l, Net *n) {
        look_at_connections(l, n, "/proc/net/tcp");
        look_at_connections(l, n, "/proc/net/tcp6");
        look_at_mounts(l, n);
        look_at_transports(l, n);
}
