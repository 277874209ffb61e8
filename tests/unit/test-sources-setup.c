/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sources/setup-files.h"
#include "sources/setup-text.h"
#include "test-sources-tree.h"

/* Lines of files that say how a host is set up, and the order of those files. */

static void test_frame_buffers(void) {
        static const struct {
                const char *line;
                uint64_t start, end; /* 0-0 with owner NULL: not one */
                const char *owner;
        } cases[] = {
                { "  c0000000-c07e8fff : BOOTFB\n", 0xc0000000, 0xc07e8fff, "BOOTFB" },
                { "        4000000000-40007e8fff : efifb", 0x4000000000, 0x40007e8fff, "efifb" },
                { "c0000000-c07e8fff : simpledrm", 0xc0000000, 0xc07e8fff, "simpledrm" },
                { "  00000000-00000000 : BOOTFB\n", 0, 0, "BOOTFB" },
                { "  c0000000-cfffffff : 0000:01:00.0\n", 0, 0, NULL },
                { "  c0000000-cfffffff : PCI Bus 0000:01\n", 0, 0, NULL },
                { "  c0000000-bfffffff : BOOTFB\n", 0, 0, NULL },
                { "  c0000000 : BOOTFB\n", 0, 0, NULL },
                { "  c0000000-cfffffff x : BOOTFB\n", 0, 0, NULL },
                { "11111111111111111-2 : BOOTFB\n", 0, 0, NULL },
                { "BOOTFB", 0, 0, NULL },
                { "", 0, 0, NULL },
        };

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                char line[128], *owner = NULL;
                uint64_t start = 1, end = 1;
                bool found;

                strcpy(line, cases[i].line);
                found = setup_text_frame_buffer(line, &start, &end, &owner);
                if (found != (cases[i].owner != NULL))
                        fprintf(stderr, "frame buffer case %zu\n", i);
                CHECK(found == (cases[i].owner != NULL));
                CHECK(!found || (start == cases[i].start && end == cases[i].end &&
                                 strcmp(owner, cases[i].owner) == 0));
        }
}

static void test_resources(void) {
        uint64_t start, end;

        CHECK(setup_text_resource("0x00000000c0000000 0x00000000cfffffff 0x000000000014220c", &start,
                                  &end));
        CHECK(start == 0xc0000000 && end == 0xcfffffff);
        /* Ports, what is not there, and nonsense. */
        CHECK(!setup_text_resource("0x000000000000e000 0x000000000000e07f 0x0000000000040101",
                                   &start, &end));
        CHECK(!setup_text_resource("0x0 0x0 0x0", &start, &end));
        CHECK(!setup_text_resource("0xc0000000 0xcfffffff", &start, &end));
        CHECK(!setup_text_resource("c0000000 cfffffff 200", &start, &end));
        CHECK(!setup_text_resource("", &start, &end));
}

static void test_variants(void) {
        char *pattern, *module;
        char good[] = "alias vfio_pci:v000015B3d0000101Esv*sd*bc*sc*i* mlx5_vfio_pci\n";
        char other[] = "alias pci:v000015B3d0000101Esv*sd*bc*sc*i* mlx5_core\n";
        char shorter[] = "alias vfio_pci:v*d*\n";
        char longer[] = "alias vfio_pci:v*d* a b\n";

        CHECK(setup_text_variant(good, &pattern, &module));
        CHECK(strcmp(pattern, "vfio_pci:v000015B3d0000101Esv*sd*bc*sc*i*") == 0);
        CHECK(strcmp(module, "mlx5_vfio_pci") == 0);
        CHECK(!setup_text_variant(other, &pattern, &module));
        CHECK(!setup_text_variant(shorter, &pattern, &module));
        CHECK(!setup_text_variant(longer, &pattern, &module));
}

static void test_modprobe(void) {
        static const struct {
                const char *line;
                SetupModprobe kind;
                const char *value;
        } cases[] = {
                { "options vfio-pci ids=10de:1c02,10de:10f1", MODPROBE_IDS, "10de:1c02,10de:10f1" },
                { "\toptions  vfio_pci disable_idle_d3=1 ids=10de:1c02 ", MODPROBE_IDS,
                  "10de:1c02" },
                { "options vfio-pci ids=1:2 ids=3:4", MODPROBE_IDS, "3:4" },
                { "options vfio-pci ids=\"1:2\"", MODPROBE_IDS, "1:2" },
                { "options vfio-pci ids=", MODPROBE_NOTHING, NULL },
                { "options vfio-pci disable_vga=1", MODPROBE_NOTHING, NULL },
                { "options vfio ids=1:2", MODPROBE_NOTHING, NULL },
                { "options pci-stub ids=1:2", MODPROBE_NOTHING, NULL },
                { "# options vfio-pci ids=1:2", MODPROBE_NOTHING, NULL },
                { "softdep nouveau pre: vfio-pci", MODPROBE_SOFTDEP, "nouveau" },
                { "softdep drm pre: vfio vfio_pci post: x", MODPROBE_SOFTDEP, "drm" },
                { "softdep vfio-pci post: nouveau", MODPROBE_NOTHING, NULL },
                { "softdep nouveau post: vfio-pci", MODPROBE_NOTHING, NULL },
                { "softdep", MODPROBE_NOTHING, NULL },
                { "blacklist nouveau", MODPROBE_NOTHING, NULL },
                { "", MODPROBE_NOTHING, NULL },
        };

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                char line[128], *value = NULL;
                SetupModprobe kind;

                strcpy(line, cases[i].line);
                kind = setup_text_modprobe(line, &value);
                if (kind != cases[i].kind)
                        fprintf(stderr, "modprobe: %s\n", cases[i].line);
                CHECK(kind == cases[i].kind);
                CHECK(!cases[i].value || strcmp(value, cases[i].value) == 0);
        }
}

static void test_limits(void) {
        static const struct {
                const char *line;
                const char *domain; /* NULL: no limit is read */
                uint64_t bytes;
        } cases[] = {
                { "@kvm - memlock 17825792", "@kvm", UINT64_C(17825792) << 10 },
                { "alice\tsoft\tmemlock\tunlimited", "alice", UINT64_MAX },
                { "* - memlock -1", "*", UINT64_MAX },
                { "* - memlock infinity # all", "*", UINT64_MAX },
                { "* - memlock 99999999999999999999", NULL, 0 },
                { "* - memlock 18446744073709551000", "*", UINT64_MAX },
                { "* hard memlock unlimited", NULL, 0 },
                { "* - nofile 1024", NULL, 0 },
                { "* - memlock", NULL, 0 },
                { "* - memlock 8M", NULL, 0 },
                { "#* - memlock 1", NULL, 0 },
                { "", NULL, 0 },
        };
        uint64_t bytes;

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                char line[128], *domain = NULL;
                bool found;

                strcpy(line, cases[i].line);
                found = setup_text_limit(line, &domain, &bytes);
                if (found != (cases[i].domain != NULL))
                        fprintf(stderr, "limit: %s\n", cases[i].line);
                CHECK(found == (cases[i].domain != NULL));
                CHECK(!found || (strcmp(domain, cases[i].domain) == 0 && bytes == cases[i].bytes));
        }
}

static void test_default_limits(void) {
        static const struct {
                const char *line;
                uint64_t bytes; /* 0: none is read */
        } cases[] = {
                { "DefaultLimitMEMLOCK=8M", UINT64_C(8) << 20 },
                { " DefaultLimitMEMLOCK = 64G:infinity", UINT64_C(64) << 30 },
                { "DefaultLimitMEMLOCK=65536", 65536 },
                { "DefaultLimitMEMLOCK=infinity", UINT64_MAX },
                { "#DefaultLimitMEMLOCK=8M", 0 },
                { "DefaultLimitNOFILE=8M", 0 },
                { "DefaultLimitMEMLOCK=", 0 },
                { "DefaultLimitMEMLOCK=8X", 0 },
                { "DefaultLimitMEMLOCK 8M", 0 },
        };

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                uint64_t bytes = 0;
                char line[128];

                strcpy(line, cases[i].line);
                CHECK(setup_text_default_limit(line, &bytes) == (cases[i].bytes != 0));
                if (bytes != cases[i].bytes)
                        fprintf(stderr, "default limit: %s\n", cases[i].line);
                CHECK(bytes == cases[i].bytes);
        }
}

typedef struct Seen {
        char text[512];
        int answer;
} Seen;

static int note_file(const Root *root, const char *path, void *userdata) {
        Seen *s = userdata;

        strcat(strcat(s->text, path), ";");
        return s->answer;
}

static int note_line(char *line, unsigned number, const char *path, void *userdata) {
        Seen *s = userdata;
        size_t n = strlen(s->text);

        snprintf(s->text + n, sizeof(s->text) - n, "%u:%s;", number, line);
        return s->answer;
}

static void test_files(void) {
        Tree t = tree_new();
        Seen s = {.text = ""};
        Root *r;

        tree_file(&t, "etc/systemd/system.conf.d/b.conf", "");
        tree_file(&t, "etc/systemd/system.conf.d/README", "");
        tree_file(&t, "etc/systemd/system.conf.d/.hidden.conf", "");
        tree_file(&t, "usr/lib/systemd/system.conf.d/a.conf", "");
        tree_file(&t, "usr/lib/systemd/system.conf.d/b.conf", "");
        tree_file(&t, "etc/driverctl.d/pci-0000:01:00.0", "vfio-pci\n");
        tree_file(&t, "etc/driverctl.d/vmbus-x", "uio\n");
        tree_link(&t, "lib", "usr/lib");
        CHECK(root_new(t.path, &r) == 0);
        CHECK(setup_files_each(r, SETUP_SYSTEMD, note_file, &s) == 0);
        /* By name, whatever directory; the first directory has the say. */
        CHECK(strcmp(s.text, "/etc/systemd/system.conf;/usr/lib/systemd/system.conf.d/a.conf;/etc/systemd/system.conf.d/b.conf;") == 0);
        s.text[0] = 0;
        CHECK(setup_files_each(r, SETUP_DRIVERCTL, note_file, &s) == 0);
        CHECK(strcmp(s.text, "/etc/driverctl.d/pci-0000:01:00.0;") == 0);
        s = (Seen) {.answer = -EIO};
        CHECK(setup_files_each(r, SETUP_SYSTEMD, note_file, &s) == -EIO);
        CHECK(strcmp(s.text, "/etc/systemd/system.conf;") == 0);
        root_free(r);
        /* What is there and cannot be listed is not nothing. */
        tree_file(&t, ".unreadable", "etc/systemd/system.conf.d EACCES\n");
        CHECK(root_new(t.path, &r) == 0);
        s = (Seen) {.answer = 0};
        CHECK(setup_files_each(r, SETUP_SYSTEMD, note_file, &s) == -EACCES);
        root_free(r);
        tree_free(&t);
}

static void test_lines(void) {
        Tree t = tree_new();
        Seen s = {.text = ""};
        Root *r;

        tree_file(&t, "x", "one\n\ntwo \\\nthree\\\nfour\nfive\\");
        CHECK(root_new(t.path, &r) == 0);
        CHECK(setup_file_lines(r, "/x", note_line, &s) == 0);
        CHECK(strcmp(s.text, "1:one;2:;3:two threefour;6:five;") == 0);
        s = (Seen) {.answer = 7};
        CHECK(setup_file_lines(r, "/x", note_line, &s) == 7 && strcmp(s.text, "1:one;") == 0);
        CHECK(setup_file_lines(r, "/not-there", note_line, &s) == 0);
        root_free(r);
        tree_free(&t);
}

static void test_nodes(void) {
        char access[128], expected[128];
        struct stat st;
        Tree t = tree_new();
        Root *r;

        tree_file(&t, ".nodes", "dev/vfio/1 0600 root root\ndev/vfio/15 0660 root kvm\n");
        CHECK(root_new(t.path, &r) == 0);
        CHECK(setup_node_access(r, "/dev/vfio/15", access, sizeof(access)) == 0);
        CHECK(strcmp(access, "0660 root kvm") == 0);
        CHECK(setup_node_access(r, "/dev/vfio/5", access, sizeof(access)) == -ENOENT);
        root_free(r);
        tree_free(&t);
        /* The live host: no name for either id that is not in its files. */
        CHECK(root_new("/", &r) == 0 && stat("/dev/null", &st) == 0);
        CHECK(setup_node_access(r, "/dev/null", access, sizeof(access)) == 0);
        snprintf(expected, sizeof(expected), "%04o ", st.st_mode & 07777u);
        CHECK(strncmp(access, expected, strlen(expected)) == 0);
        CHECK(setup_node_access(r, "/dev/vfio/4294967295", access, sizeof(access)) == -ENOENT);
        root_free(r);
}

int main(void) {
        test_frame_buffers();
        test_resources();
        test_variants();
        test_modprobe();
        test_limits();
        test_default_limits();
        test_files();
        test_lines();
        test_nodes();
        return 0;
}
