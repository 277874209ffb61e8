/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sources/attributes.h"
#include "sources/probe-child.h"
#include "sources/scan-internal.h"
#include "sources/setup-files.h"
#include "sources/setup-text.h"

static int say(ProbeTask *t, ProbeKey key, Fact fact) {
        ProbeLine l = {.key = key, .fact = fact};

        return probe_child_say(t, &l);
}

/* Returns: what reading a list came to: present if all of it was read. Saying what was read may have
 * failed meanwhile; that shows at the next line. */
static Fact read_fact(int error) {
        return error == 0 ? FACT_PRESENT : FACT_UNKNOWN;
}

/* A range of /proc/iomem. */
typedef struct Range {
        uint64_t start, end;
        char owner[32];
} Range;

#define RANGES_MAX 16

typedef struct Ranges {
        Range ranges[RANGES_MAX];
        size_t n;
        bool hidden; /* addresses are zeros for who may not see them (kernel/resource.c, r_show()) */
} Ranges;

static int note_range(char *line, unsigned number, const char *path, void *userdata) {
        Ranges *r = userdata;
        uint64_t start, end;
        char *owner;

        if (!setup_text_frame_buffer(line, &start, &end, &owner))
                return 0;
        if (end == 0)
                r->hidden = true;
        if (end == 0 || r->n == RANGES_MAX)
                return 0;
        /* simpledrm claims what sysfb has claimed before: one range, and the driver's name says
         * more. It stands inside of the other, behind it. */
        if (r->n > 0 && start >= r->ranges[r->n - 1].start && end <= r->ranges[r->n - 1].end)
                r->n--;
        r->ranges[r->n] = (Range) {start, end, ""};
        snprintf(r->ranges[r->n].owner, sizeof(r->ranges[r->n].owner), "%s", owner);
        r->n++;
        return 0;
}

/* Base address registers come first in the attribute, one per line. */
#define BARS 6

static int say_overlaps(ProbeTask *t, const Ranges *r, const Address *a, char *resources) {
        char *save = NULL, *line = strtok_r(resources, "\n", &save);
        int error = 0;

        for (unsigned bar = 0; line && bar < BARS; bar++, line = strtok_r(NULL, "\n", &save)) {
                uint64_t start, end;

                if (!setup_text_resource(line, &start, &end))
                        continue;
                for (size_t i = 0; i < r->n && error == 0; i++) {
                        const Range *x = &r->ranges[i];
                        ProbeLine l = {.key = PROBE_KEY_FRAME_BUFFER, .address = *a, .number = bar,
                                       .fact = FACT_PRESENT};

                        if (x->end < start || x->start > end)
                                continue;
                        snprintf(l.value, sizeof(l.value), "0x%" PRIx64 "-0x%" PRIx64 " %s",
                                 x->start, x->end, x->owner);
                        error = probe_child_say(t, &l);
                }
        }
        return error;
}

/* Finds in whose memory the ranges lie. Returns: 0, or -errno. */
static int find_devices(ProbeTask *t, const Ranges *r) {
        Address *devices;
        size_t n;
        int error = scan_list_devices(t->root, &devices, &n);

        if (error < 0)
                return error;
        for (size_t i = 0; i < n && error == 0; i++) {
                char path[128], text[ADDRESS_TEXT_MAX], resources[4096];
                ssize_t length;

                snprintf(path, sizeof(path), PCI_DEVICES "/%s/" ATTR_RESOURCE,
                         address_format(&devices[i], text));
                length = root_read(t->root, path, resources, sizeof(resources));
                if (length > 0)
                        error = say_overlaps(t, r, &devices[i], resources);
                else if (length < 0 && fact_of_error((int) length) == FACT_UNKNOWN)
                        error = (int) length;
        }
        free(devices);
        return error;
}

static int say_frame_buffers(ProbeTask *t) {
        Ranges r = {0};
        int error = setup_file_lines(t->root, "/proc/iomem", note_range, &r);
        Fact known = r.hidden ? FACT_UNKNOWN : read_fact(error);

        if (known == FACT_PRESENT && r.n > 0)
                known = read_fact(find_devices(t, &r));
        return say(t, PROBE_KEY_FRAME_BUFFERS, known);
}

/* Names of frame buffers that draw where the firmware drew: drivers/video/fbdev/efifb.c, vesafb.c,
 * simplefb.c, offb.c; those of DRM drivers are the driver's name and "drmfb". */
static bool is_firmware_screen(const char *name) {
        static const char *const names[] = {"EFI VGA", "VESA VGA", "simple", "simpledrmdrmfb",
                                            "efidrmdrmfb", "vesadrmdrmfb", "ofdrmdrmfb"};

        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
                if (strcmp(name, names[i]) == 0)
                        return true;
        return false;
}

typedef struct Screens {
        const Root *root;
        ProbeLine line;
        bool unknown;
} Screens;

#define GRAPHICS "/sys/class/graphics"
#define DRM      "/sys/class/drm"

static void note_screen(Screens *s, const char *name, const char *what) {
        size_t n = strlen(s->line.value);

        snprintf(s->line.value + n, sizeof(s->line.value) - n, "%s%s (%s)", n ? ", " : "", name,
                 what);
}

static int note_graphics(const char *name, unsigned char type, void *userdata) {
        Screens *s = userdata;
        char path[sizeof(GRAPHICS) + NAME_MAX + 8], what[64];
        ssize_t n;

        if (strncmp(name, "fb", 2) != 0 || strcmp(name, "fbcon") == 0)
                return 0;
        snprintf(path, sizeof(path), GRAPHICS "/%s/name", name);
        n = root_read(s->root, path, what, sizeof(what));
        if (n < 0 && fact_of_error((int) n) == FACT_UNKNOWN)
                s->unknown = true;
        if (n > 0 && is_firmware_screen(what))
                note_screen(s, name, what);
        return 0;
}

/* A card without a frame buffer device of its own: no emulation is built in. */
static int note_card(const char *name, unsigned char type, void *userdata) {
        Screens *s = userdata;
        char path[sizeof(DRM) + NAME_MAX + 32], driver[NAME_MAX + 1];
        ssize_t n;

        if (strncmp(name, "card", 4) != 0 || name[4 + strspn(name + 4, "0123456789")] != 0)
                return 0;
        snprintf(path, sizeof(path), DRM "/%s/device/" ATTR_DRIVER, name);
        n = root_read_link_name(s->root, path, driver, sizeof(driver));
        if (n < 0 && fact_of_error((int) n) == FACT_UNKNOWN)
                s->unknown = true;
        if (n > 0 && strstr(driver, "-framebuffer"))
                note_screen(s, name, driver);
        return 0;
}

static void list_screens(Screens *s, const char *path, RootEntry entry) {
        int fd = root_open(s->root, path, O_RDONLY | O_DIRECTORY);

        if (fd < 0) {
                s->unknown |= fact_of_error(fd) == FACT_UNKNOWN;
                return;
        }
        s->unknown |= root_list(fd, entry, s) < 0;
        close(fd);
}

static int say_screens(ProbeTask *t) {
        Screens s = {.root = t->root, .line = {.key = PROBE_KEY_SCREENS}};

        list_screens(&s, GRAPHICS, note_graphics);
        list_screens(&s, DRM, note_card);
        s.line.fact = s.line.value[0] ? FACT_PRESENT : s.unknown ? FACT_UNKNOWN : FACT_ABSENT;
        return probe_child_say(t, &s.line);
}

static int say_variant(char *line, unsigned number, const char *path, void *userdata) {
        ProbeLine l = {.key = PROBE_KEY_VARIANT, .fact = FACT_PRESENT};
        char *pattern, *module;

        if (!setup_text_variant(line, &pattern, &module) ||
            (size_t) snprintf(l.value, sizeof(l.value), "%s %s", pattern, module) >=
                    sizeof(l.value))
                return 0;
        return probe_child_say(userdata, &l);
}

static int say_variants(ProbeTask *t) {
        char release[256], path[512];
        Fact fact = FACT_UNKNOWN;

        if (probe_release(t->root, release, sizeof(release))) {
                snprintf(path, sizeof(path), "/lib/modules/%s/modules.alias", release);
                /* Without the file nothing is known: modules are not where the kernel's are. */
                fact = root_exists(t->root, path) != FACT_PRESENT ? FACT_UNKNOWN :
                       read_fact(setup_file_lines(t->root, path, say_variant, t));
        }
        return say(t, PROBE_KEY_VARIANTS, fact);
}

/* KIND, what it is about, the file. */
static int say_owner(ProbeTask *t, const char *kind, const char *value, const char *path,
                     unsigned number) {
        ProbeLine l = {.key = PROBE_KEY_OWNER, .fact = FACT_PRESENT, .number = number};

        if ((size_t) snprintf(l.value, sizeof(l.value), "%s %s %s", kind, value, path) >=
            sizeof(l.value))
                return 0;
        return probe_child_say(t, &l);
}

static int say_modprobe(ProbeTask *t, const ModuleOption *o) {
        char *line, *value;
        int error = 0;

        if (asprintf(&line, "%s %s %s", module_option_word(o->kind), o->module, o->text) < 0)
                return -ENOMEM;
        switch (setup_text_modprobe(line, &value)) {
        case MODPROBE_IDS:
                error = say_owner(t, "ids", value, o->file, o->line);
                break;
        case MODPROBE_SOFTDEP:
                error = say_owner(t, "softdep", value, o->file, o->line);
                break;
        default:
                break;
        }
        free(line);
        return error;
}

/* The file's name is "pci-ADDRESS", its content the driver, or "none". */
static int read_driverctl(const Root *root, const char *path, void *userdata) {
        const char *name = strrchr(path, '/') + strlen("/pci-");
        char driver[NAME_MAX + 1], value[NAME_MAX + ADDRESS_TEXT_MAX + 2], text[ADDRESS_TEXT_MAX];
        ssize_t n = root_read(root, path, driver, sizeof(driver));
        Address a;

        if (n < 0)
                return (int) n;
        driver[strcspn(driver, " \t\n")] = 0;
        if (!*driver || !scan_address(name, &a))
                return 0;
        snprintf(value, sizeof(value), "%s %s", address_format(&a, text), driver);
        return say_owner(userdata, "driverctl", value, path, 1);
}

int probe_owners(ProbeTask *t, const ModuleOption *modprobe, size_t n, bool all) {
        int error = 0;

        for (size_t i = 0; i < n && error == 0; i++)
                error = say_modprobe(t, &modprobe[i]);
        if (error < 0)
                return error;
        error = setup_files_each(t->root, SETUP_DRIVERCTL, read_driverctl, t);
        return say(t, PROBE_KEY_OWNERS, all ? read_fact(error) : FACT_UNKNOWN);
}

/* A domain may hold no blank; the default of systemd is that of "-". */
static int say_limit(ProbeTask *t, const char *domain, uint64_t bytes, const char *path,
                     unsigned number) {
        ProbeLine l = {.key = PROBE_KEY_LIMIT, .fact = FACT_PRESENT, .number = number};

        if ((size_t) snprintf(l.value, sizeof(l.value), "%s %" PRIu64 " %s", domain, bytes, path) >=
            sizeof(l.value))
                return 0;
        return probe_child_say(t, &l);
}

static int say_user_limit(char *line, unsigned number, const char *path, void *userdata) {
        uint64_t bytes;
        char *domain;

        return setup_text_limit(line, &domain, &bytes) ?
               say_limit(userdata, domain, bytes, path, number) : 0;
}

static int say_default_limit(char *line, unsigned number, const char *path, void *userdata) {
        uint64_t bytes;

        return setup_text_default_limit(line, &bytes) ?
               say_limit(userdata, "-", bytes, path, number) : 0;
}

static int read_limits(const Root *root, const char *path, void *userdata) {
        return setup_file_lines(root, path, say_user_limit, userdata);
}

static int read_systemd(const Root *root, const char *path, void *userdata) {
        return setup_file_lines(root, path, say_default_limit, userdata);
}

static int say_limits(ProbeTask *t) {
        int error = setup_files_each(t->root, SETUP_LIMITS, read_limits, t);

        if (error == 0)
                error = setup_files_each(t->root, SETUP_SYSTEMD, read_systemd, t);
        return say(t, PROBE_KEY_LIMITS, read_fact(error));
}

int probe_setup(ProbeTask *t) {
        static const struct {
                ProbeKey key;
                const char *module, *parameter;
        } switches[] = {
                {PROBE_KEY_IDLE_D3, "vfio_pci", "disable_idle_d3"},
                {PROBE_KEY_DENYLIST, "vfio_pci", "disable_denylist"},
                {PROBE_KEY_NOIOMMU_MODE, "vfio", "enable_unsafe_noiommu_mode"},
        };
        static int (*const parts[])(ProbeTask *t) = {say_frame_buffers, say_screens, say_variants,
                                                     say_limits};
        int error = 0;

        for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]) && error == 0; i++)
                error = say(t, switches[i].key,
                            probe_switch(t->root, switches[i].module, switches[i].parameter));
        for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && error == 0; i++)
                error = parts[i](t);
        return error;
}
