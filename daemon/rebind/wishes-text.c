/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rebind/record-text.h"
#include "rebind/state.h"

#define PREFIX     "vfiod-wishes"
#define WISHES_MAX 4096u
#define WITH_MAX   4096u

int wishes_format(const Wish *wishes, size_t n, char **ret, size_t *ret_size) {
        Writer w;
        int r = writer_open(&w);

        if (r < 0)
                return r;
        writer_list_head(&w, PREFIX, n);
        for (size_t i = 0; i < n; i++) {
                const Wish *wish = &wishes[i];

                writer_words(&w, "wish");
                writer_address(&w, &wish->address);
                writer_words(&w, " %04x %04x %04x %04x", wish->identity.vendor_id,
                             wish->identity.device_id, wish->identity.subsystem_vendor_id,
                             wish->identity.subsystem_device_id);
                writer_string(&w, wish->driver);
                writer_words(&w, " %d %zu", wish->group, wish->with.n);
                for (size_t j = 0; j < wish->with.n; j++)
                        writer_address(&w, &wish->with.items[j]);
                writer_words(&w, " %zu", wish->n_accept);
                for (size_t j = 0; j < wish->n_accept; j++)
                        writer_string(&w, wish->accept[j]);
                writer_end(&w);
        }
        return writer_close(&w, ret, ret_size);
}

static int parse_with(Reader *line, Wish *w) {
        uint64_t n;
        Address a;
        int r = 0;

        if (reader_number(line, WITH_MAX, &n) < 0)
                return -EBADMSG;
        for (; r == 0 && n > 0; n--)
                r = reader_address(line, &a) < 0 ? -EBADMSG : address_list_add(&w->with, &a);
        return r;
}

static int parse_accept(Reader *line, Wish *w) {
        uint64_t n;
        int r = 0;

        if (reader_number(line, WITH_MAX, &n) < 0)
                return -EBADMSG;
        for (; r == 0 && n > 0; n--) {
                char *text;

                r = reader_string(line, &text);
                if (r == 0) {
                        r = names_add(&w->accept, &w->n_accept, text);
                        free(text);
                }
        }
        return r < 0 ? r : reader_done(line);
}

static int parse_wish(Reader *line, Wish *w) {
        char name[ADDRESS_TEXT_MAX];
        Text driver = { 0 };
        uint32_t ids[4];
        uint64_t group;
        int r;

        if (!reader_is(line, "wish") || reader_address(line, &w->address) < 0)
                return -EBADMSG;
        for (size_t i = 0; i < 4; i++)
                if (reader_hex(line, 4, &ids[i]) < 0)
                        return -EBADMSG;
        w->match = WISH_ADDRESS;
        w->identity = (WishIds) { .given = true, .with_subsystem = true,
                                  .vendor_id = (uint16_t) ids[0], .device_id = (uint16_t) ids[1],
                                  .subsystem_vendor_id = (uint16_t) ids[2],
                                  .subsystem_device_id = (uint16_t) ids[3] };
        w->name = strdup(address_format(&w->address, name));
        r = w->name ? reader_text(line, &driver) : -ENOMEM;
        w->driver = driver.value;
        if (r < 0)
                return r;
        if (reader_number(line, 1, &group) < 0)
                return -EBADMSG;
        w->group = group;
        r = parse_with(line, w);
        return r < 0 ? r : parse_accept(line, w);
}

int wishes_parse(const char *text, size_t size, Wish **ret, size_t *ret_n) {
        uint64_t n_wishes;
        size_t offset = 0, n = 0;
        Reader line;
        Wish *wishes;
        int r = 0;

        if (reader_list_head(text, size, &offset, PREFIX, WISHES_MAX, &n_wishes) < 0)
                return -EBADMSG;
        wishes = calloc(n_wishes + 1, sizeof(Wish));
        if (!wishes)
                return -ENOMEM;
        for (; r == 0 && n < n_wishes; n++)
                r = reader_line(text, size, &offset, &line) > 0 ? parse_wish(&line, &wishes[n])
                                                                : -EBADMSG;
        if (r == 0 && offset != size)
                r = -EBADMSG;
        if (r < 0) {
                wishes_free(wishes, n);
                return r;
        }
        *ret = wishes;
        *ret_n = n;
        return 0;
}
