/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "rebind/record-text.h"
#include "rebind/record.h"

/* Between the values of record.h and their text. No I/O. */

/* No plan has more than this. */
#define RECORD_MEMBERS_MAX 4096
#define RECORD_STEPS_MAX   65536

/* The head of a transaction. Returns: 0 or -ENOMEM. */
int transaction_format(unsigned id, const char *boot_id, const Plan *plan, uint64_t deadline_usec,
                       char **ret, size_t *ret_size);
/* As transaction_parse(). *ret_valid: how much of the text is whole lines; what follows is torn. */
int transaction_parse_valid(const char *text, size_t size, Transaction **ret, size_t *ret_valid);

/* Lines of a log, CRC and newline included; the caller frees them. Return: 0 or -ENOMEM. */
int log_format_worker(pid_t worker, char **ret, size_t *ret_size);
int log_format_run(size_t index, char **ret, size_t *ret_size);
int log_format_undo_run(size_t index, const Step *step, char **ret, size_t *ret_size);
int log_format_ok(bool undo, size_t index, char **ret, size_t *ret_size);
int log_format_fail(bool undo, size_t index, int error, const char *text, char **ret,
                    size_t *ret_size);
/* error and message may be NULL. */
int log_format_end(Outcome outcome, const char *error, const char *message, char **ret,
                   size_t *ret_size);
/* Takes one line of a log into t. Returns: 0, -EBADMSG or -ENOMEM. */
int log_parse_line(Reader *line, Transaction *t);

/* A member of a transaction or a set, as a line. The parser returns 0, -EBADMSG or -ENOMEM. */
void member_format(Writer *w, const Managed *m);
int member_parse(Reader *line, Managed *ret);
/* The words of a step, to the end of the line. */
void step_format(Writer *w, const Step *step);
int step_parse(Reader *line, Step *ret);

int set_format(const ManagedSet *set, const char *boot_id, char **ret, size_t *ret_size);
/* Every line has to be whole. boot_id: of the boot it was written in. */
int set_parse(const char *text, size_t size, ManagedSet *ret, char boot_id[static BOOT_ID_MAX]);

/* "PREFIX 1 ID BOOT-ID", the first line of both. */
void head_format(Writer *w, const char *prefix, unsigned id, const char *boot_id);
int head_parse(Reader *line, const char *prefix, unsigned *ret_id,
               char boot_id[static BOOT_ID_MAX]);
