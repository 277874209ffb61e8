/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "names.h"
#include "sources/settings.h"
#include "test-sources-tree.h"

#define CHECK_STRING(got, expected)                                                                \
        do {                                                                                       \
                const char *_got = (got);                                                          \
                if (!_got || strcmp(_got, (expected)) != 0) {                                      \
                        fprintf(stderr, "%s:%d: '%s', not '%s'\n", __FILE__, __LINE__,             \
                                _got ? _got : "(null)", (expected));                               \
                        exit(1);                                                                   \
                }                                                                                  \
        } while (0)

static Address at(const char *text) {
        Address a;

        CHECK(address_parse(text, &a) == 0);
        return a;
}

/* What was warned of: "FILE:LINE MESSAGE" lines. */
static char said[8192];

static void note(const char *file, unsigned line, const char *message, void *userdata) {
        size_t n = strlen(said);

        (void) userdata;
        snprintf(said + n, sizeof(said) - n, "%s:%u %s\n", file, line, message);
}

static Settings *parse(const char *text) {
        Settings *s = settings_new();

        CHECK(s);
        *said = '\0';
        CHECK(settings_parse(s, "f", text, strlen(text), note, NULL) == 0);
        return s;
}

static bool warned(const char *text) {
        if (!strstr(said, text))
                fprintf(stderr, "'%s' was not said, but: %s", text, said);
        return strstr(said, text);
}

static void test_all_keys(void) {
        Settings *s = parse("[daemon]\nTimeoutSec=5s\n"
                            "[nodes]\n  Group = kvm\n\tMode=0660 ; for all of us\n"
                            "[device my card]\nMatch=01:00.0\nIdentity=10DE:1c03\n"
                            "Driver=nvgrace-gpu_vfio-pci\nWith=01:00.1,0000:02:00.0 group\n"
                            "Accept=boot-display tpm@0000:01:00.1\n"
                            "[device models]\nMatch=10de:1c03:1043:85ac\n");
        Device d = { .address = at("0000:01:00.0"), .ids = FACT_PRESENT, .vendor_id = 0x10de,
                     .device_id = 0x1c03, .subsystem_vendor_id = 0x1043,
                     .subsystem_device_id = 0x85ac };

        CHECK_STRING(said, "");
        CHECK(s->timeout_usec == 5000000);
        CHECK_STRING(s->node_group, "kvm");
        CHECK(s->node_mode_set && s->node_mode == 0660);
        CHECK(s->n_wishes == 2);
        CHECK_STRING(s->wishes[0].name, "my card");
        CHECK_STRING(s->wishes[0].driver, "nvgrace-gpu_vfio-pci");
        CHECK_STRING(s->wishes[0].file, "f");
        CHECK(s->wishes[0].line == 6);
        CHECK(s->wishes[0].match == WISH_ADDRESS && s->wishes[0].identity.given);
        CHECK(s->wishes[0].with.n == 2 && s->wishes[0].group && s->wishes[0].n_accept == 2);
        CHECK_STRING(s->wishes[0].accept[1], "tpm@0000:01:00.1");
        CHECK(wish_matches(&s->wishes[0], &d) == FACT_PRESENT);
        CHECK(wish_matches(&s->wishes[1], &d) == FACT_PRESENT);
        d.subsystem_device_id = 1;
        CHECK(wish_matches(&s->wishes[0], &d) == FACT_PRESENT);
        CHECK(wish_matches(&s->wishes[1], &d) == FACT_ABSENT);
        d.device_id = 1; /* another device stands there now */
        CHECK(wish_matches(&s->wishes[0], &d) == FACT_ABSENT);
        d.ids = FACT_UNKNOWN;
        CHECK(wish_matches(&s->wishes[0], &d) == FACT_UNKNOWN);
        d.address = at("0000:01:00.1");
        CHECK(wish_matches(&s->wishes[0], &d) == FACT_ABSENT);
        settings_free(s);
}

static void test_slot(void) {
        Settings *s = parse("[device a]\nMatch=0000:01:00\n[device b]\nMatch=02:1f\n");
        Device d = { .address = at("0000:01:00.7"), .ids = FACT_UNKNOWN };

        CHECK(s->n_wishes == 2 && s->wishes[0].match == WISH_SLOT);
        CHECK(wish_matches(&s->wishes[0], &d) == FACT_PRESENT);
        CHECK(wish_matches(&s->wishes[1], &d) == FACT_ABSENT);
        settings_free(s);
}

/* A bad line keeps what was there before, is named with its number, and stops nothing after it. */
static void test_bad_values(void) {
        static const struct {
                const char *line, *message;
        } cases[] = {
                { "[daemon]\nTimeoutSec=0", "f:2 TimeoutSec=0 is not a number of seconds" },
                { "[daemon]\nTimeoutSec=3601", "f:2 TimeoutSec=3601" },
                { "[daemon]\nTimeoutSec=5 min", "f:2 TimeoutSec=5 min" },
                { "[daemon]\nTimeoutSec=-1", "f:2 TimeoutSec=-1" },
                { "[daemon]\nTimeout=5", "f:2 unknown key Timeout= in [daemon]" },
                { "[nodes]\nMode=0777", "f:2 Mode=0777 is not an octal mode" },
                { "[nodes]\nMode=4660", "f:2 Mode=4660" },
                { "[nodes]\nMode=rw", "f:2 Mode=rw" },
                { "[nodes]\nGroup=a b", "f:2 Group=a b is not the name of a group" },
                { "[nodes]\nMatch=01:00.0", "f:2 unknown key Match= in [nodes]" },
                { "[Daemon]\nTimeoutSec=9", "f:1 unknown section [Daemon]" },
                { "[device]\nMatch=01:00", "f:1 unknown section [device]" },
                { "[nodes\nMode=0660", "f:1 this header of a section does not end with ']'" },
                { "[nodes] x\nMode=0660", "f:1 this header of a section does not end with ']'" },
                { "TimeoutSec=9", "f:1 TimeoutSec= stands before any [section]" },
                { "[daemon]\nTimeoutSec 9", "f:2 'TimeoutSec 9' is neither a section nor" },
                { "[daemon]\nTimeoutSec ;=9", "f:2 this line is neither a section nor" },
                { "[device x]\nMatch=01:00.0", "f:1 [device x] is passed over. Match= names an addr" },
                { "[device x]\nDriver=vfio-pci", "f:1 [device x] is passed over. Match= is missing" },
                { "[device x]\nMatch=0000:01:00.0.0", "f:2 Match=0000:01:00.0.0 is not an address" },
                { "[device x]\nMatch=10de:1c0", "f:2 Match=10de:1c0 is not" },
                { "[device x]\nIdentity=10de", "f:2 Identity=10de is not VENDOR:DEVICE" },
                { "[device x]\nDriver=../evil", "f:2 Driver=../evil is not the name of a VFIO" },
                { "[device x]\nWith=01:00.1 gruop", "f:2 With=01:00.1 gruop is not addresses" },
                { "[device x]\nAccept=boot-display@1", "f:2 Accept=boot-display@1 is not ids" },
                { "[device x]\nMatch=\x1b[31m", "f:2 Match=?[31m is not an address" },
        };
        char text[256];

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                Settings *s;

                snprintf(text, sizeof(text), "%s\n[nodes]\nGroup=after\n", cases[i].line);
                s = parse(text);
                CHECK(warned(cases[i].message));
                CHECK(s->timeout_usec == VFIOD_TIMEOUT_DEFAULT_USEC);
                CHECK(!s->node_mode_set && s->n_wishes == 0);
                CHECK_STRING(s->node_group, "after");
                settings_free(s);
        }
}

/* inih would cut a long line and take its rest for a line of its own. */
static void test_long_lines(void) {
        char text[1024], *end = text;
        Settings *s;

        end += sprintf(end, "[nodes]\n#");
        for (int i = 0; i < 300; i++)
                *end++ = 'x';
        end += sprintf(end, "\nGroup=");
        for (int i = 0; i < 250; i++)
                *end++ = ' ';
        strcpy(end, "Mode=0666\nMode=0660\n[device ");
        end += strlen(end);
        for (int i = 0; i < 60; i++)
                *end++ = 'n';
        strcpy(end, "]\nMatch=01:00\n");
        s = parse(text);
        CHECK(warned("f:2 this line is longer than 190 characters"));
        CHECK(warned("f:3 this line is longer than 190 characters"));
        CHECK(warned("f:5 the name of this section is longer than 49 characters"));
        CHECK(!s->node_group && s->node_mode == 0660 && s->n_wishes == 0);
        settings_free(s);
}

/* An empty value is the default, a list is replaced by the next. */
static void test_reset(void) {
        Settings *s = parse("[daemon]\nTimeoutSec=5\nTimeoutSec=\n[nodes]\nGroup=a\nGroup=\n"
                            "Mode=0660\nMode=\n[device x]\nMatch=01:00\nWith=group 01:00.1\n"
                            "With=02:00.0\nAccept=a b\nAccept=\nDriver=x\nDriver=\n");

        CHECK_STRING(said, "");
        CHECK(s->timeout_usec == VFIOD_TIMEOUT_DEFAULT_USEC && !s->node_group);
        CHECK(!s->node_mode_set && s->n_wishes == 1);
        CHECK(!s->wishes[0].group && s->wishes[0].with.n == 1 && s->wishes[0].n_accept == 0);
        CHECK(!s->wishes[0].driver);
        settings_free(s);
}

static void test_files(void) {
        Tree t = tree_new();
        Root *root = NULL;
        Settings *s = NULL;

        *said = '\0';
        tree_file(&t, "etc/vfiod/vfiod.conf", "[nodes]\nGroup=main\n[device a]\nMatch=01:00\n");
        tree_file(&t, "etc/vfiod/vfiod.conf.d/20-b.conf", "[nodes]\nGroup=etc\n");
        tree_file(&t, "etc/vfiod/vfiod.conf.d/notes.txt", "[nodes]\nGroup=text\n");
        tree_file(&t, "usr/lib/vfiod/vfiod.conf.d/10-a.conf", "[nodes]\nGroup=usr\nMode=0600\n");
        tree_file(&t, "usr/lib/vfiod/vfiod.conf.d/20-b.conf", "[nodes]\nGroup=hidden\nMode=0666\n");
        tree_file(&t, "usr/lib/vfiod/vfiod.conf.d/30-c.conf", "[device c]\nMatch=03:00\nBad=1\n");
        CHECK(root_new(t.path, &root) == 0);
        CHECK(settings_load(root, note, NULL, &s) == 0);
        CHECK_STRING(s->node_group, "etc");
        CHECK(s->node_mode == 0600 && s->n_wishes == 2);
        CHECK_STRING(said, "/usr/lib/vfiod/vfiod.conf.d/30-c.conf:3 unknown key Bad= in [c]; "
                           "see vfiod.conf(5)\n");
        settings_free(s);
        root_free(root);
        tree_free(&t);
}

static void test_no_files(void) {
        Tree t = tree_new();
        Root *root = NULL;
        Settings *s = NULL;

        *said = '\0';
        CHECK(root_new(t.path, &root) == 0);
        CHECK(settings_load(root, note, NULL, &s) == 0);
        CHECK_STRING(said, "");
        CHECK(s->timeout_usec == VFIOD_TIMEOUT_DEFAULT_USEC && s->n_wishes == 0);
        settings_free(s);
        root_free(root);
        tree_free(&t);
}

/* --- the shipped file and the man page against the table of keys --- */

typedef struct Documents {
        char *conf, *man;
} Documents;

static char *read_file(const char *directory, const char *name) {
        char path[512], *text = calloc(1, 65536);
        FILE *f;

        snprintf(path, sizeof(path), "%s/%s", directory, name);
        f = fopen(path, "re");
        CHECK(f && text);
        CHECK(fread(text, 1, 65535, f) > 0);
        fclose(f);
        return text;
}

/* The section of the man page and a paragraph in it for the key. */
static void check_documented(const char *section, const char *name, void *userdata) {
        const Documents *d = userdata;
        char heading[64], *begin, *end, *found;

        snprintf(heading, sizeof(heading), "\n# [%s%s]\n", section,
                 strcmp(section, "device") == 0 ? " NAME" : "");
        begin = strstr(d->man, heading);
        CHECK(begin);
        end = strstr(begin + 2, "\n# ");
        snprintf(heading, sizeof(heading), "\n*%s=*\n\t", name);
        found = strstr(begin, heading);
        if (!found || found > end)
                fprintf(stderr, "vfiod.conf(5) does not tell of %s=\n", name);
        CHECK(found && found < end);
        snprintf(heading, sizeof(heading), strcmp(section, "device") == 0 ? "\n# %s=" : "\n#%s=",
                 name);
        if (!strstr(d->conf, heading))
                fprintf(stderr, "vfiod.conf does not show %s=\n", name);
        CHECK(strstr(d->conf, heading));
}

static unsigned count(const char *text, const char *what) {
        unsigned n = 0;

        for (const char *p = text; (p = strstr(p, what)); p += strlen(what))
                n++;
        return n;
}

static void test_documents(const char *source) {
        Documents d = { read_file(source, "conf/vfiod.conf"),
                        read_file(source, "conf/vfiod.conf.5.scd") };
        Settings *s = parse(d.conf);
        size_t n;

        /* As it is shipped it says nothing. */
        CHECK_STRING(said, "");
        CHECK(!s->node_group && s->n_wishes == 0);
        settings_free(s);
        n = settings_keys(check_documented, &d);
        /* Nothing is documented that is not there. */
        CHECK(count(d.man, "=*\n\t") == n);
        /* With every # of a key taken away it says the defaults, and its example can be used. */
        for (char *p = d.conf; (p = strstr(p, "\n#")); p += 2) {
                char *key = p + 2 + (p[2] == ' ');

                if (*key == '[' || (key[strspn(key, "abcdefghijklmnopqrstuvwxyz"
                                                    "ABCDEFGHIJKLMNOPQRSTUVWXYZ")] == '='))
                        memset(p + 1, ' ', (size_t) (key - p - 1));
        }
        s = parse(d.conf);
        CHECK_STRING(said, "");
        CHECK(s->timeout_usec == VFIOD_TIMEOUT_DEFAULT_USEC && !s->node_group && !s->node_mode_set);
        CHECK(s->n_wishes == 1);
        CHECK(s->wishes[0].match == WISH_ADDRESS && s->wishes[0].identity.given);
        CHECK(s->wishes[0].with.n == 1 && s->wishes[0].n_accept == 1);
        settings_free(s);
        free(d.conf);
        free(d.man);
}

int main(int argc, char **argv) {
        CHECK(argc == 2);
        test_all_keys();
        test_slot();
        test_bad_values();
        test_long_lines();
        test_reset();
        test_files();
        test_no_files();
        test_documents(argv[1]);
        return 0;
}
