/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sources/attributes.h"
#include "sources/probe-child.h"
#include "sources/scan-internal.h"
#include "sources/setup-files.h"

const char *probe_chip(const char *line) {
        line += strspn(line, " ");
        if (*line < '0' || *line > '9')
                return NULL;
        line += strspn(line, "0123456789");
        if (*line++ != ':')
                return NULL;
        for (;;) {
                size_t digits;

                line += strspn(line, " ");
                digits = strspn(line, "0123456789");
                if (digits == 0 || (line[digits] != ' ' && line[digits] != 0))
                        return *line && *line != '\n' ? line : NULL;
                line += digits;
        }
}

Fact probe_interrupts(int fd) {
        FILE *f = fdopen(fd, "re");
        char *line = NULL;
        size_t size = 0;
        Fact fact = FACT_UNKNOWN;

        if (!f) {
                close(fd);
                return FACT_UNKNOWN;
        }
        while (fact != FACT_PRESENT && getline(&line, &size, f) > 0) {
                const char *chip = probe_chip(line);

                if (!chip)
                        continue;
                if (strncmp(chip, "IR-", 3) == 0 || strncmp(chip, "vIR-", 4) == 0)
                        fact = FACT_PRESENT;
                else if (strncmp(chip, "IO-APIC", 7) == 0)
                        fact = FACT_ABSENT;
        }
        if (fact == FACT_ABSENT && ferror(f))
                fact = FACT_UNKNOWN;
        free(line);
        fclose(f);
        return fact;
}

/* Returns: true if a line "ADDRESS TYPE NAME[ [MODULE]]" names symbol. Addresses may be hidden
 * (kptr_restrict); names are not. */
static bool names_symbol(const char *line, const char *symbol) {
        const char *name = strchr(line, ' ');
        size_t n = strlen(symbol);

        if (!name || !name[1] || name[2] != ' ')
                return false;
        name += 3;
        return strncmp(name, symbol, n) == 0 && strchr("\t\n ", name[n]) != NULL;
}

Fact probe_symbol(int fd, const char *symbol) {
        FILE *f = fdopen(fd, "re");
        char *line = NULL;
        size_t size = 0;
        Fact fact = FACT_UNKNOWN;

        if (!f) {
                close(fd);
                return FACT_UNKNOWN;
        }
        while (fact != FACT_PRESENT && getline(&line, &size, f) > 0)
                fact = fact_of(names_symbol(line, symbol));
        if (fact == FACT_ABSENT && ferror(f))
                fact = FACT_UNKNOWN;
        free(line);
        fclose(f);
        return fact;
}

/* A module parameter that is a boolean. Of a module that is not loaded nothing is measured: core
 * looks at what it will be told. */
static Fact read_switch(const Root *root, const char *module, const char *parameter) {
        char path[PATH_MAX], text[16];
        ssize_t n;

        snprintf(path, sizeof(path), "/sys/module/%s/parameters/%s", module, parameter);
        n = root_read(root, path, text, sizeof(text));
        if (n == 1 && (text[0] == 'Y' || text[0] == 'N'))
                return fact_of(text[0] == 'Y');
        return FACT_UNKNOWN;
}

Fact probe_switch(const Root *root, const char *module, const char *parameter) {
        Fact fact = read_switch(root, module, parameter);
        char path[PATH_MAX];

        snprintf(path, sizeof(path), "/sys/module/%s", module);
        return fact == FACT_UNKNOWN && root_exists(root, path) == FACT_ABSENT ? FACT_ABSENT : fact;
}

/* Returns: whether a file of depmod's names the module. */
static Fact file_names(const Root *root, const char *path, const char *module) {
        int fd = root_open(root, path, O_RDONLY);
        char *line = NULL;
        size_t size = 0;
        Fact fact = FACT_ABSENT;
        FILE *f;

        if (fd < 0)
                return fact_of_error(fd);
        f = fdopen(fd, "re");
        if (!f) {
                close(fd);
                return FACT_UNKNOWN;
        }
        while (fact != FACT_PRESENT && getline(&line, &size, f) > 0) {
                /* What stands behind the colon are the modules that this one needs. */
                line[strcspn(line, ":\n")] = 0;
                fact = fact_of(strstr(line, module));
        }
        if (fact == FACT_ABSENT && ferror(f))
                fact = FACT_UNKNOWN;
        free(line);
        fclose(f);
        return fact;
}

bool probe_release(const Root *root, char *buffer, size_t size) {
        return root_read(root, "/proc/sys/kernel/osrelease", buffer, size) > 0 &&
               !strchr(buffer, '/') && buffer[0] != '.';
}

/* Returns: whether depmod knows the module; unknown without both of its files. */
static Fact read_depmod(const Root *root, const char *module) {
        char release[256], path[512];
        Fact dep, builtin;

        if (!probe_release(root, release, sizeof(release)))
                return FACT_UNKNOWN;
        snprintf(path, sizeof(path), "/lib/modules/%s/modules.dep", release);
        if (root_exists(root, path) != FACT_PRESENT)
                return FACT_UNKNOWN;
        dep = file_names(root, path, module);
        if (dep == FACT_PRESENT)
                return dep;
        snprintf(path, sizeof(path), "/lib/modules/%s/modules.builtin", release);
        builtin = file_names(root, path, module);
        return builtin == FACT_PRESENT || dep == FACT_ABSENT ? builtin : FACT_UNKNOWN;
}

/* Present if the back end is there or can be loaded. */
static Fact read_backend(const Root *root, const char *there, const char *module) {
        return root_exists(root, there) == FACT_PRESENT ? FACT_PRESENT : read_depmod(root, module);
}

typedef struct Option {
        const char *line; /* "CONFIG_X=y" */
        Fact fact;
} Option;

static int match_option(char *line, unsigned number, const char *path, void *userdata) {
        Option *o = userdata;

        if (strcmp(line, o->line) == 0)
                o->fact = FACT_PRESENT;
        return 0;
}

/* Returns: whether the running kernel was built with an option, as far as its configuration lies
 * where distributions put it. */
static Fact read_option(const Root *root, const char *line) {
        static const struct {
                const char *before, *behind;
        } places[] = {{"/boot/config-", ""}, {"/lib/modules/", "/config"}};
        char release[256], path[512];

        if (!probe_release(root, release, sizeof(release)))
                return FACT_UNKNOWN;
        for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
                Option o = {line, FACT_ABSENT};

                snprintf(path, sizeof(path), "%s%s%s", places[i].before, release,
                         places[i].behind);
                if (root_exists(root, path) == FACT_PRESENT &&
                    setup_file_lines(root, path, match_option, &o) == 0)
                        return o.fact;
        }
        return FACT_UNKNOWN;
}

static int say(ProbeTask *t, ProbeKey key, Fact fact) {
        ProbeLine l = {.key = key, .fact = fact};

        return probe_child_say(t, &l);
}

/* An IOMMU of neither vendor has no such file, and no line is said of it. */
static int say_iommu(const char *name, unsigned char type, void *userdata) {
        static const char *const files[] = {ATTR_INTEL_CAPABILITY, ATTR_AMD_FEATURES};
        ProbeTask *t = userdata;
        ProbeLine l = {.key = PROBE_KEY_IOMMU};
        char path[PATH_MAX], text[64];

        for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
                ssize_t n;

                snprintf(path, sizeof(path), IOMMUS "/%s/%s", name, files[i]);
                n = root_read(t->root, path, text, sizeof(text));
                if (n == -ENOENT)
                        continue;
                l.fact = n > 0 ? FACT_PRESENT : FACT_UNKNOWN;
                snprintf(l.value, sizeof(l.value), "%s\n%s", name, n > 0 ? text : "");
                return probe_child_say(t, &l);
        }
        return 0;
}

static int probe_iommus(ProbeTask *t) {
        int fd = root_open(t->root, IOMMUS, O_RDONLY | O_DIRECTORY), error;

        if (fd < 0)
                return 0;
        error = root_list(fd, say_iommu, t);
        close(fd);
        return error;
}

/* Both hang on iommufd (drivers/vfio/Kconfig, drivers/iommu/iommufd/Kconfig). */
static int say_iommufd(ProbeTask *t) {
        Fact iommufd = read_backend(t->root, "/sys/class/misc/iommu", "/iommufd.ko");
        int error = say(t, PROBE_KEY_IOMMUFD, iommufd);

        if (error == 0)
                error = say(t, PROBE_KEY_CDEV, iommufd == FACT_ABSENT ? FACT_ABSENT :
                            read_option(t->root, "CONFIG_VFIO_DEVICE_CDEV=y"));
        return error < 0 ? error :
               say(t, PROBE_KEY_CONTAINER, iommufd == FACT_ABSENT ? FACT_ABSENT :
                   read_option(t->root, "CONFIG_IOMMUFD_VFIO_CONTAINER=y"));
}

int probe_host(ProbeTask *t) {
        int fd, error;

        fd = root_open(t->root, "/proc/interrupts", O_RDONLY);
        error = say(t, PROBE_KEY_REMAPPING, fd < 0 ? FACT_UNKNOWN : probe_interrupts(fd));
        if (error == 0)
                error = probe_iommus(t);
        if (error == 0)
                error = say(t, PROBE_KEY_TYPE1_UNSAFE,
                            read_switch(t->root, "vfio_iommu_type1", "allow_unsafe_interrupts"));
        if (error == 0)
                error = say(t, PROBE_KEY_IOMMUFD_UNSAFE,
                            read_switch(t->root, "iommufd", "allow_unsafe_interrupts"));
        if (error == 0)
                error = say(t, PROBE_KEY_TYPE1_LOADED,
                            root_exists(t->root, "/sys/module/vfio_iommu_type1"));
        if (error == 0)
                error = say(t, PROBE_KEY_IOMMUFD_LOADED,
                            root_exists(t->root, "/sys/module/iommufd"));
        if (error == 0)
                error = say(t, PROBE_KEY_TYPE1,
                            read_backend(t->root, "/sys/module/vfio_iommu_type1",
                                         "/vfio_iommu_type1.ko"));
        if (error == 0)
                error = say_iommufd(t);
        if (error == 0)
                error = probe_setup(t);
        if (error < 0)
                return error;
        fd = root_open(t->root, "/proc/kallsyms", O_RDONLY);
        return say(t, PROBE_KEY_SYMBOL,
                   fd < 0 ? FACT_UNKNOWN : probe_symbol(fd, "iommu_device_use_default_domain"));
}
