/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>

#include "rebind/record-format.h"

#define SET_PREFIX "vfiod-set"
#define SET_CLAIMS_MAX 4096

int set_format(const ManagedSet *set, const char *boot_id, char **ret, size_t *ret_size) {
        Writer w;
        int r;

        r = writer_open(&w);
        if (r < 0)
                return r;
        head_format(&w, SET_PREFIX, set->id, boot_id);
        writer_words(&w, "set %zu %zu %zu", set->n_members, set->n_asked, set->n_claims);
        writer_end(&w);
        for (size_t i = 0; i < set->n_members; i++)
                member_format(&w, &set->members[i]);
        for (size_t i = 0; i < set->n_asked; i++) {
                writer_words(&w, "asked");
                writer_address(&w, &set->asked[i]);
                writer_end(&w);
        }
        for (size_t i = 0; i < set->n_claims; i++) {
                writer_words(&w, "claim");
                writer_address(&w, &set->claims[i].device);
                writer_string(&w, set->claims[i].name);
                writer_end(&w);
        }
        return writer_close(&w, ret, ret_size);
}

static int parse_members(const char *text, size_t size, size_t *offset, size_t n, ManagedSet *s) {
        Reader line;
        int r;

        s->members = calloc(n + 1, sizeof(*s->members));
        if (!s->members)
                return -ENOMEM;
        for (; s->n_members < n; s->n_members++) {
                if (reader_line(text, size, offset, &line) <= 0)
                        return -EBADMSG;
                r = member_parse(&line, &s->members[s->n_members]);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int parse_asked(const char *text, size_t size, size_t *offset, size_t n, ManagedSet *s) {
        Reader line;

        s->asked = calloc(n + 1, sizeof(*s->asked));
        if (!s->asked)
                return -ENOMEM;
        for (; s->n_asked < n; s->n_asked++)
                if (reader_line(text, size, offset, &line) <= 0 || !reader_is(&line, "asked") ||
                    reader_address(&line, &s->asked[s->n_asked]) < 0 || reader_done(&line) < 0)
                        return -EBADMSG;
        return 0;
}

static int parse_claims(const char *text, size_t size, size_t *offset, size_t n, ManagedSet *s) {
        Reader line;
        int r;

        s->claims = calloc(n + 1, sizeof(*s->claims));
        if (!s->claims)
                return -ENOMEM;
        for (; s->n_claims < n; s->n_claims++) {
                Claim *c = &s->claims[s->n_claims];

                if (reader_line(text, size, offset, &line) <= 0 || !reader_is(&line, "claim") ||
                    reader_address(&line, &c->device) < 0)
                        return -EBADMSG;
                r = reader_string(&line, &c->name);
                if (r < 0)
                        return r;
                if (reader_done(&line) < 0) {
                        s->n_claims++; /* parsed, so it is to be freed */
                        return -EBADMSG;
                }
        }
        return 0;
}

int set_parse(const char *text, size_t size, ManagedSet *ret, char boot_id[static BOOT_ID_MAX]) {
        uint64_t n_members, n_asked, n_claims;
        ManagedSet s = { 0 };
        size_t offset = 0;
        Reader line;
        int r;

        if (reader_line(text, size, &offset, &line) <= 0 ||
            head_parse(&line, SET_PREFIX, &s.id, boot_id) < 0 ||
            reader_line(text, size, &offset, &line) <= 0 || !reader_is(&line, "set") ||
            reader_number(&line, RECORD_MEMBERS_MAX, &n_members) < 0 ||
            reader_number(&line, RECORD_MEMBERS_MAX, &n_asked) < 0 ||
            reader_number(&line, SET_CLAIMS_MAX, &n_claims) < 0 || reader_done(&line) < 0)
                return -EBADMSG;
        r = parse_members(text, size, &offset, n_members, &s);
        if (r == 0)
                r = parse_asked(text, size, &offset, n_asked, &s);
        if (r == 0)
                r = parse_claims(text, size, &offset, n_claims, &s);
        if (r == 0 && offset != size)
                r = -EBADMSG;
        if (r < 0) {
                managed_set_clear(&s);
                return r;
        }
        *ret = s;
        return 0;
}
