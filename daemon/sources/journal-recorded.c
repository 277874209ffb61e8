/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sources/journal-recorded.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sources/journal-export.h"

/* A size is not asked for more than once: what the file has become meanwhile is left out. */
int journal_recorded_read(const Root *root, char **ret, size_t *ret_length) {
        int fd = root_open(root, JOURNAL_RECORDED_FILE, O_RDONLY | O_NONBLOCK), error = 0;
        char *text = NULL;
        size_t n = 0;
        struct stat st;

        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0)
                error = -errno;
        else if (!S_ISREG(st.st_mode))
                error = -EINVAL;
        else if (st.st_size > JOURNAL_RECORDED_MAX)
                error = -EFBIG;
        else if (!(text = malloc((size_t) st.st_size + 1)))
                error = -ENOMEM;
        while (error == 0 && n < (size_t) st.st_size) {
                ssize_t k = read(fd, text + n, (size_t) st.st_size - n);

                if (k < 0 && errno != EINTR)
                        error = -errno;
                if (k == 0)
                        break;
                n += k > 0 ? (size_t) k : 0;
        }
        close(fd);
        if (error < 0) {
                free(text);
                return error;
        }
        *ret = text;
        *ret_length = n;
        return 0;
}

static bool same_boot(const JournalEntry *a, const JournalEntry *b) {
        return a->boot_length == b->boot_length &&
                (a->boot_length == 0 || memcmp(a->boot, b->boot, a->boot_length) == 0);
}

void journal_recorded_deliver(const char *text, size_t n, const JournalHandlers *handlers,
                              void *userdata) {
        JournalEntry entry, last = {0};
        const char *at = text;
        size_t left = n;
        bool begins = false, gap = false;
        int r = -ENOENT;

        while (text && (r = journal_export_next(&at, &left, &entry)) > 0)
                if (entry.kernel)
                        last = entry;
        at = text;
        left = n;
        while (text && journal_export_next(&at, &left, &entry) > 0) {
                if (!same_boot(&entry, &last))
                        continue;
                if (entry.gap)
                        handlers->lost(userdata);
                gap = gap || entry.gap;
                if (!entry.kernel)
                        continue;
                begins = begins || journal_begins(&entry.record);
                handlers->record(&entry.record, true, userdata);
        }
        handlers->backlog_end(r < 0 ? FACT_UNKNOWN : fact_of(begins && !gap), userdata);
}
