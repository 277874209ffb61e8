/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sources/probe-child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sources/attributes.h"
#include "sources/probe-helper.h"
#include "sources/probe.h"
#include "sources/scan-internal.h"
#include "sources/setup-files.h"

#define PATH_SIZE 128

int probe_child_flush(ProbeTask *t) {
        size_t done = 0;

        while (done < t->n_buffered) {
                ssize_t n = write(t->fd, t->buffer + done, t->n_buffered - done);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                done += (size_t) n;
        }
        t->n_buffered = 0;
        return 0;
}

int probe_child_say(ProbeTask *t, const ProbeLine *l) {
        if (sizeof(t->buffer) - t->n_buffered < PROBE_LINE_MAX) {
                int error = probe_child_flush(t);

                if (error < 0)
                        return error;
        }
        t->n_buffered += probe_line_format(l, t->buffer + t->n_buffered);
        return 0;
}

/* Reads a file into a line's fact and value. What has no text in it is absent. */
static void read_text(const ProbeTask *t, const char *path, ProbeLine *l) {
        ssize_t n = root_read(t->root, path, l->value, sizeof(l->value));

        l->fact = n < 0 ? fact_of_error((int) n) : fact_of(n > 0);
        if (l->fact != FACT_PRESENT)
                l->value[0] = 0;
}

static int say_override(ProbeTask *t, const Address *a) {
        ProbeLine l = {.key = PROBE_KEY_OVERRIDE, .address = *a};
        char path[PATH_SIZE], text[ADDRESS_TEXT_MAX];

        snprintf(path, sizeof(path), PCI_DEVICES "/%s/" ATTR_DRIVER_OVERRIDE,
                 address_format(a, text));
        read_text(t, path, &l);
        /* An override that is not set reads "(null)" (drivers/pci/pci-sysfs.c,
         * driver_override_show()). */
        if (strcmp(l.value, "(null)") == 0) {
                l.fact = FACT_ABSENT;
                l.value[0] = 0;
        }
        return probe_child_say(t, &l);
}

/* Whether the device is below a bridge, or on a root bus as "pci0000:00/0000:00:02.0" is. */
static int say_below_bridge(ProbeTask *t, const Address *a) {
        ProbeLine l = {.key = PROBE_KEY_BELOW_BRIDGE, .address = *a};
        char path[PATH_SIZE], text[ADDRESS_TEXT_MAX], target[PATH_MAX], *slash;
        Address above;

        snprintf(path, sizeof(path), PCI_DEVICES "/%s", address_format(a, text));
        if (root_read_link(t->root, path, target, sizeof(target)) >= 0 &&
            (slash = strrchr(target, '/'))) {
                *slash = 0;
                slash = strrchr(target, '/');
                if (slash)
                        l.fact = fact_of(scan_address(slash + 1, &above));
        }
        return probe_child_say(t, &l);
}

static int say_power(ProbeTask *t, const Address *a) {
        ProbeLine l = {.key = PROBE_KEY_POWER, .address = *a};
        char path[PATH_SIZE], text[ADDRESS_TEXT_MAX];
        int error;

        snprintf(path, sizeof(path), PCI_DEVICES "/%s/" ATTR_POWER_STATE, address_format(a, text));
        read_text(t, path, &l);
        error = probe_child_say(t, &l);
        if (error < 0 || strcmp(l.value, "D3cold") != 0)
                return error;
        /* Only of one that sleeps is it asked whether it may. */
        snprintf(path, sizeof(path), PCI_DEVICES "/%s/" ATTR_D3COLD_ALLOWED, text);
        l.key = PROBE_KEY_D3COLD;
        read_text(t, path, &l);
        if (l.fact == FACT_PRESENT)
                l.fact = fact_of(strcmp(l.value, "0") != 0);
        l.value[0] = 0;
        return probe_child_say(t, &l);
}

static int say_reset(ProbeTask *t, const Address *a) {
        ProbeLine l = {.key = PROBE_KEY_RESET, .address = *a};
        char path[PATH_SIZE], text[ADDRESS_TEXT_MAX];
        int error;

        snprintf(path, sizeof(path), PCI_DEVICES "/%s/" ATTR_RESET_METHOD, address_format(a, text));
        read_text(t, path, &l);
        error = probe_child_say(t, &l);
        return error < 0 || l.fact == FACT_PRESENT ? error : say_below_bridge(t, a);
}

/* Who may open a node below /dev/vfio. */
static int say_node(ProbeTask *t, ProbeLine *l, const char *node) {
        char path[sizeof("/dev/vfio/") + NAME_MAX + 16];
        int error;

        snprintf(path, sizeof(path), "/dev/vfio/%s", node);
        error = setup_node_access(t->root, path, l->value, sizeof(l->value));
        l->fact = error < 0 ? fact_of_error(error) : FACT_PRESENT;
        if (error < 0)
                l->value[0] = 0;
        return probe_child_say(t, l);
}

/* vfio-dev/vfioN of a device is /dev/vfio/devices/vfioN, if it has a number. */
static int say_device_node(const char *name, unsigned char type, void *userdata) {
        char node[NAME_MAX + 16];
        ProbeTask *t = userdata;
        ProbeLine l = {.key = PROBE_KEY_DEVICE_NODE, .address = *t->reading};
        int error;

        if (strncmp(name, "vfio", 4) != 0)
                return 0;
        snprintf(node, sizeof(node), "devices/%s", name);
        error = say_node(t, &l, node);
        return error < 0 ? error : 1;
}

static int probe_device_node(ProbeTask *t, const Address *a) {
        ProbeLine none = {.key = PROBE_KEY_DEVICE_NODE, .address = *a, .fact = FACT_ABSENT};
        char path[PATH_SIZE], text[ADDRESS_TEXT_MAX];
        int fd, said;

        snprintf(path, sizeof(path), PCI_DEVICES "/%s/" ATTR_VFIO_DEV, address_format(a, text));
        fd = root_open(t->root, path, O_RDONLY | O_DIRECTORY);
        if (fd < 0) {
                none.fact = fact_of_error(fd);
                return probe_child_say(t, &none);
        }
        t->reading = a;
        said = root_list(fd, say_device_node, t);
        close(fd);
        return said == 0 ? probe_child_say(t, &none) : said < 0 ? said : 0;
}

/* Says which device is read next, before anything that can hang: the parent then knows where. */
static int say_at(ProbeTask *t, const Address *a) {
        ProbeLine l = {.key = PROBE_KEY_AT, .address = *a, .fact = FACT_PRESENT};
        int error = probe_child_say(t, &l);

        return error < 0 ? error : probe_child_flush(t);
}

/* Two rounds: what takes no lock of the device is known of all before the first that can hang. */
static int probe_devices(ProbeTask *t, const Address *devices, size_t n) {
        int error = 0;

        for (size_t i = 0; i < n && error == 0; i++) {
                error = say_power(t, &devices[i]);
                if (error == 0)
                        error = say_reset(t, &devices[i]);
                if (error == 0)
                        error = probe_device_node(t, &devices[i]);
        }
        for (size_t i = 0; i < n && error == 0; i++) {
                error = say_at(t, &devices[i]);
                if (error == 0)
                        error = say_override(t, &devices[i]);
        }
        return error;
}

/* One that hangs on its disk hides only those behind it. */
static int probe_closely(ProbeTask *t, const Address *devices, size_t n) {
        int error = 0;

        for (size_t i = 0; i < n && error == 0; i++) {
                error = say_at(t, &devices[i]);
                if (error == 0)
                        error = probe_uses_closely(t, &devices[i]);
        }
        return error;
}

/* Counts the regions that must stay mapped 1:1 and no attachment may replace: those of type exactly
 * "direct" (drivers/iommu/iommu.c, iommu_group_show_resv_regions()). Leaves the first in value. */
static void count_direct(ProbeLine *l) {
        char first[PROBE_VALUE_MAX] = "", *save = NULL;

        for (char *line = strtok_r(l->value, "\n", &save); line;
             line = strtok_r(NULL, "\n", &save)) {
                const char *type = strrchr(line, ' ');

                if (!type || strcmp(type + 1, "direct") != 0)
                        continue;
                if (l->number++ == 0)
                        strcpy(first, line);
        }
        strcpy(l->value, first);
}

static int say_group(ProbeTask *t, ProbeKey key, unsigned id, const char *attribute) {
        ProbeLine l = {.key = key, .group = id};
        char path[PATH_SIZE];

        snprintf(path, sizeof(path), IOMMU_GROUPS "/%u/%s", id, attribute);
        read_text(t, path, &l);
        if (key == PROBE_KEY_RESERVED) {
                /* An empty list is a list; no file is none. */
                if (l.fact == FACT_ABSENT && root_exists(t->root, path) == FACT_PRESENT)
                        l.fact = FACT_PRESENT;
                count_direct(&l);
        }
        return probe_child_say(t, &l);
}

/* /dev/vfio/N, or noiommu-N. */
static int say_group_node(ProbeTask *t, unsigned id) {
        ProbeLine l = {.key = PROBE_KEY_GROUP_NODE, .group = id};
        char node[32];

        snprintf(node, sizeof(node), "%u", id);
        return say_node(t, &l, node);
}

static int probe_groups(ProbeTask *t, const unsigned *groups, size_t n) {
        int error = 0;

        for (size_t i = 0; i < n && error == 0; i++) {
                error = say_group(t, PROBE_KEY_NAME, groups[i], ATTR_GROUP_NAME);
                if (error == 0)
                        error = say_group(t, PROBE_KEY_TYPE, groups[i], ATTR_GROUP_TYPE);
                if (error == 0)
                        error = say_group(t, PROBE_KEY_RESERVED, groups[i], ATTR_GROUP_RESERVED);
                if (error == 0)
                        error = say_group_node(t, groups[i]);
        }
        return error;
}

static int run_groups(ProbeTask *t) {
        unsigned *all = NULL;
        const unsigned *groups = t->groups;
        size_t n = t->n_groups;
        int error = 0;

        if (n == 0) {
                if (scan_list_groups(t->root, &all, &n) == -ENOMEM)
                        return -ENOMEM;
                groups = all;
        }
        if (t->what & PROBE_GROUPS)
                error = probe_groups(t, groups, n);
        if (error == 0 && (t->what & PROBE_HOLDERS))
                error = probe_holders(t, groups, n);
        free(all);
        return error;
}

static int run_devices(ProbeTask *t) {
        Address *all = NULL;
        size_t n = 0;
        int error = 0;
        const Address *devices = t->devices;

        if (t->n_devices > 0)
                n = t->n_devices;
        else if (scan_list_devices(t->root, &all, &n) == -ENOMEM)
                return -ENOMEM;
        else
                devices = all;
        if (t->what & (PROBE_USES | PROBE_NETWORK))
                error = probe_uses(t, devices, n);
        if (error == 0 && (t->what & PROBE_DEVICES))
                error = probe_devices(t, devices, n);
        if (error == 0 && (t->what & PROBE_CLOSELY))
                error = probe_closely(t, devices, n);
        free(all);
        return error;
}

/* What is cheap first, what can hang last. */
static int run_here(ProbeTask *t, unsigned what) {
        int error = 0;

        t->what = what;
        if (what & (PROBE_GROUPS | PROBE_HOLDERS))
                error = run_groups(t);
        if (error == 0 && (what & PROBE_HOST))
                error = probe_host(t);
        if (error == 0 && (what & PROBE_HOST))
                error = probe_modules(t);
        if (error == 0 && (what & PROBE_HOST))
                error = probe_boot(t);
        if (error == 0 && (what & PROBE_HOST))
                error = probe_debug(t);
        if (error == 0 && (what & (PROBE_DEVICES | PROBE_USES | PROBE_NETWORK)))
                error = run_devices(t);
        return error;
}

/* What takes a look at processes and disks. */
#define OF_PROCESSES ((unsigned) (PROBE_HOLDERS | PROBE_USES | PROBE_CLOSELY))
/* The helpers have a network of their own, in which nothing runs over anything: this is read here. */
#define OF_NETWORK ((unsigned) PROBE_NETWORK)

/* What a helper is asked for, and where it answers: a descriptor or -errno. */
typedef struct Part {
        const char *helper;
        unsigned what;
        int fd;
} Part;

static void ask_part(const ProbeTask *t, Part *p) {
        if (p->what != 0)
                p->fd = probe_relay_ask(t, p->helper, p->what);
}

/* Where the helper is not there, what rights there are have to do. */
static int answer_part(ProbeTask *t, const Part *p) {
        if (p->what == 0)
                return 0;
        if (p->fd == -ENOTCONN)
                return run_here(t, p->what);
        return p->fd < 0 ? p->fd : probe_relay_answer(t, p->fd);
}

/* Each part where the rights for it are; the helpers work at the same time. What can hang is heard
 * last. On the way out of a failure the process ends. */
static int run_apart(ProbeTask *t) {
        unsigned network = t->what & OF_NETWORK;
        Part processes = { PROBE_HELPER_HOLDERS, t->what & OF_PROCESSES, -1 };
        Part facts = { PROBE_HELPER_FACTS, t->what & ~(OF_PROCESSES | OF_NETWORK), -1 };
        int error;

        ask_part(t, &processes);
        ask_part(t, &facts);
        error = answer_part(t, &processes);
        if (error == 0 && network)
                error = run_here(t, network);
        return error < 0 ? error : answer_part(t, &facts);
}

int probe_child_run(ProbeTask *t) {
        static const ProbeLine end = {.key = PROBE_KEY_END, .fact = FACT_PRESENT};
        int error = root_helpers(t->root) ? run_apart(t) : run_here(t, t->what);

        if (error == 0)
                error = probe_child_say(t, &end);
        return error < 0 ? error : probe_child_flush(t);
}
