/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <sys/types.h>
#include <time.h>

#include "sources/boot-config.h"
#include "test-sources-tree.h"

static const BootKernel kernel = {"6.1.0-18-amd64", "/boot/vmlinuz-6.1.0-18-amd64"};

static void check(const BootConfig *c, size_t i, BootSource source, const char *text,
                  const char *file, unsigned line) {
        CHECK(i < c->n);
        if (c->words[i].source != source || strcmp(c->words[i].text, text) != 0 ||
            strcmp(c->words[i].file, file) != 0 || c->words[i].line != line)
                fprintf(stderr, "%zu: '%s' of %s:%u\n", i, c->words[i].text, c->words[i].file,
                        c->words[i].line);
        CHECK(c->words[i].source == source && strcmp(c->words[i].text, text) == 0);
        CHECK(strcmp(c->words[i].file, file) == 0 && c->words[i].line == line);
}

static const char grub[] =
        "# /boot/grub/grub.cfg\n"
        "set default=\"0\"\n"
        "menuentry 'Debian' --class debian $menuentry_id_option 'simple' {\n"
        "\techo 'linux /boot/vmlinuz-6.1.0-18-amd64 not=this'\n"
        "\tlinux\t/boot/vmlinuz-6.1.0-18-amd64 root=/dev/sda1 ro  quiet intel_iommu=on\n"
        "\tinitrd\t/boot/initrd.img-6.1.0-18-amd64\n"
        "}\n"
        "submenu 'Advanced' {\n"
        "\tmenuentry 'older' {\n"
        "\t\tlinux /boot/vmlinuz-6.1.0-17-amd64 amd_iommu=off\n"
        "\t}\n"
        "\tmenuentry 'recovery' { linux /boot/vmlinuz-6.1.0-18-amd64 single; }\n"
        "}\n"
        "if true; then linuxefi /boot/vmlinuz-6.1.0-18-amd64 \\\n"
        "  \"a b\" 'c\"d' e\\ f g\"$x\"h; fi # linux /boot/vmlinuz-6.1.0-18-amd64 comment\n"
        "linux16 (hd0,gpt2)/vmlinuz-6.1.0-18-amd64\n"
        "linux_hwe /boot/vmlinuz-6.1.0-18-amd64 x\n"
        "linux /boot/vmlinuz-16.1.0-18-amd64x y\n";

static void test_grub(void) {
        static const char file[] = "/boot/grub/grub.cfg";
        BootConfig c = {0};

        CHECK(boot_grub_parse(grub, strlen(grub), file, &kernel, &c) == 0);
        CHECK(c.n == 4);
        check(&c, 0, BOOT_GRUB, "root=/dev/sda1 ro quiet intel_iommu=on", file, 5);
        check(&c, 1, BOOT_GRUB, "single", file, 12);
        check(&c, 2, BOOT_GRUB, "\"a b\" c\\\"d \"e f\" gh", file, 14);
        check(&c, 3, BOOT_GRUB, "", file, 16);
        CHECK(!c.words[0].partial && c.words[2].partial);
        CHECK(c.words[0].entry != c.words[1].entry);
        boot_config_clear(&c);
}

static void test_kernels(void) {
        static const struct {
                const char *image;
                bool expected;
        } cases[] = {
                {"/boot/vmlinuz-6.1.0-18-amd64", true}, {"/vmlinuz-6.1.0-18-amd64", true},
                {"(hd0,gpt2)/vmlinuz-6.1.0-18-amd64", true}, {"/x/6.1.0-18-amd64/linux", true},
                {"/boot/vmlinuz-6.1.0-18-amd64.old", false}, {"/boot/vmlinuz", false},
                {"6.1.0-18-amd64", false}, {"", false}, {"/x/6.1.0-18-amd64", false},
        };
        const BootKernel arch = {"6.9.1-arch1-1", "/boot/vmlinuz-linux"}, nothing = {"", NULL};

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
                CHECK(boot_kernel_is(&kernel, cases[i].image) == cases[i].expected);
        CHECK(boot_kernel_is(&arch, "/boot/vmlinuz-linux"));
        CHECK(!boot_kernel_is(&arch, "/boot/vmlinuz-linux-lts"));
        CHECK(!boot_kernel_is(&nothing, "/boot/vmlinuz-"));
}

/* Reads files one after the other; the last argument is NULL. */
static BootConfig shell(const char *first, const char *second) {
        BootShell *s = boot_shell_new();
        BootConfig c = {0};

        CHECK(s && boot_shell_parse(s, first, strlen(first), "/etc/default/grub") == 0);
        if (second)
                CHECK(boot_shell_parse(s, second, strlen(second), "/etc/default/grub.d/a.cfg") == 0);
        CHECK(boot_shell_finish(s, true, &c) == 0);
        boot_shell_free(s);
        return c;
}

static void test_shell(void) {
        static const char file[] = "/etc/default/grub", more[] = "/etc/default/grub.d/a.cfg";
        BootConfig c;

        /* What Debian installs, with one word more. */
        c = shell("# If you change this file, run 'update-grub'\n\nGRUB_DEFAULT=0\n"
                  "GRUB_DISTRIBUTOR=`lsb_release -i -s 2> /dev/null || echo Debian`\n"
                  "GRUB_DISTRIBUTOR=$( . /etc/os-release; echo \"${NAME:-Debian)}\" )\n"
                  "GRUB_CMDLINE_LINUX_DEFAULT=\"quiet intel_iommu=on\" # \"\n"
                  "GRUB_CMDLINE_LINUX=''\n#GRUB_CMDLINE_LINUX=x\n",
                  NULL);
        CHECK(c.n == 2);
        check(&c, 0, BOOT_DEFAULT, "quiet", file, 6);
        check(&c, 1, BOOT_DEFAULT, "intel_iommu=on", file, 6);
        CHECK(!c.words[0].partial && c.words[0].newer && c.words[0].entry == c.words[1].entry);
        boot_config_clear(&c);

        /* A later file takes up the value; each word keeps its place. LINUX comes before DEFAULT. */
        c = shell("GRUB_CMDLINE_LINUX_DEFAULT=\"quiet\"\n"
                  "export GRUB_CMDLINE_LINUX='vfio-pci.ids=\"1:2,3:4\"'\n",
                  "\nGRUB_CMDLINE_LINUX_DEFAULT=\"$GRUB_CMDLINE_LINUX_DEFAULT \\\n  iommu=pt\"\n"
                  "GRUB_CMDLINE_LINUX_DEFAULT+=' intremap=nosid'\n"
                  "GRUB_CMDLINE_LINUX=\"${GRUB_CMDLINE_LINUX}\"\n");
        CHECK(c.n == 4);
        check(&c, 0, BOOT_DEFAULT, "vfio-pci.ids=1:2,3:4", file, 2);
        check(&c, 1, BOOT_DEFAULT, "quiet", file, 1);
        check(&c, 2, BOOT_DEFAULT, "iommu=pt", more, 2);
        check(&c, 3, BOOT_DEFAULT, "intremap=nosid", more, 4);
        boot_config_clear(&c);

        /* What is set twice counts once. */
        c = shell("GRUB_CMDLINE_LINUX=a\nGRUB_CMDLINE_LINUX=b\n", NULL);
        CHECK(c.n == 1);
        check(&c, 0, BOOT_DEFAULT, "b", file, 2);
        boot_config_clear(&c);

        /* No words are known to be none; no file is not. */
        c = shell("GRUB_TIMEOUT=5\n", NULL);
        CHECK(c.n == 1 && !c.words[0].text[0] && !c.words[0].partial);
        boot_config_clear(&c);
        c = shell("# nothing\n", NULL);
        CHECK(c.n == 0);
        boot_config_clear(&c);
}

/* What is not followed is not guessed. */
static void test_shell_not_followed(void) {
        static const char *const strange[] = {
                ". /etc/default/other\n", "if true; then GRUB_CMDLINE_LINUX=x; fi\n",
                "[ -e /x ] && GRUB_CMDLINE_LINUX=x\n", "GRUB_CMDLINE_LINUX=x command\n",
                "f() { GRUB_CMDLINE_LINUX=x; }\n", "echo > /dev/null\n",
        };
        BootConfig c;

        for (size_t i = 0; i < sizeof(strange) / sizeof(strange[0]); i++) {
                c = shell("GRUB_CMDLINE_LINUX=y\n", strange[i]);
                CHECK(c.n == 0);
        }
        c = shell("GRUB_CMDLINE_LINUX=\"a $(cat /etc/more)\"\nGRUB_CMDLINE_LINUX_DEFAULT=b\n", NULL);
        CHECK(c.n == 1 && strcmp(c.words[0].text, "b") == 0 && c.words[0].partial);
        boot_config_clear(&c);
        c = shell("GRUB_CMDLINE_LINUX=\"a $SOMETHING\"\n", "GRUB_CMDLINE_LINUX=c\n");
        CHECK(c.n == 1 && strcmp(c.words[0].text, "c") == 0 && !c.words[0].partial);
        boot_config_clear(&c);
}

static void loader(const char *text, const BootEnvironment *e, BootConfig *c) {
        *c = (BootConfig) {0};
        CHECK(boot_loader_parse(text, strlen(text), "/e.conf", &kernel, e, c) == 0);
}

static void test_loader(void) {
        static const char block[] = "# GRUB Environment Block\nsaved_entry=x\n"
                                    "kernelopts=root=/dev/sda1 ro amd_iommu=off \n#######";
        const BootEnvironment environment = {block, strlen(block), "/boot/grub2/grubenv"};
        BootConfig c;

        loader("title Debian\nversion 6.1.0-18-amd64\nlinux /x\noptions root=x quiet\n"
               "\toptions  intel_iommu=on \n# options a=b\n", NULL, &c);
        CHECK(c.n == 2 && c.words[0].entry == c.words[1].entry);
        check(&c, 0, BOOT_LOADER, "root=x quiet", "/e.conf", 4);
        check(&c, 1, BOOT_LOADER, "intel_iommu=on", "/e.conf", 5);
        boot_config_clear(&c);
        loader("linux /0123/6.1.0-18-amd64/linux\n", NULL, &c);
        CHECK(c.n == 1 && !c.words[0].text[0]);
        boot_config_clear(&c);
        loader("version 6.1.0-17-amd64\nlinux /vmlinuz-6.1.0-17-amd64\noptions x\n", NULL, &c);
        CHECK(c.n == 0);

        loader("version 6.1.0-18-amd64\noptions $kernelopts\n", &environment, &c);
        CHECK(c.n == 1 && !c.words[0].partial);
        check(&c, 0, BOOT_LOADER, "root=/dev/sda1 ro amd_iommu=off", "/boot/grub2/grubenv", 3);
        boot_config_clear(&c);
        loader("version 6.1.0-18-amd64\noptions $kernelopts $tuned_params iommu=pt\n", &environment,
               &c);
        CHECK(c.n == 1 && c.words[0].partial);
        check(&c, 0, BOOT_LOADER, "root=/dev/sda1 ro amd_iommu=off iommu=pt", "/e.conf", 2);
        boot_config_clear(&c);
        loader("version 6.1.0-18-amd64\noptions $kernelopts\n", NULL, &c);
        CHECK(c.n == 1 && c.words[0].partial && !c.words[0].text[0]);
        boot_config_clear(&c);
}

static BootConfig read_tree(const Tree *t) {
        BootConfig c = {0};
        Root *root;

        CHECK(root_new(t->path, &root) == 0);
        CHECK(boot_config_read(root, &c) == 0);
        root_free(root);
        return c;
}

static void set_time(const Tree *t, const char *path, time_t when) {
        struct timespec times[2] = {{.tv_sec = when}, {.tv_sec = when}};
        char full[TREE_PATH];

        CHECK(utimensat(AT_FDCWD, tree_path(t, path, full), times, 0) == 0);
}

static void test_read_grub(void) {
        Tree t = tree_new();
        BootConfig c = read_tree(&t);

        CHECK(c.n == 0);
        tree_file(&t, "proc/sys/kernel/osrelease", "6.1.0-18-amd64\n");
        tree_file(&t, "proc/cmdline", "BOOT_IMAGE=/boot/vmlinuz-6.1.0-18-amd64 root=/dev/sda1\n");
        tree_file(&t, "boot/grub/grub.cfg", grub);
        tree_file(&t, "etc/default/grub", "GRUB_CMDLINE_LINUX=a\n");
        tree_file(&t, "etc/default/grub.d/b.cfg", "GRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX b\"\n");
        tree_file(&t, "etc/default/grub.d/a.cfg", "GRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX c\"\n");
        tree_file(&t, "etc/default/grub.d/a.cfg.bak", "GRUB_CMDLINE_LINUX=no\n");
        tree_file(&t, "etc/kernel/cmdline", "not=this\n");
        set_time(&t, "boot/grub/grub.cfg", 2000);
        set_time(&t, "etc/default/grub", 1000);
        set_time(&t, "etc/default/grub.d/a.cfg", 1000);
        set_time(&t, "etc/default/grub.d/b.cfg", 1000);
        c = read_tree(&t);
        CHECK(c.n == 7);
        check(&c, 0, BOOT_GRUB, "root=/dev/sda1 ro quiet intel_iommu=on", "/boot/grub/grub.cfg", 5);
        check(&c, 4, BOOT_DEFAULT, "a", "/etc/default/grub", 1);
        check(&c, 5, BOOT_DEFAULT, "c", "/etc/default/grub.d/a.cfg", 1);
        check(&c, 6, BOOT_DEFAULT, "b", "/etc/default/grub.d/b.cfg", 1);
        CHECK(!c.words[4].newer);
        boot_config_clear(&c);
        set_time(&t, "etc/default/grub.d/b.cfg", 3000);
        c = read_tree(&t);
        CHECK(c.n == 7 && c.words[4].newer);
        boot_config_clear(&c);
        /* Where the boot loader says nothing of an image, none of GRUB's files was used. */
        tree_file(&t, "proc/cmdline", "root=/dev/sda1\n");
        c = read_tree(&t);
        CHECK(c.n == 1);
        check(&c, 0, BOOT_KERNEL, "not=this ", "/etc/kernel/cmdline", 1);
        boot_config_clear(&c);
        tree_free(&t);
}

static void test_read_entries(void) {
        static const char path[] = "efi/loader/entries/b.conf";
        Tree t = tree_new();
        char full[TREE_PATH];
        BootConfig c;

        tree_file(&t, "proc/sys/kernel/osrelease", "6.1.0-18-amd64\n");
        tree_file(&t, "proc/cmdline", "initrd=\\x root=x\n");
        tree_file(&t, path, "version 6.1.0-18-amd64\noptions root=x iommu=pt\n");
        tree_file(&t, "efi/loader/entries/a.conf.off", "version 6.1.0-18-amd64\noptions a\n");
        /* A pipe stops nobody. */
        CHECK(mkfifo(tree_path(&t, "efi/loader/entries/c.conf", full), 0600) == 0);
        c = read_tree(&t);
        CHECK(c.n == 1);
        check(&c, 0, BOOT_LOADER, "root=x iommu=pt", "/efi/loader/entries/b.conf", 2);
        boot_config_clear(&c);
        /* What cannot be read says nothing. */
        tree_file(&t, ".unreadable", "/efi/loader/entries EACCES\n");
        c = read_tree(&t);
        CHECK(c.n == 0);
        boot_config_clear(&c);
        tree_free(&t);
}

/* A text or a number of places that is too much is left out, and the rest is not. */
static void test_limits(void) {
        static char text[BOOT_TEXT_MAX + 128];
        BootConfig c = {0};
        size_t n = (size_t) snprintf(text, sizeof(text), "linux /boot/vmlinuz-6.1.0-18-amd64 ");
        size_t head = n;

        memset(text + n, 'x', BOOT_TEXT_MAX + 1);
        n += BOOT_TEXT_MAX + 1;
        CHECK(boot_grub_parse(text, n, "/f", &kernel, &c) == 0 && c.n == 0);
        CHECK(boot_grub_parse(text, n - 1, "/f", &kernel, &c) == 0 && c.n == 1);
        boot_config_clear(&c);
        text[head] = '\n';
        for (size_t i = 0; i < BOOT_WORDS_MAX + 8; i++)
                CHECK(boot_grub_parse(text, head + 1, "/f", &kernel, &c) == 0);
        CHECK(c.n == BOOT_WORDS_MAX);
        boot_config_clear(&c);
}

int main(void) {
        test_grub();
        test_kernels();
        test_shell();
        test_shell_not_followed();
        test_loader();
        test_read_grub();
        test_read_entries();
        test_limits();
        return 0;
}
