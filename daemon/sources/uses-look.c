/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sources/scan-internal.h"
#include "sources/uses-internal.h"

/* One is enough to refuse; more only help to understand. */
#define USES_PER_KIND 16

static Uses *find_uses(const Look *l, const Address *device) {
        size_t low = 0, high = l->n_devices;

        while (low < high) {
                size_t middle = low + (high - low) / 2;
                int order = address_compare(&l->devices[middle], device);

                if (order == 0)
                        return &l->uses[middle];
                if (order < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return NULL;
}

bool look_wants(const Look *l, const Address *device) {
        return find_uses(l, device) != NULL;
}

/* What is said goes into lines and onto terminals. */
static void make_plain(char *text) {
        for (char *c = text; *c; c++)
                if ((unsigned char) *c < ' ' || *c == 0x7f)
                        *c = '?';
}

static void add(Look *l, Uses *u, const Use *use, const char *format, va_list ap) {
        char evidence[512], detail[192];
        Use plain = *use;
        size_t n = 0;

        for (size_t i = 0; i < u->n_items; i++)
                n += u->items[i].kind == use->kind;
        if (n >= USES_PER_KIND)
                return;
        (void) vsnprintf(evidence, sizeof(evidence), format, ap);
        (void) snprintf(detail, sizeof(detail), "%s", use->detail);
        make_plain(evidence);
        make_plain(detail);
        plain.detail = detail;
        plain.evidence = evidence;
        if (uses_add(u, &plain) < 0)
                l->error = -ENOMEM;
}

static void found(Look *l, const Address *device, const Use *use, const char *format, va_list ap) {
        Uses *u = find_uses(l, device);

        if (u)
                add(l, u, use, format, ap);
}

void look_found(Look *l, const Address *device, UseKind kind, const char *object,
                const char *detail, const char *format, ...) {
        const Use use = { .kind = kind, .object = (char *) object, .detail = (char *) detail };
        va_list ap;

        va_start(ap, format);
        found(l, device, &use, format, ap);
        va_end(ap);
}

void look_found_process(Look *l, const Address *device, UseKind kind, const char *object,
                        const char *detail, const char *format, ...) {
        const Use use = { .kind = kind, .object = (char *) object, .detail = (char *) detail,
                          .of_process = true };
        va_list ap;

        va_start(ap, format);
        found(l, device, &use, format, ap);
        va_end(ap);
}

void look_missed(Look *l, const Address *device, UseCategory category, const char *format, ...) {
        const Use use = { .kind = USE_NOT_LOOKED, .object = (char *) use_category_text(category),
                          .detail = (char *) "" };
        Uses *u = find_uses(l, device);
        va_list ap;

        if (!u)
                return;
        u->looked[category] = FACT_UNKNOWN;
        va_start(ap, format);
        add(l, u, &use, format, ap);
        va_end(ap);
}

void look_skipped(Look *l, const Address *device, UseCategory category) {
        Uses *u = find_uses(l, device);

        if (u && u->looked[category] == FACT_PRESENT)
                u->looked[category] = FACT_ABSENT;
}

bool look_address_in(const char *path, Address *ret) {
        bool any = false;

        for (const char *p = path; *p;) {
                size_t n = strcspn(p, "/");
                char component[ADDRESS_TEXT_MAX];

                if (n < sizeof(component)) {
                        memcpy(component, p, n);
                        component[n] = 0;
                        any |= scan_address(component, ret);
                }
                p += n + (p[n] == '/');
        }
        return any;
}

bool look_function(const Look *l, const char *link, Address *ret) {
        char target[PATH_MAX];

        return root_read_link(l->root, link, target, sizeof(target)) > 0 &&
               look_address_in(target, ret);
}

bool look_node(const Look *l, const OpenFile *f, const char *const *classes, Address *ret,
               char name[static NODE_NAME_MAX]) {
        char path[PATH_MAX], target[PATH_MAX];
        const char *last;

        snprintf(target, sizeof(target), "%s", f->target);
        snprintf(path, sizeof(path), "/sys/dev/char/%u:%u", f->major, f->minor);
        if (f->kind == 'c' && root_read_link(l->root, path, target, sizeof(target)) < 0)
                return false;
        last = strrchr(target, '/');
        snprintf(name, NODE_NAME_MAX, "%.*s", NODE_NAME_MAX - 1, last ? last + 1 : target);
        name[strcspn(name, " ")] = 0; /* " (deleted)" */
        for (size_t i = 0; classes[i]; i++) {
                snprintf(path, sizeof(path), "/sys/class/%s/%s", classes[i], name);
                if (look_function(l, path, ret))
                        return true;
        }
        return false;
}

bool look_is_class(const Look *l, const Address *device, const char *digits) {
        char path[128], text[ADDRESS_TEXT_MAX], class[16];

        snprintf(path, sizeof(path), PCI_DEVICES "/%s/class", address_format(device, text));
        return root_read(l->root, path, class, sizeof(class)) > 0 &&
               strncmp(class, digits, strlen(digits)) == 0;
}

typedef struct List {
        Look *look;
        const char *directory;
        void (*entry)(Look *l, const char *directory, const char *name);
} List;

static int list_entry(const char *name, unsigned char type, void *userdata) {
        const List *list = userdata;

        list->entry(list->look, list->directory, name);
        return 0;
}

int look_list(Look *l, const char *directory,
              void (*entry)(Look *l, const char *directory, const char *name)) {
        List list = { l, directory, entry };
        int fd = root_open(l->root, directory, O_RDONLY | O_DIRECTORY), r;

        if (fd < 0)
                return fact_of_error(fd) == FACT_ABSENT ? 0 : fd;
        r = root_list(fd, list_entry, &list);
        close(fd);
        return r;
}

static void set_looked(Uses *u, UseCategory first, UseCategory last, Fact fact) {
        for (int c = (int) first; c <= (int) last; c++)
                u->looked[c] = fact;
}

static void look(Look *l, bool network, bool others) {
        if (others) {
                look_storage(l);
                look_data(l);
                look_display(l);
                look_console(l);
                look_input(l);
                look_sound(l);
                look_system(l);
        }
        if (network)
                look_network(l);
}

int uses_look(const Root *root, const Address *devices, size_t n, bool network, bool others,
              Uses *uses) {
        Look l = { .root = root, .devices = devices, .n_devices = n, .uses = uses };
        bool here = !root_is_recorded(root) ||
                    root_exists(root, "/proc/self/mountinfo") != FACT_ABSENT;
        int r;

        for (size_t i = 0; i < n; i++) {
                set_looked(&uses[i], 0, USES_MAX_ - 1, here ? FACT_PRESENT : FACT_ABSENT);
                uses[i].looked[USES_CLAIM] = FACT_ABSENT;
        }
        if (!here)
                return 0;
        r = blocks_load(root, &l.blocks);
        if (r == 0)
                r = processes_load(root, &l.processes);
        if (r == 0) {
                look(&l, network, others);
                r = l.error;
        }
        processes_clear(&l.processes);
        blocks_clear(&l.blocks);
        return r;
}
