/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sources/root.h"
#include "test-sources-tree.h"

/* What leads out of a recording must end inside it or nowhere. */
static void test_contained(void) {
        Tree t = tree_new();
        char text[64];
        Root *r;

        tree_file(&t, "etc/passwd", "inside\n");
        tree_link(&t, "absolute", "/etc/passwd");
        tree_link(&t, "up", "../../../../../../etc/passwd");
        tree_link(&t, "directory", "/etc");
        tree_link(&t, "group", "/etc/group");
        tree_link(&t, "magic", "/proc/self/root/etc/passwd");
        tree_link(&t, "loop", "loop");
        CHECK(root_new(t.path, &r) == 0 && root_is_recorded(r));
        CHECK(root_read(r, "absolute", text, sizeof(text)) == 6 && strcmp(text, "inside") == 0);
        CHECK(root_read(r, "/up", text, sizeof(text)) == 6 && strcmp(text, "inside") == 0);
        CHECK(root_read(r, "../../etc/passwd", text, sizeof(text)) == 6);
        CHECK(root_read(r, "directory/passwd", text, sizeof(text)) == 6);
        CHECK(root_read(r, "directory/../../../etc/passwd", text, sizeof(text)) == 6);
        CHECK(root_read(r, "group", text, sizeof(text)) == -ENOENT);
        CHECK(root_read(r, "magic", text, sizeof(text)) == -ENOENT);
        CHECK(root_read(r, "loop", text, sizeof(text)) == -ELOOP);
        CHECK(root_exists(r, "group") == FACT_PRESENT); /* the link is there */
        CHECK(root_exists(r, "nothing") == FACT_ABSENT);
        CHECK(root_exists(r, "etc/passwd/nothing") == FACT_ABSENT);
        root_free(r);
        tree_free(&t);
}

static void test_at(void) {
        Tree t = tree_new();
        char text[64];
        Root *r;
        int fd;

        tree_file(&t, "d/file", "text\n\n");
        tree_link(&t, "d/out", "/etc/passwd");
        tree_link(&t, "d/parent", "..");
        CHECK(root_new(t.path, &r) == 0);
        fd = root_open(r, "d", O_RDONLY | O_DIRECTORY);
        CHECK(fd >= 0);
        CHECK(root_read_at(r, fd, "file", text, sizeof(text)) == 5 && strcmp(text, "text\n") == 0);
        CHECK(root_read_at(r, fd, "out", text, sizeof(text)) == -ELOOP);
        CHECK(root_read_link_name_at(r, fd, "out", text, sizeof(text)) == 6);
        CHECK(strcmp(text, "passwd") == 0);
        CHECK(root_read_link_name_at(r, fd, "out", text, 6) == -E2BIG);
        CHECK(root_read_link_name_at(r, fd, "file", text, sizeof(text)) == -EINVAL);
        CHECK(root_open_directory_at(r, fd, "parent") == -ELOOP);
        CHECK(root_open_directory_at(r, fd, "..") == -EXDEV);
        CHECK(root_exists_at(r, fd, "out") == FACT_PRESENT);
        CHECK(root_exists_at(r, fd, "none") == FACT_ABSENT);
        close(fd);
        root_free(r);
        tree_free(&t);
}

static void test_sizes(void) {
        Tree t = tree_new();
        char text[5];
        Root *r;

        tree_file(&t, "four", "abcd");
        tree_file(&t, "five", "abcde");
        tree_file(&t, "empty", "");
        CHECK(root_new(t.path, &r) == 0);
        CHECK(root_read(r, "four", text, sizeof(text)) == 4 && strcmp(text, "abcd") == 0);
        CHECK(root_read(r, "five", text, sizeof(text)) == -E2BIG && strcmp(text, "abcd") == 0);
        CHECK(root_read(r, "empty", text, sizeof(text)) == 0 && text[0] == 0);
        CHECK(root_read_link(r, "four", text, sizeof(text)) == -EINVAL);
        root_free(r);
        tree_free(&t);
}

static void test_unreadable(void) {
        Tree t = tree_new();
        char text[64];
        Root *r;
        int fd;

        tree_file(&t, "real/device/vendor", "0x1\n");
        tree_file(&t, "real/device/class", "0x1\n");
        tree_link(&t, "link", "real/device");
        tree_file(&t, ".unreadable", "real/device/vendor EACCES\n/real/device/driver EIO\n"
                                     "whole ENODEV\nbad NOSUCHERRNO\nnot-a-line\n");
        CHECK(root_new(t.path, &r) == 0 && root_has_unreadable(r));
        CHECK(root_read(r, "real/device/vendor", text, sizeof(text)) == -EACCES);
        CHECK(root_read(r, "/link/vendor", text, sizeof(text)) == -EACCES);
        CHECK(root_read(r, "link/class", text, sizeof(text)) == 3);
        CHECK(root_read_link_name(r, "link/driver", text, sizeof(text)) == -EIO);
        CHECK(root_exists(r, "link/driver") == FACT_UNKNOWN);
        CHECK(root_exists(r, "whole/of/it") == FACT_UNKNOWN);
        CHECK(root_exists(r, "wholesome") == FACT_ABSENT);
        CHECK(root_read(r, "bad", text, sizeof(text)) == -EIO);
        fd = root_open(r, "link", O_RDONLY | O_DIRECTORY);
        CHECK(root_read_at(r, fd, "vendor", text, sizeof(text)) == -EACCES);
        CHECK(root_exists_at(r, fd, "driver") == FACT_UNKNOWN);
        CHECK(root_read_at(r, fd, "class", text, sizeof(text)) == 3);
        close(fd);
        root_free(r);
        tree_free(&t);
}

static void test_live(void) {
        char text[64];
        Root *r;

        CHECK(root_new("/", &r) == 0 && !root_is_recorded(r));
        CHECK(root_read(r, "/proc/sys/kernel/osrelease", text, sizeof(text)) > 0);
        CHECK(root_exists(r, "/proc/self/fd") == FACT_PRESENT);
        root_free(r);
        r = NULL;
        CHECK(root_new("/nonexistent", &r) == -ENOENT && !r);
        CHECK(root_new("/etc/passwd", &r) == -ENOTDIR && !r);
        CHECK(!root_free(NULL));
}

int main(void) {
        test_contained();
        test_at();
        test_sizes();
        test_unreadable();
        test_live();
        return 0;
}
