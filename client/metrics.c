/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>

#include "metrics.h"

/* A value of a label: backslash, quote and newline are escaped (OpenMetrics 1.0, escaped-string).
 * Nothing is written as "unknown" where the daemon knew nothing. */
static void print_label(FILE *out, const char *name, const char *value) {
        fprintf(out, "%s=\"", name);
        for (const char *c = value ? value : "unknown"; *c; c++)
                if (*c == '\n')
                        fputs("\\n", out);
                else {
                        if (*c == '\\' || *c == '"')
                                fputc('\\', out);
                        fputc(*c, out);
                }
        fputc('"', out);
}

static void print_family(FILE *out, const char *name, const char *help) {
        fprintf(out, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
}

/* One sample for each state there can be, 1 for the one that holds; a word that is not among them
 * counts as the last one. `prefix` are labels that come first, each with its comma. */
static void print_states(FILE *out, const char *name, const char *prefix, const char *state,
                         const char *const states[]) {
        bool found = false;

        for (; *states; states++) {
                bool holds = !found && (!states[1] || (state && streq(state, *states)));

                fprintf(out, "%s{%sstate=\"%s\"} %d\n", name, prefix, *states, holds);
                found = found || holds;
        }
}

static void print_host(FILE *out, const Host *h) {
        static const char *const readiness[] = {"ready", "degraded", "blocked", "unknown", NULL};
        static const char *const remapping[] = {"enabled", "disabled", "unknown", NULL};

        print_family(out, "vfiod_host", "The host, its kernel and IOMMU; always 1.");
        fputs("vfiod_host{", out);
        print_label(out, "version", h->version);
        fputc(',', out);
        print_label(out, "kernel", h->kernel);
        fputc(',', out);
        print_label(out, "iommu_kind", h->iommu_kind);
        fputc(',', out);
        print_label(out, "iommu_state", h->iommu_state);
        fputs("} 1\n", out);
        print_family(out, "vfiod_host_readiness", "Whether this host can do passthrough.");
        print_states(out, "vfiod_host_readiness", "", h->readiness, readiness);
        print_family(out, "vfiod_interrupt_remapping", "Whether interrupts are remapped.");
        print_states(out, "vfiod_interrupt_remapping", "", h->interrupt_remapping, remapping);
}

static void print_groups(FILE *out, const Model *m) {
        static const char *const verdicts[] = {"viable", "blocked", "unknown", NULL};
        char prefix[40];

        print_family(out, "vfiod_group_verdict", "Whether VFIO takes the group as it is.");
        for (size_t i = 0; i < m->n_groups; i++) {
                if (m->groups[i].id < 0)
                        continue;
                snprintf(prefix, sizeof(prefix), "group=\"%" PRId64 "\",", m->groups[i].id);
                print_states(out, "vfiod_group_verdict", prefix, m->groups[i].verdict, verdicts);
        }
}

/* Bridges and platform devices are never handed on: they would only be many. */
static bool is_endpoint(const Device *d) {
        return d->role && streq(d->role, "endpoint");
}

static void print_devices(FILE *out, const Model *m) {
        print_family(out, "vfiod_device", "A device and its state; always 1.");
        for (size_t i = 0; i < m->n_devices; i++) {
                const Device *d = m->devices + i;

                if (!is_endpoint(d))
                        continue;
                fputs("vfiod_device{", out);
                print_label(out, "address", d->address);
                if (d->group_id >= 0)
                        fprintf(out, ",group=\"%" PRId64 "\"", d->group_id);
                fputc(',', out);
                print_label(out, "driver", d->driver ? d->driver : "");
                fputc(',', out);
                print_label(out, "state", d->state);
                fputc(',', out);
                print_label(out, "readiness", d->readiness);
                fputc(',', out);
                print_label(out, "managed_by", d->managed_by ? d->managed_by : "");
                fprintf(out, ",persisted=\"%s\"} 1\n", d->persisted ? "yes" : "no");
        }
}

/* How often a finding of this severity is among those of the host and the devices; what a group has
 * its members have as well. */
static size_t count(const Host *h, const Model *m, const char *severity) {
        size_t n = 0;

        for (size_t i = 0; i < h->findings.n; i++)
                n += streq(h->findings.items[i].severity, severity);
        for (size_t i = 0; i < m->n_devices; i++)
                for (size_t j = 0; j < m->devices[i].findings.n; j++)
                        n += streq(m->devices[i].findings.items[j].severity, severity);
        return n;
}

static void print_findings(FILE *out, const Host *h, const Model *m) {
        static const char *const severities[] = {"blocker", "warning", "info", "unknown"};

        print_family(out, "vfiod_findings", "Findings of the host and its devices.");
        for (size_t i = 0; i < ARRAY_SIZE(severities); i++)
                fprintf(out, "vfiod_findings{severity=\"%s\"} %zu\n", severities[i],
                        count(h, m, severities[i]));
}

static void print_up(FILE *out, int up) {
        print_family(out, "vfiod_up", "Whether the daemon answered.");
        fprintf(out, "vfiod_up %d\n", up);
}

void metrics_print(FILE *out, const Host *host, const Model *model) {
        print_up(out, 1);
        print_host(out, host);
        print_groups(out, model);
        print_devices(out, model);
        print_findings(out, host, model);
        fputs("# EOF\n", out);
}

void metrics_print_down(FILE *out) {
        print_up(out, 0);
        fputs("# EOF\n", out);
}
