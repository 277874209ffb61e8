/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>

#include "core/private.h"
#include "rebind/check.h"

static bool is_member(const Transaction *t, const char *name) {
        Address a;

        return address_parse(name, &a) == 0 && transaction_member(t, &a);
}

static const GroupDevice *find_device(const GroupDevice *devices, size_t n, const char *name) {
        for (size_t i = 0; i < n; i++)
                if (strcmp(devices[i].name, name) == 0)
                        return &devices[i];
        return NULL;
}

/* One device that the plan does not move. was: it before, or NULL. */
static int check_other(const Transaction *t, const GroupDevice *d, const GroupDevice *was,
                       char **ret_cause) {
        if (!was)
                return cause_set(ret_cause, -ESTALE, "%s appeared in group %u", d->name, t->group);
        if (d->driver.fact == FACT_PRESENT && !text_equal(&d->driver, &was->driver))
                return cause_set(ret_cause, -ESTALE, "%s was bound to %s meanwhile", d->name,
                                 d->driver.value);
        return 0;
}

int check_group(const Backend *b, const Transaction *t, const GroupDevice *before, size_t n_before,
                char **ret_cause) {
        char words[ERROR_WORDS_MAX];
        GroupDevice *now = NULL;
        size_t n = 0;
        int r;

        r = b->list_group(b->userdata, t->group, &now, &n);
        if (r < 0)
                return cause_set(ret_cause, r, "IOMMU group %u could not be read (%s)", t->group,
                                 error_words(r, words));
        for (size_t i = 0; r == 0 && i < n; i++)
                if (!is_member(t, now[i].name))
                        r = check_other(t, &now[i], find_device(before, n_before, now[i].name),
                                        ret_cause);
        group_devices_free(now, n);
        return r;
}

int check_use(const Backend *b, const Transaction *t, char **ret_cause) {
        char words[ERROR_WORDS_MAX];
        GroupUser holder;
        int r;

        r = b->find_holder(b->userdata, t->group, &holder);
        if (r == 0)
                return 0;
        if (r < 0)
                return cause_set(ret_cause, -EBUSY, "whether a process holds group %u could not be "
                                 "told (%s)", t->group, error_words(r, words));
        if (holder.pid == 0)
                return cause_set(ret_cause, -EBUSY, "whether a process holds group %u could not be "
                                 "told", t->group);
        private_clean(holder.command);
        return cause_set(ret_cause, -EBUSY,
                         "group %u is in use by " PRIVATE("%s (process %d)", "a process"),
                         t->group, *holder.command ? holder.command : "a process",
                         (int) holder.pid);
}
