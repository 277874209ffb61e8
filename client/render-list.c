/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>

#include "json.h"
#include "render.h"

/* What stands in one device line. */
typedef struct Row {
        const Device *device;
        const char *address;
        char *status;
        Colour colour;
        bool quiet;
} Row;

#define GAP 2
#define NAME_MIN 18
#define STATUS_MIN 13 /* needs-consent */
#define DRIVER_MAX 15

Columns columns_share(size_t width, Columns longest) {
        Columns columns = longest;
        size_t fixed, room;

        if (columns.driver > DRIVER_MAX)
                columns.driver = DRIVER_MAX;
        fixed = GAP + columns.address + GAP + GAP + columns.driver + GAP;
        room = width > fixed ? width - fixed : 0;
        if (columns.name + columns.status > room && columns.status > STATUS_MIN) {
                size_t name = columns.name < NAME_MIN + 12 ? columns.name : NAME_MIN + 12;

                /* Long names give way to a readable cause, long causes to a readable name. */
                columns.status = room > name + STATUS_MIN ? room - name : STATUS_MIN;
                if (columns.status > longest.status)
                        columns.status = longest.status;
        }
        if (columns.name + columns.status > room)
                columns.name = room > columns.status + NAME_MIN ? room - columns.status : NAME_MIN;
        return columns;
}

static bool is_endpoint(const Device *device) {
        /* What the daemon could not tell is not to be hidden. */
        return !device->role || streq(device->role, "endpoint");
}

static const Finding *first_finding(const FindingList *findings, const char *severity) {
        for (size_t i = 0; i < findings->n; i++)
                if (streq(findings->items[i].severity, severity))
                        return findings->items + i;
        return NULL;
}

static bool is_blocker(const Group *group, const Device *device) {
        for (size_t i = 0; i < group->blockers.n; i++)
                if (streq(group->blockers.items[i].address, device->address))
                        return true;
        return false;
}

/* The cause behind the readiness, or NULL: the group's line tells about the group already. */
static char *status_cause(const Group *group, const Device *device) {
        const char *readiness = or_empty(device->readiness);
        const Finding *finding = NULL;

        if (streq(readiness, "blocked"))
                finding = first_finding(&device->findings, "blocker");
        else if (streq(readiness, "unknown"))
                finding = first_finding(&device->findings, "unknown");
        if (!finding || (streq(finding->id, "group-not-viable") && group->id >= 0) ||
            (streq(finding->id, "no-iommu-group") && group->id < 0))
                return NULL;
        return label_finding(finding);
}

static Row row_make(const Group *group, const Device *device, bool drop) {
        _cleanup_(freep) char *cause = NULL;
        const char *readiness = device->readiness ? device->readiness : "unknown";
        Row row = {.device = device, .address = label_address(device->address, drop)};

        if (!is_endpoint(device)) {
                bool blocks = is_blocker(group, device);

                row.quiet = !blocks;
                row.colour = blocks ? COLOUR_RED : COLOUR_NONE;
                if (asprintf(&row.status, "%s%s",
                             streq(device->role, "host-bridge") ? "host bridge" : device->role,
                             blocks ? ", blocks" : "") < 0)
                        row.status = NULL;
                return row;
        }
        cause = status_cause(group, device);
        row.colour = render_colour(readiness);
        if (asprintf(&row.status, "%s%s%s", readiness, cause ? ": " : "", or_empty(cause)) < 0)
                row.status = NULL;
        return row;
}

static void row_print(FILE *out, const Style *style, const Row *row, const Columns *columns) {
        _cleanup_(freep) char *name = label_device(style, row->device, columns->name);
        _cleanup_(freep) char *driver = text_fit(style, row->device->driver ? row->device->driver
                                                                            : "-",
                                                 columns->driver);
        _cleanup_(freep) char *status = text_fit(style, or_empty(row->status), columns->status);
        Colour quiet = row->quiet ? COLOUR_DIM : COLOUR_NONE;

        fprintf(out, "%*s", GAP, "");
        text_put(out, style, quiet, row->address, columns->address + GAP);
        text_put(out, style, quiet, or_empty(name), columns->name + GAP);
        text_put(out, style, row->device->driver ? quiet : COLOUR_DIM, or_empty(driver),
                 columns->driver + GAP);
        text_put(out, style, row->quiet ? COLOUR_DIM : row->colour, or_empty(status), 0);
        fputc('\n', out);
}

/* Who holds the group: the daemon names the processes at its members. */
static char *group_holders(const Group *group) {
        for (size_t i = 0; i < group->n_devices; i++)
                if (group->devices[i].holders.n > 0)
                        return label_holders(&group->devices[i].holders);
        return NULL;
}

/* "blocked by A (x), B (y) +2 more", as much as fits behind column `used` */
static void put_blockers(FILE *out, const Style *style, const Group *group, size_t used,
                         bool drop) {
        size_t n = group->blockers.n;

        for (size_t i = 0; i < n; i++) {
                const Blocker *b = group->blockers.items + i;
                _cleanup_(freep) char *text = NULL;
                size_t width;

                if (asprintf(&text, "%s%s (%s)", i ? ", " : "", label_address(b->address, drop),
                             streq(b->reason, "detaching") || !b->driver ? or_empty(b->reason)
                                                                         : b->driver) < 0)
                        return;
                width = text_width(text);
                /* The last one needs no room for " +10 more" behind it. */
                if (i > 0 && used + width + (i + 1 < n ? 9 : 0) > style->columns) {
                        fprintf(out, " +%zu more", n - i);
                        return;
                }
                fputs(text, out);
                used += width;
        }
}

void render_group_line(FILE *out, const Style *style, const Group *group, size_t id_width,
                       bool drop) {
        const char *verdict = group->verdict ? group->verdict : "unknown";
        size_t used = strlen("Group ") + id_width + GAP;
        _cleanup_(freep) char *holders = NULL, *fitted = NULL;

        if (group->id < 0) {
                text_put(out, style, COLOUR_BOLD, "No group", 0);
                fputs("  without an IOMMU group no VM can have these\n", out);
                return;
        }
        fprintf(out, "%sGroup %-*" PRId64 "%s  ", colour_on(style, COLOUR_BOLD), (int) id_width,
                group->id, colour_off(style, COLOUR_BOLD));
        if (streq(verdict, "blocked")) {
                text_put(out, style, COLOUR_RED, group->blockers.n ? "blocked by " : "blocked", 0);
                put_blockers(out, style, group, used + strlen("blocked by "), drop);
                fputc('\n', out);
                return;
        }
        text_put(out, style, render_colour(verdict), verdict, streq(verdict, "viable") ? 9 : 0);
        used += 9;
        if (streq(verdict, "unknown") && group->findings.n > 0) {
                fitted = text_fit(style, or_empty(group->findings.items[0].message),
                                  style->columns - used);
                fprintf(out, "  %s", or_empty(fitted));
        } else if (streq(group->in_use, "yes")) {
                holders = group_holders(group);
                fprintf(out, "%s, in use%s%s", group->vfio_node ? group->vfio_node : "no node",
                        holders && *holders ? " by " : "", or_empty(holders));
        } else
                fprintf(out, "%s%s", or_empty(group->vfio_node),
                        streq(group->in_use, "unknown") ? ", use unknown" : "");
        fputc('\n', out);
}

static bool group_is_quiet(const Group *group) {
        for (size_t i = 0; i < group->n_devices; i++)
                if (is_endpoint(group->devices + i))
                        return false;
        return group->n_devices > 0 && strv_length(group->other_members) == 0;
}

static bool is_shown(const Group *group, const Device *device, const ListOptions *options) {
        if (options->class)
                return class_matches(device, options->class);
        /* Where there are no groups, everything is in the one without; keep that readable. */
        return options->all || group->id >= 0 || is_endpoint(device);
}

/* Makes the rows of all groups; those of group i begin at first[i]. Returns NULL without memory. */
static Row *rows_make(const Model *model, const ListOptions *options, bool drop, size_t first[],
                      size_t *ret_n) {
        Row *rows = calloc(model->n_devices + 1, sizeof(Row));
        size_t n = 0;

        for (size_t i = 0; rows && i < model->n_groups; i++) {
                const Group *group = model->groups + i;

                first[i] = n;
                if (!options->all && !options->class && group_is_quiet(group))
                        continue;
                for (size_t k = 0; k < group->n_devices; k++)
                        if (is_shown(group, group->devices + k, options))
                                rows[n++] = row_make(group, group->devices + k, drop);
        }
        first[model->n_groups] = n;
        *ret_n = n;
        return rows;
}

static Columns rows_measure(const Style *style, const Row rows[], size_t n) {
        Columns longest = {.driver = 1};

        for (size_t i = 0; i < n; i++) {
                _cleanup_(freep) char *name = label_device(style, rows[i].device, style->columns);
                const size_t widths[] = {text_width(rows[i].address), text_width(or_empty(name)),
                                         text_width(or_empty(rows[i].device->driver)),
                                         text_width(or_empty(rows[i].status))};
                size_t *const places[] = {&longest.address, &longest.name, &longest.driver,
                                          &longest.status};

                for (size_t k = 0; k < ARRAY_SIZE(widths); k++)
                        if (widths[k] > *places[k])
                                *places[k] = widths[k];
        }
        return columns_share(style->columns, longest);
}

static void print_folded(FILE *out, const Style *style, const Model *model, const size_t first[],
                         const ListOptions *options) {
        _cleanup_(freep) int64_t *ids = calloc(model->n_groups + 1, sizeof(int64_t));
        _cleanup_(freep) char *ranges = NULL, *text = NULL;
        size_t n = 0;

        if (!ids || options->all || options->class)
                return;
        for (size_t i = 0; i < model->n_groups; i++)
                if (first[i] == first[i + 1] && group_is_quiet(model->groups + i) &&
                    model->groups[i].id >= 0)
                        ids[n++] = model->groups[i].id;
        ranges = n > 0 ? label_ranges(ids, n) : NULL;
        if (!ranges || asprintf(&text, "%zu group%s only bridges and chipset devices: %s", n,
                                n == 1 ? " holds" : "s hold", ranges) < 0)
                return;
        fputs(colour_on(style, COLOUR_DIM), out);
        text_wrap(out, style, text, 0, 2);
        fputs(colour_off(style, COLOUR_DIM), out);
}

void render_groups(FILE *out, const Style *style, const Model *model, const ListOptions *options) {
        _cleanup_(freep) size_t *first = calloc(model->n_groups + 2, sizeof(size_t));
        bool drop = label_one_domain(model->devices, model->n_devices);
        _cleanup_(freep) Row *rows = NULL;
        size_t n = 0, id_width = 1;
        Columns columns;

        rows = first ? rows_make(model, options, drop, first, &n) : NULL;
        if (!rows)
                return;
        for (size_t i = 0; i < model->n_groups; i++) {
                size_t width = (size_t) snprintf(NULL, 0, "%" PRId64, model->groups[i].id);

                if (first[i] < first[i + 1] && model->groups[i].id >= 0 && width > id_width)
                        id_width = width;
        }
        columns = rows_measure(style, rows, n);
        for (size_t i = 0; i < model->n_groups; i++) {
                const Group *group = model->groups + i;

                if (first[i] == first[i + 1] &&
                    (options->class || strv_length(group->other_members) == 0))
                        continue;
                render_group_line(out, style, group, id_width, drop);
                for (size_t k = first[i]; k < first[i + 1]; k++)
                        row_print(out, style, rows + k, &columns);
                for (char **other = group->other_members; other && *other; other++)
                        fprintf(out, "  %s%s (no PCI device)%s\n", colour_on(style, COLOUR_DIM),
                                *other, colour_off(style, COLOUR_DIM));
        }
        if (n == 0 && options->class)
                fprintf(out, "No %s devices.\n", options->class);
        else if (model->n_devices == 0)
                fputs("No PCI devices.\n", out);
        print_folded(out, style, model, first, options);
        for (size_t i = 0; i < n; i++)
                free(rows[i].status);
}
