/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test-sources-journal-fixture.h"

#include <endian.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

#define BANNER "Linux version 6.1.0-99-amd64 (debian-kernel@lists.debian.org)"
#define MANY   100000u

static const Wanted banner = {.message = BANNER, .monotonic_usec = 1};

/* A source whose follower waits. Returns: the follower. */
static pid_t follow(Fixture *x) {
        pid_t child;

        fixture_open(x);
        fixture_append(x, "system", &banner, 1);
        fixture_start_to_end(x, 1);
        CHECK(x->complete == FACT_PRESENT);
        fixture_run(x, 400);
        child = fixture_child();
        CHECK(child != 0);
        return child;
}

static void test_killed(void) {
        static const int signals[] = {SIGBUS, SIGKILL};
        Fixture x;
        pid_t child = follow(&x);

        for (unsigned i = 0; i < 2; i++) {
                uint64_t before = fixture_now();

                CHECK(kill(child, signals[i]) == 0);
                AWAIT(&x, x.n_lost >= i + 1);
                /* What comes while nobody reads is read by the next one. */
                fixture_append_many(&x, "system", "unseen", 3);
                AWAIT(&x, x.n_followed >= 3 * (i + 1));
                /* Not at once: 1 s, then 2 s. */
                CHECK(fixture_now() - before > (i + 1) * UINT64_C(900000));
                child = fixture_child();
                CHECK(child != 0);
        }
        fixture_run(&x, 300);
        CHECK(x.n_followed == 6 && x.n_lost == 2 && x.n_ends == 1);
        fixture_close(&x);
}

/* The child of the backlog is killed before it has said anything. */
static void test_killed_in_backlog(void) {
        Fixture x;

        fixture_open(&x);
        CHECK(rmdir(x.directory) == 0);
        fixture_start_to_end(&x, 1);
        CHECK(x.complete == FACT_UNKNOWN && kill(fixture_child(), SIGKILL) == 0);
        CHECK(mkdir(x.directory, 0755) == 0);
        fixture_append(&x, "system", &banner, 1);
        AWAIT(&x, x.n_ends >= 2);
        CHECK(x.complete == FACT_PRESENT && x.n_backlog == 1 && x.n_lost == 0);
        fixture_close(&x);
}

/* A file that is cut while it is mapped: to nothing, then to its header. */
static void test_truncated(void) {
        for (unsigned i = 0; i < 2; i++) {
                char path[256];
                Fixture x;

                follow(&x);
                snprintf(path, sizeof(path), "%s", fixture_path(&x, "system"));
                CHECK(truncate(path, i == 0 ? 0 : 4096) == 0);
                fixture_run(&x, 500);
                CHECK(i == 1 || x.n_lost > 0);
                /* What journald does then: the file is set aside and a new one begun. */
                CHECK(rename(path, fixture_path(&x, "system@broken")) == 0);
                fixture_append_many(&x, "system", "new", 5);
                AWAIT(&x, x.n_followed >= 5);
                fixture_run(&x, 300);
                CHECK(x.n_followed == 5 && x.n_ends == 1);
                fixture_close(&x);
        }
}

/* Where the last object of a journal file begins (tail_object_offset in the journal's file format). */
static uint64_t end_of_objects(const char *path) {
        uint64_t offset;
        FILE *f = fopen(path, "r");

        CHECK(f && fseek(f, 136, SEEK_SET) == 0 && fread(&offset, sizeof(offset), 1, f) == 1);
        fclose(f);
        return le64toh(offset);
}

/* An archived file is cut below what its header says, and the backlog still comes to its end. Where
 * nothing but space set aside is cut off, newer libraries (systemd 262) read all there is. */
static void test_truncated_archive(void) {
        for (unsigned i = 0; i < 2; i++) {
                struct stat st;
                const char *path;
                Fixture x;

                fixture_open(&x);
                fixture_append(&x, "system@1", &banner, 1);
                fixture_append_many(&x, "system@1", "old", 1000);
                fixture_append_many(&x, "system", "new", 10);
                path = fixture_path(&x, "system@1");
                CHECK(stat(path, &st) == 0);
                CHECK(truncate(path, i == 0 ? st.st_size / 2
                                            : (off_t) end_of_objects(path) - 65536) == 0);
                fixture_start_to_end(&x, 1);
                /* All of it, or not complete; that some are gone, libsystemd 262 does not tell. */
                CHECK(i == 0 ? x.n_backlog == 1011 || x.complete != FACT_PRESENT
                             : x.n_backlog < 1011);
                CHECK(x.n_backlog >= 10);
                fixture_append_many(&x, "system", "live", 2);
                AWAIT(&x, x.n_followed >= 2);
                fixture_close(&x);
        }
}

/* Each page of a live journal is overwritten in turn, without a change of size. */
static void test_corrupt(void) {
        static char noise[4096];
        struct stat st;
        Fixture x;
        int fd;

        memset(noise, 0xa5, sizeof(noise));
        follow(&x);
        fixture_append_many(&x, "system", "fine", 50);
        AWAIT(&x, x.n_followed >= 50);
        fd = open(fixture_path(&x, "system"), O_WRONLY | O_CLOEXEC);
        CHECK(fd >= 0 && fstat(fd, &st) == 0);
        for (off_t at = 4096; at + 4096 <= st.st_size && at < 64 * 4096; at += 4096)
                CHECK(pwrite(fd, noise, sizeof(noise), at) == sizeof(noise));
        close(fd);
        fixture_run(&x, 500);
        CHECK(unlink(fixture_path(&x, "system")) == 0);
        fixture_append_many(&x, "system", "new", 5);
        AWAIT(&x, x.n_followed >= 55);
        fixture_close(&x);
}

static void test_large_backlog(void) {
        unsigned long before, after;
        uint64_t start;
        Fixture x;

        fixture_open(&x);
        x.keep_none = true;
        fixture_append(&x, "system", &banner, 1);
        fixture_append_many(&x, "system",
                            "vfio-pci 0000:01:00.0: a message that is as long as most of them are",
                            MANY);
        before = fixture_status(0, "VmHWM:");
        start = fixture_now();
        fixture_start(&x);
        AWAIT(&x, x.n_ends >= 1);
        after = fixture_status(0, "VmHWM:");
        printf("%u records in %lu ms, peak RSS %lu -> %lu KiB", x.n_backlog,
               (unsigned long) (fixture_now() - start) / 1000, before, after);
        CHECK(x.n_backlog == MANY + 1 && x.complete == FACT_PRESENT && x.n_lost == 0);
        CHECK(after - before < 4096);
        fixture_run(&x, 500);
        CHECK(fixture_child() != 0);
        printf(", follower %lu KiB, of which its own %lu KiB\n",
               fixture_status(fixture_child(), "VmRSS:"),
               fixture_status(fixture_child(), "RssAnon:"));
        fixture_close(&x);
}

/* More than 1000 records in a second are dropped, counted, and said to be lost once. */
static void test_flood(void) {
        Fixture x;

        follow(&x);
        x.keep_none = true;
        fixture_append_many(&x, "system", "flood", 5000);
        AWAIT(&x, x.n_followed + journal_source_dropped(x.source) >= 5000);
        CHECK(x.n_followed >= 1000 && x.n_followed < 5000 && x.n_lost >= 1 && x.n_lost <= 5);
        fixture_run(&x, 1200);
        x.n_followed = 0;
        fixture_append_many(&x, "system", "after", 3);
        AWAIT(&x, x.n_followed >= 3);
        fixture_close(&x);
}

static unsigned long switches(pid_t pid) {
        return fixture_status(pid, "voluntary_ctxt_switches:");
}

static void test_idle(void) {
        Fixture x;
        pid_t child = follow(&x);
        unsigned long before = switches(child);

        sleep(3);
        CHECK(switches(child) == before && fixture_child() == child);
        /* Nor where there is no journal at all. */
        fixture_close(&x);
        fixture_open(&x);
        CHECK(rmdir(x.directory) == 0);
        fixture_start_to_end(&x, 1);
        child = fixture_child();
        fixture_run(&x, 300);
        before = switches(child);
        sleep(3);
        CHECK(switches(child) == before && fixture_child() == child);
        fixture_close(&x);
}

/* Freed at any point: no child stays, and the loop goes on. */
static void test_freed(void) {
        for (unsigned i = 0; i < 12; i++) {
                Fixture x;

                fixture_open(&x);
                fixture_append_many(&x, "system", "record", 2000);
                fixture_start(&x);
                for (unsigned turn = 0; turn < i; turn++)
                        CHECK(sd_event_run(x.event, 1000) >= 0);
                fixture_close(&x);
        }
}

/* The daemon dies without a word, and its child with it. */
static void test_daemon_killed(void) {
        int pipes[2], fds;
        pid_t daemon, child = 0;

        CHECK(pipe2(pipes, O_CLOEXEC) == 0);
        daemon = fork();
        CHECK(daemon >= 0);
        if (daemon == 0) {
                Fixture x;

                child = follow(&x);
                tree_free(&x.tree);
                CHECK(write(pipes[1], &child, sizeof(child)) == sizeof(child));
                for (;;)
                        pause();
        }
        CHECK(read(pipes[0], &child, sizeof(child)) == sizeof(child) && child > 0);
        CHECK(kill(daemon, SIGKILL) == 0 && waitpid(daemon, &fds, 0) == daemon);
        /* Dead, if perhaps not reaped by whoever has it now. */
        for (unsigned i = 0; kill(child, 0) == 0 && i < 100; i++) {
                char path[64], state[64] = "";
                FILE *f;

                snprintf(path, sizeof(path), "/proc/%d/stat", (int) child);
                f = fopen(path, "re");
                if (f && fscanf(f, "%*d %*s %63s", state) == 1 && strcmp(state, "Z") == 0)
                        i = 1000;
                if (f)
                        fclose(f);
                CHECK(i != 99);
                usleep(20000);
        }
        close(pipes[0]);
        close(pipes[1]);
}

static bool write_file(const char *path, const char *text) {
        int fd = open(path, O_WRONLY | O_CLOEXEC);
        bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t) strlen(text);

        if (fd >= 0)
                close(fd);
        return done;
}

/* No inotify instance, or no watch, is to be had: late, but not never. In a user namespace, which
 * has limits of its own. */
static void test_no_inotify(const char *limit) {
        int status;
        pid_t pid = fork();

        CHECK(pid >= 0);
        if (pid == 0) {
                Fixture x;

                if (unshare(CLONE_NEWUSER) < 0 || !write_file(limit, "0")) {
                        printf("%s: cannot be set here, not tested\n", limit);
                        fflush(stdout);
                        _exit(0);
                }
                fixture_open(&x);
                fixture_append(&x, "system", &banner, 1);
                fixture_start_to_end(&x, 1);
                CHECK(x.complete == FACT_PRESENT);
                fixture_run(&x, 300);
                fixture_append_many(&x, "system", "late", 2);
                fixture_append_many(&x, "other", "late", 2);
                AWAIT(&x, x.n_followed >= 4);
                CHECK(x.n_lost == 0 && x.n_ends == 1);
                fixture_close(&x);
                exit(0);
        }
        CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

int main(void) {
        setlinebuf(stdout);
        test_killed();
        test_killed_in_backlog();
        test_truncated();
        test_truncated_archive();
        test_corrupt();
        test_large_backlog();
        test_flood();
        test_idle();
        test_freed();
        test_daemon_killed();
        test_no_inotify("/proc/sys/user/max_inotify_instances");
        test_no_inotify("/proc/sys/user/max_inotify_watches");
        return 0;
}
