/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fake-sysfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEVICES "sys/bus/pci/devices"
#define DRIVERS "sys/bus/pci/drivers"
#define GROUPS "sys/kernel/iommu_groups"
#define MODULES "modules"
#define MATCHING "test-matching-driver"

static void check(bool ok, const char *what) {
        if (ok)
                return;
        fprintf(stderr, "fake sysfs: %s: %s\n", what, strerror(errno));
        abort();
}

static void path_of(const FakeSysfs *f, char path[static PATH_MAX], const char *format, ...)
        __attribute__((format(printf, 3, 4)));

static void path_of(const FakeSysfs *f, char path[static PATH_MAX], const char *format, ...) {
        int n = snprintf(path, PATH_MAX, "%s/", f->path);
        va_list ap;

        va_start(ap, format);
        (void) vsnprintf(path + n, (size_t) (PATH_MAX - n), format, ap);
        va_end(ap);
}

static void make_path(const FakeSysfs *f, const char *below) {
        char path[PATH_MAX];

        path_of(f, path, "%s", below);
        for (char *p = path + strlen(f->path) + 1; *p; p++)
                if (*p == '/') {
                        *p = '\0';
                        check(mkdir(path, 0755) == 0 || errno == EEXIST, path);
                        *p = '/';
                }
        check(mkdir(path, 0755) == 0 || errno == EEXIST, path);
}

static void write_file(const char *path, const char *text) {
        FILE *file = fopen(path, "we");

        check(file && fputs(text, file) >= 0, path);
        check(fclose(file) == 0, path);
}

FakeSysfs *fake_open(const char *path) {
        FakeSysfs *f = calloc(1, sizeof(*f));

        check(f, "memory");
        f->path = strdup(path);
        check(f->path && root_new(path, &f->root) == 0, path);
        f->real = backend_sysfs(f->root);
        return f;
}

FakeSysfs *fake_new(void) {
        char path[] = "/tmp/fake-sysfs-XXXXXX";
        FakeSysfs *f;

        check(mkdtemp(path), path);
        f = fake_open(path);
        make_path(f, DEVICES);
        make_path(f, DRIVERS);
        make_path(f, MODULES);
        return f;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw) {
        return remove(path);
}

FakeSysfs *fake_free(FakeSysfs *f, bool remove_all) {
        if (!f)
                return NULL;
        if (remove_all)
                check(nftw(f->path, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0, f->path);
        root_free(f->root);
        free(f->path);
        free(f);
        return NULL;
}

void fake_add_driver(FakeSysfs *f, const char *name) {
        char path[PATH_MAX];

        path_of(f, path, DRIVERS "/%s", name);
        check(mkdir(path, 0755) == 0 || errno == EEXIST, path);
}

void fake_add_module(FakeSysfs *f, const char *name) {
        char path[PATH_MAX];

        path_of(f, path, MODULES "/%s", name);
        write_file(path, "");
}

void fake_write(FakeSysfs *f, const char *address, const char *attribute, const char *value) {
        char path[PATH_MAX];

        path_of(f, path, DEVICES "/%s/%s", address, attribute);
        write_file(path, value);
}

void fake_add_holder(FakeSysfs *f, unsigned group, unsigned pid, const char *command) {
        char path[PATH_MAX], target[64];

        snprintf(path, sizeof(path), "sys/class/vfio/%u", group);
        make_path(f, path);
        snprintf(path, sizeof(path), "proc/%u/fd", pid);
        make_path(f, path);
        path_of(f, path, "proc/%u/comm", pid);
        write_file(path, command);
        snprintf(target, sizeof(target), "/dev/vfio/%u", group);
        path_of(f, path, "proc/%u/fd/5", pid);
        check(symlink(target, path) == 0, path);
}

/* Lists the device in its group, and in no other any more. */
static void list_in_group(FakeSysfs *f, const char *address, unsigned group, bool listed) {
        char path[PATH_MAX], target[PATH_MAX];

        snprintf(path, sizeof(path), GROUPS "/%u/devices", group);
        make_path(f, path);
        path_of(f, path, GROUPS "/%u/devices/%s", group, address);
        check(unlink(path) == 0 || errno == ENOENT, path);
        snprintf(target, sizeof(target), "../../../../bus/pci/devices/%s", address);
        check(!listed || symlink(target, path) == 0, path);
}

void fake_set_group(FakeSysfs *f, const char *address, unsigned group) {
        char path[PATH_MAX], target[PATH_MAX];
        unsigned was;
        Address a;

        if (address_parse(address, &a) == 0 &&
            f->real.read_group(f->real.userdata, &a, &was) == 0)
                list_in_group(f, address, was, false);
        list_in_group(f, address, group, true);

        path_of(f, path, DEVICES "/%s/iommu_group", address);
        (void) unlink(path);
        snprintf(target, sizeof(target), "../../../../kernel/iommu_groups/%u", group);
        check(symlink(target, path) == 0, path);
}

void fake_set_driver(FakeSysfs *f, const char *address, const char *driver) {
        char path[PATH_MAX], target[PATH_MAX];

        path_of(f, path, DEVICES "/%s/driver", address);
        (void) unlink(path);
        if (!driver)
                return;
        snprintf(target, sizeof(target), "../../drivers/%s", driver);
        check(symlink(target, path) == 0, path);
}

void fake_add_device(FakeSysfs *f, const char *address, unsigned group, const char *matching,
                     const char *bound, const char *override) {
        char path[PATH_MAX], line[256];

        path_of(f, path, DEVICES "/%s", address);
        check(mkdir(path, 0755) == 0, path);
        fake_write(f, address, "vendor", "0x10de\n");
        fake_write(f, address, "device", "0x1c03\n");
        fake_write(f, address, "subsystem_vendor", "0x1462\n");
        fake_write(f, address, "subsystem_device", "0x3283\n");
        fake_write(f, address, "class", "0x030000\n");
        fake_write(f, address, MATCHING, matching ? matching : "");
        snprintf(line, sizeof(line), "%s\n", override ? override : "(null)");
        fake_write(f, address, "driver_override", line);
        fake_set_group(f, address, group);
        if (matching)
                fake_add_driver(f, matching);
        fake_set_driver(f, address, bound);
}

void fake_remove_device(FakeSysfs *f, const char *address) {
        char path[PATH_MAX];
        unsigned group;
        Address a;

        if (address_parse(address, &a) == 0 &&
            f->real.read_group(f->real.userdata, &a, &group) == 0)
                list_in_group(f, address, group, false);
        path_of(f, path, DEVICES "/%s", address);
        check(nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0, path);
}

/* Returns: 0, or what the write is made to fail with. */
static int begin_write(FakeSysfs *f, FakeWrite write, const Address *a, const char *value) {
        int r;

        f->n_writes++;
        r = f->before ? f->before(f, write, a, value) : 0;
        if (r == 0 && f->fail_at > 0 &&
            (f->n_writes == f->fail_at || (f->fail_after && f->n_writes > f->fail_at)))
                r = f->fail_error;
        return r;
}

static int write_override(void *userdata, const Address *a, const char *value) {
        char address[ADDRESS_TEXT_MAX], line[PATH_MAX];
        FakeSysfs *f = userdata;
        Text driver;
        int r = begin_write(f, FAKE_OVERRIDE, a, value);

        if (r == 0)
                r = f->real.read_driver(f->real.userdata, a, &driver);
        if (r < 0)
                return r;
        text_unset(&driver, FACT_UNKNOWN);
        snprintf(line, sizeof(line), "%s\n", *value ? value : "(null)");
        fake_write(f, address_format(a, address), "driver_override", line);
        return 0;
}

static int unbind(void *userdata, const Address *a, const char *driver) {
        char address[ADDRESS_TEXT_MAX];
        FakeSysfs *f = userdata;
        Text now;
        int r = begin_write(f, FAKE_UNBIND, a, driver);

        if (r == 0)
                r = f->real.read_driver(f->real.userdata, a, &now);
        if (r < 0)
                return r;
        r = text_is(&now, driver) ? 0 : -ENODEV;
        text_unset(&now, FACT_UNKNOWN);
        if (r == 0)
                fake_set_driver(f, address_format(a, address), NULL);
        return r;
}

/* The kernel's match: an override names the only driver that may take the device. */
static bool matches(FakeSysfs *f, const Address *a, const char *driver) {
        char path[PATH_MAX], address[ADDRESS_TEXT_MAX], matching[256];
        Text override;
        bool yes;

        if (f->real.read_override(f->real.userdata, a, &override) < 0)
                return false;
        snprintf(path, sizeof(path), DEVICES "/%s/" MATCHING, address_format(a, address));
        if (override.fact == FACT_PRESENT)
                yes = text_is(&override, driver);
        else
                yes = root_read(f->root, path, matching, sizeof(matching)) >= 0 &&
                      strcmp(matching, driver) == 0;
        text_unset(&override, FACT_UNKNOWN);
        return yes;
}

static int bind_device(void *userdata, const Address *a, const char *driver) {
        char address[ADDRESS_TEXT_MAX];
        FakeSysfs *f = userdata;
        Text now;
        int r = begin_write(f, FAKE_BIND, a, driver);

        if (r == 0)
                r = f->real.has_driver(f->real.userdata, driver) > 0 ? 0 : -ENOENT;
        if (r == 0)
                r = f->real.read_driver(f->real.userdata, a, &now);
        if (r < 0)
                return r;
        r = now.fact == FACT_PRESENT ? -EBUSY : matches(f, a, driver) ? 0 : -ENODEV;
        text_unset(&now, FACT_UNKNOWN);
        if (r == 0)
                fake_set_driver(f, address_format(a, address), driver);
        return r;
}

/* Binds the device if it has no driver and this one takes it. */
static void attach(FakeSysfs *f, const Address *a, const char *driver) {
        char address[ADDRESS_TEXT_MAX];
        Text now;

        if (f->real.read_driver(f->real.userdata, a, &now) < 0)
                return;
        if (now.fact == FACT_ABSENT && matches(f, a, driver))
                fake_set_driver(f, address_format(a, address), driver);
        text_unset(&now, FACT_UNKNOWN);
}

static DIR *open_list(FakeSysfs *f, const char *below) {
        char path[PATH_MAX];
        DIR *d;

        path_of(f, path, "%s", below);
        d = opendir(path);
        check(d, path);
        return d;
}

static int probe(void *userdata, const Address *a) {
        const struct dirent *entry;
        FakeSysfs *f = userdata;
        DIR *d;
        int r = begin_write(f, FAKE_PROBE, a, "");

        if (r < 0)
                return r;
        d = open_list(f, DRIVERS);
        while ((entry = readdir(d)))
                if (entry->d_name[0] != '.')
                        attach(f, a, entry->d_name);
        closedir(d);
        return 0; /* also if no driver took it, as the kernel does */
}

static int load_module(void *userdata, const char *module) {
        const struct dirent *entry;
        FakeSysfs *f = userdata;
        char path[PATH_MAX];
        Address a;
        DIR *d;
        int r = begin_write(f, FAKE_MODULE, NULL, module);

        if (r < 0)
                return r;
        path_of(f, path, MODULES "/%s", module);
        if (access(path, F_OK) < 0)
                return -ENOENT;
        fake_add_driver(f, module);
        /* A driver that registers takes every device without one that it matches. */
        d = open_list(f, DEVICES);
        while ((entry = readdir(d)))
                if (address_parse(entry->d_name, &a) == 0)
                        attach(f, &a, module);
        closedir(d);
        return 0;
}

static int read_driver(void *userdata, const Address *a, Text *ret) {
        FakeSysfs *f = userdata;

        return f->real.read_driver(f->real.userdata, a, ret);
}

static int read_override(void *userdata, const Address *a, Text *ret) {
        FakeSysfs *f = userdata;

        return f->real.read_override(f->real.userdata, a, ret);
}

static int read_group(void *userdata, const Address *a, unsigned *ret) {
        FakeSysfs *f = userdata;

        return f->real.read_group(f->real.userdata, a, ret);
}

static int read_ids(void *userdata, const Address *a, Identity *ret) {
        FakeSysfs *f = userdata;

        return f->real.read_ids(f->real.userdata, a, ret);
}

static int list_group(void *userdata, unsigned group, GroupDevice **ret, size_t *ret_n) {
        FakeSysfs *f = userdata;

        return f->real.list_group(f->real.userdata, group, ret, ret_n);
}

static int find_holder(void *userdata, unsigned group, GroupUser *ret) {
        FakeSysfs *f = userdata;

        return f->real.find_holder(f->real.userdata, group, ret);
}

static int count_functions(void *userdata, const Address *a, unsigned *ret) {
        FakeSysfs *f = userdata;

        return f->real.count_functions(f->real.userdata, a, ret);
}

static int has_driver(void *userdata, const char *driver) {
        FakeSysfs *f = userdata;

        return f->real.has_driver(f->real.userdata, driver);
}

/* All that is to be found is what the test has put there. */
static int find_uses(void *userdata, const Address *devices, size_t n, uint64_t timeout_usec,
                     Host **ret) {
        FakeSysfs *f = userdata;
        Host *h = host_new();

        check(h != NULL, "host");
        for (size_t i = 0; i < n; i++) {
                Device *d = device_new(&devices[i]);

                check(d && host_put_device(h, d) == 0, "device");
                for (int c = 0; c < USES_MAX_; c++)
                        d->uses.looked[c] = FACT_PRESENT;
                if (address_compare(&devices[i], &f->used) != 0)
                        continue;
                if (f->use == USE_NOT_LOOKED)
                        d->uses.looked[USES_NETWORK] = FACT_UNKNOWN;
                else if (f->use_detail)
                        check(uses_add(&d->uses, &(Use) { .kind = f->use, .object = (char *) "thing",
                                                          .detail = (char *) f->use_detail,
                                                          .evidence = (char *) "seen" }) == 0,
                              "use");
        }
        *ret = h;
        return 0;
}

Backend fake_backend(FakeSysfs *f) {
        return (Backend) {
                .write_override = write_override,
                .unbind = unbind,
                .bind = bind_device,
                .probe = probe,
                .load_module = load_module,
                .read_driver = read_driver,
                .read_override = read_override,
                .read_group = read_group,
                .read_ids = read_ids,
                .count_functions = count_functions,
                .has_driver = has_driver,
                .list_group = list_group,
                .find_holder = find_holder,
                .find_uses = find_uses,
                .userdata = f,
        };
}

static int by_name(const struct dirent **a, const struct dirent **b) {
        return strcmp((*a)->d_name, (*b)->d_name);
}

static void print_device(FakeSysfs *f, const char *name, FILE *out) {
        Text driver = { 0 }, override = { 0 };
        unsigned group = 0;
        Address a;

        if (address_parse(name, &a) < 0)
                return;
        check(f->real.read_driver(f->real.userdata, &a, &driver) == 0 &&
                      f->real.read_override(f->real.userdata, &a, &override) == 0 &&
                      f->real.read_group(f->real.userdata, &a, &group) == 0, name);
        fprintf(out, "%s %s %s %u\n", name, driver.value ? driver.value : "-",
                override.value ? override.value : "-", group);
        text_unset(&driver, FACT_UNKNOWN);
        text_unset(&override, FACT_UNKNOWN);
}

char *fake_state(FakeSysfs *f) {
        struct dirent **entries;
        char path[PATH_MAX], *text;
        size_t size;
        FILE *out;
        int n;

        path_of(f, path, DEVICES);
        n = scandir(path, &entries, NULL, by_name);
        out = open_memstream(&text, &size);
        check(n >= 0 && out, path);
        for (int i = 0; i < n; i++) {
                print_device(f, entries[i]->d_name, out);
                free(entries[i]);
        }
        free(entries);
        check(fclose(out) == 0, "memory");
        return text;
}
