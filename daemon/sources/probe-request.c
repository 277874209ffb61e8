/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sources/probe-helper.h"

#define PREFIX "vfiod-probe 1 "

/*
 * "vfiod-probe 1 WHAT DEVICES GROUPS", then that many addresses and that many groups, a line each.
 */

int probe_request_format(const ProbeTask *t, unsigned what, char **ret, size_t *ret_size) {
        char address[ADDRESS_TEXT_MAX], *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        if (!f)
                return -ENOMEM;
        fprintf(f, PREFIX "%u %zu %zu\n", what, t->n_devices, t->n_groups);
        for (size_t i = 0; i < t->n_devices; i++)
                fprintf(f, "%s\n", address_format(&t->devices[i], address));
        for (size_t i = 0; i < t->n_groups; i++)
                fprintf(f, "%u\n", t->groups[i]);
        if (fclose(f) != 0) {
                free(text);
                return -ENOMEM;
        }
        *ret = text;
        *ret_size = size;
        return 0;
}

/* What is left of a request. */
typedef struct Rest {
        const char *at, *end;
} Rest;

/* Takes a number and the character behind it. Returns: 0 or -EBADMSG. */
static int take_number(Rest *r, unsigned long max, char behind, unsigned long *ret) {
        unsigned long value = 0;
        const char *p = r->at;

        for (; p < r->end && *p >= '0' && *p <= '9'; p++) {
                value = value * 10 + (unsigned long) (*p - '0');
                if (value > max)
                        return -EBADMSG;
        }
        if (p == r->at || p == r->end || *p != behind || (*r->at == '0' && p > r->at + 1))
                return -EBADMSG;
        r->at = p + 1;
        *ret = value;
        return 0;
}

static int take_address(Rest *r, Address *ret) {
        const char *end = memchr(r->at, '\n', (size_t) (r->end - r->at));
        char text[ADDRESS_TEXT_MAX];
        size_t length;

        if (!end)
                return -EBADMSG;
        length = (size_t) (end - r->at);
        if (length >= sizeof(text))
                return -EBADMSG;
        memcpy(text, r->at, length);
        text[length] = 0;
        r->at = end + 1;
        return strlen(text) == length && address_parse(text, ret) == 0 ? 0 : -EBADMSG;
}

static int take_lists(Rest *r, ProbeRequest *ret) {
        int error = 0;

        for (size_t i = 0; error == 0 && i < ret->n_devices; i++)
                error = take_address(r, &ret->devices[i]);
        for (size_t i = 0; error == 0 && i < ret->n_groups; i++) {
                unsigned long group;

                error = take_number(r, UINT_MAX, '\n', &group);
                if (error == 0)
                        ret->groups[i] = (unsigned) group;
        }
        return error == 0 && r->at != r->end ? -EBADMSG : error;
}

int probe_request_parse(const char *text, size_t size, ProbeRequest *ret) {
        Rest r = { text, text + size };
        unsigned long what, devices, groups;
        ProbeRequest new = { 0 };
        int error;

        if (size < strlen(PREFIX) || memcmp(text, PREFIX, strlen(PREFIX)) != 0)
                return -EBADMSG;
        r.at += strlen(PREFIX);
        if (take_number(&r, UINT_MAX, ' ', &what) < 0 ||
            take_number(&r, PROBE_REQUEST_MAX, ' ', &devices) < 0 ||
            take_number(&r, PROBE_REQUEST_MAX, '\n', &groups) < 0)
                return -EBADMSG;
        new = (ProbeRequest) { .what = (unsigned) what, .n_devices = devices, .n_groups = groups,
                               .devices = calloc(devices + 1, sizeof(Address)),
                               .groups = calloc(groups + 1, sizeof(unsigned)) };
        error = new.devices && new.groups ? take_lists(&r, &new) : -ENOMEM;
        if (error < 0) {
                probe_request_clear(&new);
                return error;
        }
        *ret = new;
        return 0;
}

void probe_request_clear(ProbeRequest *r) {
        free(r->devices);
        free(r->groups);
        *r = (ProbeRequest) { 0 };
}
