/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>

#include "names.h"
#include "rebind/check.h"

/* Returns: true if an unbind of the transaction, or of its rollback, takes the member from a driver. */
static bool is_to_be_unbound(const Transaction *t, const Managed *m, const Text *now) {
        return text_is(now, m->moved_to) ||
               (t->kind == PLAN_PREPARE && now->fact == FACT_PRESENT);
}

/* Returns: 0, or -EBUSY with the cause. */
static int check_member(const Backend *b, const Managed *m, char **ret_cause) {
        char address[ADDRESS_TEXT_MAX], words[ERROR_WORDS_MAX];
        unsigned n = 0;
        int r = b->count_functions(b->userdata, &m->address, &n);

        address_format(&m->address, address);
        if (r < 0 && r != -ENODEV)
                return cause_set(ret_cause, -EBUSY, "whether %s has virtual functions, which would "
                                 "vanish, could not be read (%s)", address, error_words(r, words));
        if (r < 0 || n == 0)
                return 0;
        return cause_set(ret_cause, -EBUSY, "%s has %u virtual functions, which would vanish: stop "
                         "what uses them and write 0 to its sriov_numvfs", address, n);
}

int check_functions(const Backend *b, const Transaction *t, char **ret_cause) {
        int r = 0;

        for (size_t i = 0; r == 0 && i < t->n_members; i++) {
                const Managed *m = &t->members[i];
                char *cause = NULL;
                Text now;

                /* What is gone, or is another device, is not touched; what cannot be read stays. */
                r = check_identity(b, t, m, &cause);
                free(cause);
                if (r == -ENODEV || b->read_driver(b->userdata, &m->address, &now) < 0) {
                        r = 0;
                        continue;
                }
                r = is_to_be_unbound(t, m, &now) ? check_member(b, m, ret_cause) : 0;
                text_unset(&now, FACT_UNKNOWN);
        }
        return r;
}

int check_free(const Backend *b, const Transaction *t, const char **ret_error, char **ret_cause) {
        int r = check_use(b, t, ret_cause);

        if (r < 0) {
                *ret_error = VFIOD_ERROR_IN_USE;
                return r;
        }
        r = check_functions(b, t, ret_cause);
        if (r < 0)
                *ret_error = VFIOD_ERROR_NOT_SUPPORTED;
        return r;
}
