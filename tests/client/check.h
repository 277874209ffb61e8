/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Unlike assert() these say what was there instead, and stay in builds without assertions. */
#define CHECK(condition)                                                                           \
        do {                                                                                       \
                if (!(condition)) {                                                                \
                        fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition);  \
                        exit(1);                                                                   \
                }                                                                                  \
        } while (0)

/** Takes `got`, which must equal `expected`. */
#define CHECK_TEXT(got, expected)                                                                  \
        do {                                                                                       \
                char *_got = (got);                                                                \
                if (!_got || strcmp(_got, (expected)) != 0) {                                      \
                        fprintf(stderr, "%s:%d: '%s', not '%s'\n", __FILE__, __LINE__,             \
                                _got ? _got : "(null)", (expected));                               \
                        exit(1);                                                                   \
                }                                                                                  \
                free(_got);                                                                        \
        } while (0)
