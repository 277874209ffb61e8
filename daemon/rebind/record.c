/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rebind/record.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rebind/fault.h"
#include "rebind/record-format.h"
#include "rebind/record-store.h"

int runtime_open(const char *path) {
        int fd = store_open_root(path), r;

        if (fd < 0)
                return fd;
        r = store_make_directory(fd, RECORD_TRANSACTIONS);
        if (r == 0)
                r = store_make_directory(fd, RECORD_SETS);
        if (r < 0) {
                close(fd);
                return r;
        }
        return fd;
}

bool transaction_is_current(const Transaction *t) {
        char boot_id[BOOT_ID_MAX];

        return boot_id_read(boot_id) == 0 && strcmp(boot_id, t->boot_id) == 0;
}

/* Raises *id to the highest number in use in a directory. Returns: 0 or -errno. */
static int raise_to_highest(int runtime_fd, const char *directory, unsigned *id) {
        unsigned *ids;
        size_t n;
        int r;

        r = store_list(runtime_fd, directory, &ids, &n);
        if (r < 0)
                return r;
        if (n > 0 && ids[n - 1] > *id)
                *id = ids[n - 1];
        free(ids);
        return 0;
}

/* A set is numbered after the transaction that made it, so both count. */
static int next_id(int runtime_fd, unsigned above, unsigned *ret) {
        int r = raise_to_highest(runtime_fd, RECORD_TRANSACTIONS, &above);

        if (r == 0)
                r = raise_to_highest(runtime_fd, RECORD_SETS, &above);
        if (r < 0)
                return r;
        if (above == UINT_MAX)
                return -ENOSPC;
        *ret = above + 1;
        return 0;
}

int transaction_create(int runtime_fd, const Plan *plan, uint64_t deadline_usec, unsigned above,
                       unsigned *ret_id) {
        char boot_id[BOOT_ID_MAX], *text;
        size_t size;
        unsigned id = 0;
        int r;

        if (plan->n_members > RECORD_MEMBERS_MAX || plan->n_steps > RECORD_STEPS_MAX)
                return -E2BIG;
        r = boot_id_read(boot_id);
        if (r >= 0)
                r = next_id(runtime_fd, above, &id);
        if (r >= 0)
                r = transaction_format(id, boot_id, plan, deadline_usec, &text, &size);
        if (r < 0)
                return r;
        fault_point("before-transaction-create");
        r = store_put(runtime_fd, RECORD_TRANSACTIONS, id, false, text, size);
        fault_point("after-transaction-create");
        free(text);
        if (r == 0)
                *ret_id = id;
        return r;
}

int transaction_read(int runtime_fd, unsigned id, Transaction **ret) {
        Transaction *t;
        size_t size;
        char *text;
        int fd, r;

        fd = store_open(runtime_fd, RECORD_TRANSACTIONS, id, O_RDONLY | O_NONBLOCK);
        if (fd < 0)
                return fd;
        r = store_read(fd, &text, &size);
        close(fd);
        if (r < 0)
                return r;
        r = transaction_parse(text, size, &t);
        free(text);
        if (r < 0)
                return r;
        if (t->id != id) { /* a copy that somebody made */
                transaction_free(t);
                return -EBADMSG;
        }
        *ret = t;
        return 0;
}

int transaction_remove(int runtime_fd, unsigned id) {
        int r;

        fault_point("before-transaction-remove");
        r = store_remove(runtime_fd, RECORD_TRANSACTIONS, id);
        fault_point("after-transaction-remove");
        return r;
}

int transaction_list(int runtime_fd, unsigned **ret_ids, size_t *ret_n) {
        return store_list(runtime_fd, RECORD_TRANSACTIONS, ret_ids, ret_n);
}

int transaction_is_locked(int runtime_fd, unsigned id) {
        int fd, r = 0;

        /* Not for writing: closing it must not look like the worker's end to job_adopt(). */
        fd = store_open(runtime_fd, RECORD_TRANSACTIONS, id, O_RDONLY | O_NONBLOCK);
        if (fd < 0)
                return fd;
        /* Shared, so that two who only look do not see each other. */
        if (flock(fd, LOCK_SH | LOCK_NB) < 0)
                r = errno == EWOULDBLOCK ? 1 : -errno;
        close(fd);
        return r;
}

int set_store(int runtime_fd, const ManagedSet *set) {
        char boot_id[BOOT_ID_MAX], *text;
        size_t size;
        int r;

        r = boot_id_read(boot_id);
        if (r >= 0)
                r = set_format(set, boot_id, &text, &size);
        if (r < 0)
                return r;
        fault_point("before-set-store");
        r = store_put(runtime_fd, RECORD_SETS, set->id, true, text, size);
        fault_point("after-set-store");
        free(text);
        return r;
}

int set_remove(int runtime_fd, unsigned id) {
        int r;

        fault_point("before-set-remove");
        r = store_remove(runtime_fd, RECORD_SETS, id);
        fault_point("after-set-remove");
        return r;
}

/* Returns: 0, -EBADMSG if the file is not a set of this boot, or another -errno. */
static int set_load(int runtime_fd, unsigned id, const char *boot_id, ManagedSet *ret) {
        char written[BOOT_ID_MAX];
        ManagedSet set;
        size_t size;
        char *text;
        int fd, r;

        fd = store_open(runtime_fd, RECORD_SETS, id, O_RDONLY | O_NONBLOCK);
        if (fd < 0)
                return fd;
        r = store_read(fd, &text, &size);
        close(fd);
        if (r < 0)
                return r;
        r = set_parse(text, size, &set, written);
        free(text);
        if (r < 0)
                return r;
        if (set.id != id || strcmp(written, boot_id) != 0) {
                managed_set_clear(&set);
                return -EBADMSG;
        }
        *ret = set;
        return 0;
}

static int add_set(Host *h, ManagedSet *set) {
        ManagedSet *more = reallocarray(h->sets, h->n_sets + 1, sizeof(*more));

        if (!more) {
                managed_set_clear(set);
                return -ENOMEM;
        }
        h->sets = more;
        h->sets[h->n_sets++] = *set;
        return 0;
}

int sets_load(int runtime_fd, Host *h, size_t *ret_bad) {
        char boot_id[BOOT_ID_MAX];
        size_t n, bad = 0;
        ManagedSet set;
        unsigned *ids;
        int r;

        r = boot_id_read(boot_id);
        if (r >= 0)
                r = store_list(runtime_fd, RECORD_SETS, &ids, &n);
        if (r < 0)
                return r;
        for (size_t i = 0; r == 0 && i < n; i++) {
                r = set_load(runtime_fd, ids[i], boot_id, &set);
                if (r == 0)
                        r = add_set(h, &set);
                else if (r != -ENOMEM) {
                        bad++;
                        r = 0;
                }
        }
        free(ids);
        if (r == 0)
                *ret_bad = bad;
        return r;
}
