/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sources/journal-reader.h"

#include <errno.h>
#include <unistd.h>

#include "sources/journal-wait.h"

/* How long to leave alone a journal that cannot be read although something happened to it. */
#define PAUSE_MIN_MSEC 1000
#define PAUSE_MAX_MSEC 60000

void reader_close(Reader *x) {
        sd_journal_close(x->journal);
        x->journal = NULL;
        x->journal_fd = -1;
        x->watched = false;
}

/* This boot, and of it the kernel's own records, and where journald says that it missed some. */
static int add_matches(sd_journal *j) {
        char boot[9 + SD_ID128_STRING_MAX] = "_BOOT_ID=";
        sd_id128_t id;
        int r = sd_id128_get_boot(&id);

        if (r < 0)
                return r;
        sd_id128_to_string(id, boot + 9);
        r = sd_journal_add_match(j, boot, 0);
        r = r < 0 ? r : sd_journal_add_conjunction(j);
        r = r < 0 ? r : sd_journal_add_match(j, "_TRANSPORT=kernel", 0);
        r = r < 0 ? r : sd_journal_add_match(j, "SYSLOG_FACILITY=0", 0);
        r = r < 0 ? r : sd_journal_add_disjunction(j);
        r = r < 0 ? r : sd_journal_add_match(j, "_TRANSPORT=driver", 0);
        return r < 0 ? r : sd_journal_add_match(j, JOURNAL_MATCH_MISSED, 0);
}

/* Opens the journal. Returns: 0; -ENODATA if not one file of it can be read; -errno. */
static int open_now(Reader *x) {
        uint64_t from, to;
        int r;

        if (x->task->directory)
                r = sd_journal_open_directory(&x->journal, x->task->directory, 0);
        else
                r = sd_journal_open(&x->journal, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM);
        if (r < 0)
                return r == -ENOENT || r == -ENOTDIR || r == -EACCES || r == -EPERM ? -ENODATA : r;
        /* At once: files that come and go before that are not noticed (systemd issue 7998). */
        x->journal_fd = sd_journal_get_fd(x->journal);
        x->watched = x->journal_fd >= 0 && sd_journal_reliable_fd(x->journal) > 0 &&
                journal_is_watched(x->journal_fd, x->task->directory);
        r = sd_journal_get_cutoff_realtime_usec(x->journal, &from, &to);
        if (r <= 0)
                return r < 0 ? r : -ENODATA;
        /* Long fields are cut while they are read, before they are copied. */
        r = sd_journal_set_data_threshold(x->journal, (size_t) 2 * JOURNAL_MESSAGE_MAX);
        return r < 0 ? r : add_matches(x->journal);
}

/* Opens the journal; where there is none, says so, and waits until something happens there.
 * Returns: as open_now(). */
static int try_once(Reader *x, bool *said, int pause) {
        /* First: a directory that comes after the look at it must not be missed. */
        int fds[2] = {journal_watch_directories(x->task->directory), -1};
        int r = open_now(x), waited = 0;

        if (r == -ENODATA) {
                bool told = fds[0] >= 0 && (!x->journal || x->watched);

                if (!*said)
                        waited = reader_say(x, JOURNAL_LINE_MISSING);
                *said = true;
                if (waited >= 0)
                        waited = reader_flush(x);
                fds[1] = x->journal_fd;
                if (waited >= 0)
                        waited = journal_wait(x->pipe, fds, 2, told ? -1 : pause);
        }
        if (fds[0] >= 0)
                close(fds[0]);
        return waited < 0 ? waited : r;
}

int reader_open(Reader *x) {
        bool said = false;
        int pause = PAUSE_MIN_MSEC, r;

        for (;;) {
                r = try_once(x, &said, pause);
                if (r != -ENODATA)
                        return r;
                reader_close(x);
                r = journal_wait(x->pipe, NULL, 0, pause);
                if (r < 0)
                        return r;
                pause = pause < PAUSE_MAX_MSEC / 2 ? 2 * pause : PAUSE_MAX_MSEC;
        }
}
