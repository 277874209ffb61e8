/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rebind/fault.h"
#include "rebind/record-format.h"
#include "rebind/record-store.h"
#include "rebind/worker-internal.h"

/* What a line of the log may take at most, and what the text in it is cut to before: a byte may be
 * written as four. */
#define CAUSE_MAX   512u
#define MESSAGE_MAX 8192u
#define LINE_MAX_SIZE (4 * CAUSE_MAX + 64)

/* Appends a line whole or not at all: half a line in the middle would make the record unreadable.
 * Takes text over. */
static int append(Worker *w, char *text, size_t size) {
        struct stat st;
        int r;

        fault_point("before-append");
        if (fstat(w->fd, &st) < 0)
                r = -errno;
        else {
                r = store_write(w->fd, text, size);
                if (r < 0 && ftruncate(w->fd, st.st_size) < 0)
                        r = -EIO;
        }
        free(text);
        fault_point("after-append");
        return r;
}

int worker_log_worker(Worker *w) {
        size_t size;
        char *text;
        int r = log_format_worker(getpid(), &text, &size);

        return r < 0 ? r : append(w, text, size);
}

int worker_log_run(Worker *w, size_t index) {
        size_t size;
        char *text;
        int r = log_format_run(index, &text, &size);

        return r < 0 ? r : append(w, text, size);
}

int worker_log_undo_run(Worker *w, size_t index, const Step *step) {
        size_t size;
        char *text;
        int r = log_format_undo_run(index, step, &text, &size);

        return r < 0 ? r : append(w, text, size);
}

int worker_log_result(Worker *w, bool undo, size_t index, int error, const char *cause) {
        char cut[CAUSE_MAX];
        size_t size;
        char *text;
        int r;

        if (error == 0)
                r = log_format_ok(undo, index, &text, &size);
        else {
                snprintf(cut, sizeof(cut), "%s", cause ? cause : "");
                r = log_format_fail(undo, index, error, cut, &text, &size);
        }
        return r < 0 ? r : append(w, text, size);
}

int worker_log_end(Worker *w, Outcome outcome, const char *error, const char *message) {
        char cut[MESSAGE_MAX];
        size_t size;
        char *text;
        int r;

        snprintf(cut, sizeof(cut), "%s", message ? message : "");
        r = log_format_end(outcome, error, message ? cut : NULL, &text, &size);
        if (r == 0)
                r = append(w, text, size);
        w->ended = r == 0;
        return r;
}

int worker_log_reserve(Worker *w) {
        /* Every step once and, per member, the six of plan_restore_steps(), two lines each. */
        size_t lines = 2 * (w->t->n_steps + 6 * w->t->n_members) + 4;
        size_t room = 4 * MESSAGE_MAX + lines * LINE_MAX_SIZE;
        struct stat st;

        if (fstat(w->fd, &st) < 0)
                return -errno;
        if (fallocate(w->fd, FALLOC_FL_KEEP_SIZE, st.st_size, (off_t) room) == 0)
                return 0;
        /* Only the answer "no room" says anything; not every file system can set room aside. */
        return errno == ENOSPC || errno == EDQUOT || errno == EFBIG ? -errno : 0;
}
