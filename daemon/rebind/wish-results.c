/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>

#include "rebind/record-text.h"
#include "rebind/state.h"

#define RESULTS     "wish-results"
#define PREFIX      "vfiod-wish-results"
#define RESULTS_MAX 65536u

int wish_results_format(const WishResult *results, size_t n, char **ret, size_t *ret_size) {
        Writer w;
        int r = writer_open(&w);

        if (r < 0)
                return r;
        writer_list_head(&w, PREFIX, n);
        for (size_t i = 0; i < n; i++) {
                writer_words(&w, "result");
                writer_address(&w, &results[i].address);
                writer_words(&w, " %d", results[i].late);
                writer_string(&w, results[i].message);
                writer_end(&w);
        }
        return writer_close(&w, ret, ret_size);
}

static int parse_result(Reader *line, WishResult *ret) {
        Text message = { 0 };
        uint64_t late;
        int r;

        if (!reader_is(line, "result") || reader_address(line, &ret->address) < 0 ||
            reader_number(line, 1, &late) < 0)
                return -EBADMSG;
        r = reader_text(line, &message);
        ret->late = late;
        ret->message = message.value;
        return r < 0 ? r : reader_done(line);
}

int wish_results_parse(const char *text, size_t size, WishResult **ret, size_t *ret_n) {
        uint64_t n_results;
        size_t offset = 0, n = 0;
        WishResult *results;
        Reader line;
        int r = 0;

        if (reader_list_head(text, size, &offset, PREFIX, RESULTS_MAX, &n_results) < 0)
                return -EBADMSG;
        results = calloc(n_results + 1, sizeof(*results));
        if (!results)
                return -ENOMEM;
        for (; r == 0 && n < n_results; n++)
                r = reader_line(text, size, &offset, &line) > 0 ? parse_result(&line, &results[n])
                                                                : -EBADMSG;
        if (r == 0 && offset != size)
                r = -EBADMSG;
        if (r < 0) {
                wish_results_free(results, n);
                return r;
        }
        *ret = results;
        *ret_n = n;
        return 0;
}

int wish_results_load(int runtime_fd, Host *h) {
        WishResult *results;
        size_t n, size;
        char *text;
        int r = state_get(runtime_fd, RESULTS, &text, &size);

        if (r < 0)
                return r == -ENOENT ? 0 : r;
        r = wish_results_parse(text, size, &results, &n);
        free(text);
        if (r < 0)
                return r;
        wish_results_free(h->wish_results, h->n_wish_results);
        h->wish_results = results;
        h->n_wish_results = n;
        return 0;
}

int wish_results_store(int runtime_fd, const Host *h) {
        size_t size;
        char *text;
        int r = wish_results_format(h->wish_results, h->n_wish_results, &text, &size);

        if (r < 0)
                return r;
        r = state_put(runtime_fd, RESULTS, text, size);
        free(text);
        return r;
}
