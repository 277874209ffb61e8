/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test-sources-journal-fixture.h"

#include <inttypes.h>
#include <spawn.h>
#include <sys/wait.h>
#include <systemd/sd-id128.h>
#include <time.h>

#define REMOTE "/lib/systemd/systemd-journal-remote"

static uint64_t clock_usec = 0;

static void on_record(const JournalRecord *r, bool backlog, void *userdata) {
        Fixture *x = userdata;
        unsigned i = x->n_kept;

        *(backlog ? &x->n_backlog : &x->n_followed) += 1;
        x->bytes += r->length;
        if (x->keep_none || i >= FIXTURE_KEPT)
                return;
        x->kept[i] = malloc(r->length + 1);
        CHECK(x->kept[i]);
        memcpy(x->kept[i], r->message, r->length);
        x->kept[i][r->length] = 0;
        x->lengths[i] = r->length;
        x->monotonic[i] = r->monotonic_usec;
        x->realtime[i] = r->realtime_usec;
        snprintf(x->devices[i], sizeof(x->devices[i]), "%s", r->device ? r->device : "none");
        x->n_kept++;
}

static void on_end(Fact complete, void *userdata) {
        Fixture *x = userdata;

        x->n_ends++;
        x->complete = complete;
}

static void on_lost(void *userdata) {
        ((Fixture *) userdata)->n_lost++;
}

uint64_t fixture_now(void) {
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t) t.tv_sec * 1000000 + (uint64_t) t.tv_nsec / 1000;
}

void fixture_open(Fixture *x) {
        *x = (Fixture) {.tree = tree_new()};
        if (access(REMOTE, X_OK) < 0) {
                fprintf(stderr, "%s is missing: install the package systemd-journal-remote\n",
                        REMOTE);
                exit(1);
        }
        snprintf(x->directory, sizeof(x->directory), "%s/journal", x->tree.path);
        tree_directory(&x->tree, "journal");
        tree_directory(&x->tree, "work");
        CHECK(root_new("/", &x->root) == 0);
        CHECK(sd_event_new(&x->event) == 0);
}

void fixture_start(Fixture *x) {
        static const JournalHandlers handlers = {on_record, on_end, on_lost};

        CHECK(journal_source_new(x->event, x->root, x->directory, &handlers, x, &x->source) == 0);
        CHECK(x->n_ends == 0 && x->n_lost == 0 && x->n_backlog == 0);
}

void fixture_start_to_end(Fixture *x, unsigned n) {
        fixture_start(x);
        AWAIT(x, x->n_ends >= n);
        CHECK(x->n_ends == n);
}

void fixture_close(Fixture *x) {
        x->source = journal_source_free(x->source);
        AWAIT(x, fixture_child() == 0);
        sd_event_unref(x->event);
        root_free(x->root);
        for (unsigned i = 0; i < x->n_kept; i++)
                free(x->kept[i]);
        tree_free(&x->tree);
}

const char *fixture_path(const Fixture *x, const char *name) {
        static char path[256];

        snprintf(path, sizeof(path), "%s/%s.journal", x->directory, name);
        return path;
}

static void put_binary(FILE *to, const char *name, const char *value, size_t n) {
        uint64_t length = n; /* little endian, as every machine this is built for */

        fprintf(to, "%s\n", name);
        fwrite(&length, sizeof(length), 1, to);
        fwrite(value, 1, n, to);
        fputc('\n', to);
}

void fixture_put(FILE *to, const Wanted *w) {
        char boot[SD_ID128_STRING_MAX];
        sd_id128_t id;

        if (clock_usec == 0)
                clock_usec = (uint64_t) time(NULL) * 1000000 - 3600 * UINT64_C(1000000);
        clock_usec++;
        CHECK(sd_id128_get_boot(&id) == 0);
        fprintf(to, "__REALTIME_TIMESTAMP=%" PRIu64 "\n__MONOTONIC_TIMESTAMP=%" PRIu64 "\n",
                clock_usec, clock_usec % UINT64_C(100000000000));
        fprintf(to, "_BOOT_ID=%s\n", w->boot ? w->boot : sd_id128_to_string(id, boot));
        fprintf(to, "_TRANSPORT=%s\nSYSLOG_FACILITY=%s\nPRIORITY=6\n",
                w->transport ? w->transport : "kernel", w->facility ? w->facility : "0");
        if (w->monotonic_usec > 0)
                fprintf(to, "_SOURCE_MONOTONIC_TIMESTAMP=%" PRIu64 "\n", w->monotonic_usec);
        if (w->device)
                fprintf(to, "_KERNEL_DEVICE=%s\n", w->device);
        if (w->message_id)
                fprintf(to, "MESSAGE_ID=%s\n", w->message_id);
        put_binary(to, "MESSAGE", w->message, w->length ? w->length : strlen(w->message));
        fputc('\n', to);
}

/* Lets systemd-journal-remote append export text to a journal. */
static void import(Fixture *x, const char *name, const char *text) {
        char output[512], *arguments[] = {(char *) REMOTE, output, (char *) text, NULL},
                *environment[] = {(char *) "SYSTEMD_LOG_LEVEL=err", NULL};
        posix_spawn_file_actions_t actions;
        int status;
        pid_t pid;

        snprintf(output, sizeof(output), "--output=%s", fixture_path(x, name));
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
        CHECK(posix_spawn(&pid, REMOTE, &actions, NULL, arguments, environment) == 0);
        posix_spawn_file_actions_destroy(&actions);
        CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

static FILE *new_text(Fixture *x, char path[static TREE_PATH]) {
        FILE *f = fopen(tree_path(&x->tree, "work/import", path), "w");

        CHECK(f);
        return f;
}

void fixture_append(Fixture *x, const char *name, const Wanted *w, size_t n) {
        char path[TREE_PATH];
        FILE *f = new_text(x, path);

        for (size_t i = 0; i < n; i++)
                fixture_put(f, &w[i]);
        CHECK(fclose(f) == 0);
        import(x, name, path);
}

void fixture_append_again(Fixture *x, const char *name) {
        char path[TREE_PATH];

        import(x, name, tree_path(&x->tree, "work/import", path));
}

void fixture_append_many(Fixture *x, const char *name, const char *message, unsigned n) {
        char path[TREE_PATH], text[256];
        FILE *f = new_text(x, path);

        for (unsigned i = 0; i < n; i++) {
                snprintf(text, sizeof(text), "%s %u", message, i);
                fixture_put(f, &(Wanted) {.message = text});
        }
        CHECK(fclose(f) == 0);
        import(x, name, path);
}

pid_t fixture_child(void) {
        char path[64];
        int pid = 0;
        FILE *f;

        snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int) getpid());
        f = fopen(path, "re");
        CHECK(f);
        if (fscanf(f, "%d", &pid) != 1)
                pid = 0;
        fclose(f);
        return pid;
}

unsigned long fixture_status(pid_t pid, const char *word) {
        char path[64], line[256];
        unsigned long value = 0;
        FILE *f;

        snprintf(path, sizeof(path), "/proc/%d/status", (int) (pid ? pid : getpid()));
        f = fopen(path, "re");
        CHECK(f);
        while (fgets(line, sizeof(line), f))
                if (strncmp(line, word, strlen(word)) == 0)
                        value = strtoul(line + strlen(word), NULL, 10);
        fclose(f);
        return value;
}

void fixture_turn(Fixture *x) {
        CHECK(sd_event_run(x->event, 50000) >= 0);
}

void fixture_run(Fixture *x, unsigned msec) {
        uint64_t end = fixture_now() + (uint64_t) msec * 1000;

        while (fixture_now() < end)
                fixture_turn(x);
}
