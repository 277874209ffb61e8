/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rebind/state.h"

#define WISHES "wishes"

int wishes_load(int state_fd, Host *h) {
        Wish *wishes = NULL;
        size_t n = 0, size;
        char *text;
        int r = state_get(state_fd, WISHES, &text, &size);

        if (r == 0) {
                r = wishes_parse(text, size, &wishes, &n);
                free(text);
        } else if (r == -ENOENT) {
                r = 0;
        }
        h->wishes_known = r < 0 ? FACT_UNKNOWN : FACT_PRESENT;
        if (r < 0)
                return r;
        wishes_free(h->wishes, h->n_wishes);
        h->wishes = wishes;
        h->n_wishes = n;
        return 0;
}

/* Too many to be read again would be lost, all of them. Returns: 0, -E2BIG or -errno. */
static int store(int state_fd, const Wish *wishes, size_t n) {
        size_t size, n_again;
        Wish *again;
        char *text;
        int r = wishes_format(wishes, n, &text, &size);

        if (r < 0)
                return r;
        r = wishes_parse(text, size, &again, &n_again);
        if (r == 0)
                wishes_free(again, n_again);
        r = r == -EBADMSG ? -E2BIG : r < 0 ? r : state_put(state_fd, WISHES, text, size);
        free(text);
        return r;
}

static int wish_copy(Wish *dst, const Wish *src) {
        Wish copy = { .match = WISH_ADDRESS, .address = src->address, .identity = src->identity,
                      .group = src->group };
        char name[ADDRESS_TEXT_MAX];
        int r = 0;

        copy.name = strdup(address_format(&src->address, name));
        copy.driver = src->driver ? strdup(src->driver) : NULL;
        if (!copy.name || (src->driver && !copy.driver))
                r = -ENOMEM;
        for (size_t i = 0; r == 0 && i < src->with.n; i++)
                r = address_list_add(&copy.with, &src->with.items[i]);
        for (size_t i = 0; r == 0 && i < src->n_accept; i++)
                r = names_add(&copy.accept, &copy.n_accept, src->accept[i]);
        if (r < 0)
                wish_clear(&copy);
        else
                *dst = copy;
        return r;
}

static bool same_wish(const Wish *a, const Wish *b) {
        char *texts[2] = { NULL, NULL };
        size_t sizes[2];
        bool same = wishes_format(a, 1, &texts[0], &sizes[0]) == 0 &&
                    wishes_format(b, 1, &texts[1], &sizes[1]) == 0 && sizes[0] == sizes[1] &&
                    memcmp(texts[0], texts[1], sizes[0]) == 0;

        free(texts[0]);
        free(texts[1]);
        return same;
}

/* Returns: the index of the wish for an address, or how many there are. */
static size_t find(const Host *h, const Address *a) {
        size_t i = 0;

        while (i < h->n_wishes && address_compare(&h->wishes[i].address, a) != 0)
                i++;
        return i;
}

int wish_add(int state_fd, Host *h, const Wish *w) {
        size_t i = find(h, &w->address), n = i < h->n_wishes ? h->n_wishes : h->n_wishes + 1;
        Wish *list, new;
        int r;

        if (h->wishes_known != FACT_PRESENT)
                return -ENODATA;
        if (i < h->n_wishes && same_wish(&h->wishes[i], w))
                return 0;
        list = calloc(n, sizeof(Wish));
        if (!list)
                return -ENOMEM;
        if (h->n_wishes > 0)
                memcpy(list, h->wishes, h->n_wishes * sizeof(Wish));
        r = wish_copy(&new, w);
        if (r >= 0) {
                list[i] = new;
                r = store(state_fd, list, n);
                if (r < 0)
                        wish_clear(&new);
        }
        if (r < 0) {
                free(list);
                return r;
        }
        if (i < h->n_wishes)
                wish_clear(&h->wishes[i]);
        free(h->wishes);
        h->wishes = list;
        h->n_wishes = n;
        return 1;
}

int wish_remove(int state_fd, Host *h, const Address *a) {
        size_t i = find(h, a);
        Wish *list;
        int r;

        if (h->wishes_known != FACT_PRESENT)
                return -ENODATA;
        if (i == h->n_wishes)
                return 0;
        list = calloc(h->n_wishes, sizeof(Wish));
        if (!list)
                return -ENOMEM;
        memcpy(list, h->wishes, i * sizeof(Wish));
        memcpy(list + i, h->wishes + i + 1, (h->n_wishes - i - 1) * sizeof(Wish));
        r = store(state_fd, list, h->n_wishes - 1);
        if (r < 0) {
                free(list);
                return r;
        }
        wish_clear(&h->wishes[i]);
        free(h->wishes);
        h->wishes = list;
        h->n_wishes--;
        return 1;
}
