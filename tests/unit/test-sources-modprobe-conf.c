/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/host.h"
#include "sources/modprobe-conf.h"
#include "test-sources-tree.h"

typedef struct List {
        ModuleOption *items;
        size_t n;
} List;

static int parse(const char *content, List *l) {
        *l = (List) {0};
        return modprobe_conf_parse(content, strlen(content), "/etc/modprobe.d/a.conf", &l->items,
                                   &l->n);
}

static bool is(const ModuleOption *o, ModuleOptionKind kind, const char *module, const char *text,
               unsigned line) {
        return o->kind == kind && strcmp(o->module, module) == 0 && strcmp(o->text, text) == 0 &&
               o->line == line;
}

static void test_lines(void) {
        List l;

        CHECK(parse("# options vfio-pci ids=1:2\n"
                    "options vfio-pci  ids=10de:1c02 disable-vga=1\n"
                    "\n"
                    "softdep nvidia\tpre: vfio-pci\n"
                    "blacklist snd-hda-intel # words after the name do not count\n"
                    "install nouveau /bin/false\n"
                    "alias x y\nremove x y\nweakdep x y\noption vfio a=1\ninclude /etc/x\n"
                    " options kvm ignore_msrs=1",
                    &l) == 1);
        CHECK(l.n == 5);
        CHECK(is(&l.items[0], MODULE_OPTIONS, "vfio_pci", "ids=10de:1c02 disable-vga=1", 2));
        CHECK(is(&l.items[1], MODULE_SOFTDEP, "nvidia", "pre: vfio-pci", 4));
        CHECK(is(&l.items[2], MODULE_BLACKLIST, "snd_hda_intel", "", 5));
        CHECK(is(&l.items[3], MODULE_INSTALL, "nouveau", "/bin/false", 6));
        CHECK(is(&l.items[4], MODULE_OPTIONS, "kvm", "ignore_msrs=1", 12));
        CHECK(strcmp(l.items[4].file, "/etc/modprobe.d/a.conf") == 0);
        module_options_free(l.items, l.n);
}

static void test_continuations(void) {
        List l;

        CHECK(parse("options vfio-pci \\\n  ids=10de:1c02 \\\n x=1\noptions a b\\c\\\\d\\", &l) == 1);
        CHECK(l.n == 2);
        CHECK(is(&l.items[0], MODULE_OPTIONS, "vfio_pci", "ids=10de:1c02  x=1", 1));
        CHECK(is(&l.items[1], MODULE_OPTIONS, "a", "bc\\d", 4));
        module_options_free(l.items, l.n);
        /* A comment goes on in the next line, too. */
        CHECK(parse("# comment \\\noptions vfio a=1\noptions vfio b=1\n", &l) == 1);
        CHECK(l.n == 1 && is(&l.items[0], MODULE_OPTIONS, "vfio", "b=1", 3));
        module_options_free(l.items, l.n);
}

static void test_refused(void) {
        static const char *const bad[] = {"options\n", "options vfio\n", "options vfio \t\n",
                                          "options [x a=1\n", "options x] a=1\n", "blacklist \n",
                                          "softdep x\n", "install x\n", "OPTIONS vfio a=1\n", ""};
        char longer[MODPROBE_CONF_TEXT_MAX + 64] = "options vfio ";
        List l;

        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
                CHECK(parse(bad[i], &l) == 1 && l.n == 0);
        memset(longer + 13, 'x', MODPROBE_CONF_TEXT_MAX + 1);
        CHECK(parse(longer, &l) == 0 && l.n == 0);
        longer[13 + MODPROBE_CONF_TEXT_MAX] = 0;
        CHECK(parse(longer, &l) == 1 && l.n == 1);
        module_options_free(l.items, l.n);
}

static void test_find(void) {
        const ModuleOption *o;
        char *value;
        List l;

        CHECK(parse("options vfio-pci disable_vga=0\n"
                    "options vfio_pci disable-vga=1 ids=1:2 disable_vga=\"Y\"\n"
                    "options vfio_pci nointxmask\n"
                    "options vfio disable_vga=n\n"
                    "softdep vfio_pci disable_vga=2\n",
                    &l) == 1);
        CHECK(module_options_find(l.items, l.n, "vfio-pci", "disable-vga", &value, &o) == 1);
        CHECK(strcmp(value, "Y") == 0 && o == &l.items[1]);
        free(value);
        CHECK(module_options_find(l.items, l.n, "vfio_pci", "nointxmask", &value, &o) == 1);
        CHECK(!value && o->line == 3);
        CHECK(module_options_find(l.items, l.n, "vfio_pci", "disable", &value, &o) == 0);
        CHECK(module_options_find(l.items, l.n, "vfio_pc", "disable_vga", &value, &o) == 0);
        module_options_free(l.items, l.n);
}

static const ModuleOption *find_file(const List *l, const char *file) {
        for (size_t i = 0; i < l->n; i++)
                if (strcmp(l->items[i].file, file) == 0)
                        return &l->items[i];
        return NULL;
}

static int read_tree(const Tree *t, List *l) {
        Root *root;
        int r;

        *l = (List) {0};
        CHECK(root_new(t->path, &root) == 0);
        r = modprobe_conf_read(root, &l->items, &l->n);
        root_free(root);
        return r;
}

/* All directories together are read in the order of the files' names; a name counts once. */
static void test_directories(void) {
        Tree t = tree_new();
        List l;

        CHECK(read_tree(&t, &l) == 1 && l.n == 0);
        tree_file(&t, "lib/modprobe.d/a.conf", "options vfio a=lib\n");
        tree_file(&t, "usr/lib/modprobe.d/z.conf", "options vfio z=usr-lib\n");
        tree_file(&t, "usr/local/lib/modprobe.d/m.conf", "options vfio m=local\n");
        tree_file(&t, "run/modprobe.d/m.conf", "options vfio m=run\n");
        tree_file(&t, "run/modprobe.d/n.conf", "options vfio n=run\n");
        tree_file(&t, "etc/modprobe.d/n.conf", "options vfio n=etc\n");
        tree_file(&t, "etc/modprobe.d/n.conf.dpkg-old", "options vfio old=1\n");
        tree_file(&t, "etc/modprobe.d/.hidden.conf", "options vfio hidden=1\n");
        tree_file(&t, "etc/modprobe.d/.conf", "options vfio hidden=1\n");
        tree_directory(&t, "etc/modprobe.d/a.conf");
        CHECK(read_tree(&t, &l) == 1 && l.n == 4);
        CHECK(strcmp(l.items[0].file, "/lib/modprobe.d/a.conf") == 0);
        CHECK(strcmp(l.items[1].file, "/run/modprobe.d/m.conf") == 0);
        CHECK(strcmp(l.items[2].file, "/etc/modprobe.d/n.conf") == 0);
        CHECK(strcmp(l.items[3].file, "/usr/lib/modprobe.d/z.conf") == 0);
        module_options_free(l.items, l.n);
        tree_free(&t);
}

/* A link to /dev/null hides what has its name; one that leads nowhere hides nothing. */
static void test_masks(void) {
        Tree t = tree_new();
        List l;

        tree_file(&t, "lib/modprobe.d/a.conf", "options vfio a=lib\n");
        tree_file(&t, "lib/modprobe.d/b.conf", "options vfio b=lib\n");
        tree_file(&t, "lib/modprobe.d/c.conf", "options vfio c=lib\n");
        tree_link(&t, "etc/modprobe.d/a.conf", "/dev/null");
        tree_link(&t, "etc/modprobe.d/b.conf", "nowhere");
        tree_file(&t, "etc/modprobe.d/real", "options vfio c=etc\n");
        tree_link(&t, "etc/modprobe.d/c.conf", "real");
        CHECK(read_tree(&t, &l) == 1 && l.n == 2);
        CHECK(find_file(&l, "/lib/modprobe.d/b.conf"));
        CHECK(strcmp(find_file(&l, "/etc/modprobe.d/c.conf")->text, "c=etc") == 0);
        module_options_free(l.items, l.n);
        tree_free(&t);
}

/* What cannot be read is not known; the rest still is. */
static void test_unreadable(void) {
        Tree t = tree_new();
        List l;

        tree_file(&t, "etc/modprobe.d/a.conf", "options vfio a=1\n");
        tree_file(&t, "etc/modprobe.d/b.conf", "options vfio b=1\n");
        tree_file(&t, ".unreadable", "/etc/modprobe.d/b.conf EACCES\n");
        CHECK(read_tree(&t, &l) == 0 && l.n == 1);
        module_options_free(l.items, l.n);
        tree_file(&t, ".unreadable", "/run/modprobe.d EACCES\n");
        CHECK(read_tree(&t, &l) == 0 && l.n == 2);
        module_options_free(l.items, l.n);
        tree_free(&t);
}

int main(void) {
        test_lines();
        test_continuations();
        test_refused();
        test_find();
        test_directories();
        test_masks();
        test_unreadable();
        return 0;
}
