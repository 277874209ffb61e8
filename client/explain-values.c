/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "explain.h"

#define SWIOTLB "/sys/kernel/debug/swiotlb/"
#define SWIOTLB_FINDING "bounce-buffers"
#define FOUND_MAX 6

/* A parameter is shown if it begins so; '-' and '_' are the same to the kernel. */
static const char *const parameter_prefixes[] = {
        "iommu=",   "iommu.",   "intel_iommu", "amd_iommu",   "ivrs_",       "intremap",
        "noapic",   "nox2apic", "nointremap",  "pci=",        "pcie_",       "vfio",
        "iommufd",  "swiotlb",  "mem_encrypt", "kvm_",        "video=",      "efi=",
        "log_buf_len", "acpi=", "initcall_blacklist", "modprobe.blacklist", "module_blacklist",
};

static bool is_relevant(const char *word) {
        for (size_t i = 0; i < ARRAY_SIZE(parameter_prefixes); i++) {
                const char *p = parameter_prefixes[i], *w = word;

                while (*p && (*p == *w || (*p == '_' && *w == '-'))) {
                        p++;
                        w++;
                }
                if (!*p)
                        return true;
        }
        return false;
}

static int derive_parameters(ExplainValues *v) {
        _cleanup_(freep) char *line = strdup(or_empty(v->host.command_line));
        char *state = NULL;
        int r;

        if (!line)
                return -ENOMEM;
        for (char *word = strtok_r(line, " \t\n", &state); word;
             word = strtok_r(NULL, " \t\n", &state)) {
                /* What follows is for init. */
                if (streq(word, "--"))
                        break;
                if (is_relevant(word) && (r = strv_append(&v->parameters, word)) < 0)
                        return r;
        }
        return 0;
}

static int count_type(ExplainValues *v, const char *type) {
        ExplainCount *count;

        for (size_t i = 0; i < v->n_types; i++)
                if (streq(v->types[i].type, type)) {
                        v->types[i].n++;
                        return 0;
                }
        count = array_grow(&v->types, &v->n_types, sizeof(ExplainCount));
        if (!count)
                return -ENOMEM;
        *count = (ExplainCount){.type = type, .n = 1};
        return 0;
}

static const Finding *find_finding(const FindingList *findings, const char *id) {
        for (size_t i = 0; i < findings->n; i++)
                if (streq(findings->items[i].id, id))
                        return findings->items + i;
        return NULL;
}

/* Returns the number behind "FILE: " in a finding's evidence, or -1. */
static int64_t evidence_number(const Finding *finding, const char *file) {
        size_t n = strlen(file);

        for (char **line = finding->evidence; line && *line; line++)
                if (strncmp(*line, file, n) == 0 && strncmp(*line + n, ": ", 2) == 0)
                        return strtoll(*line + n + 2, NULL, 10);
        return -1;
}

/* Only the daemon can read debugfs, and it may be another machine's. */
static void derive_swiotlb(ExplainValues *v) {
        const Finding *finding = find_finding(&v->host.findings, SWIOTLB_FINDING);

        if (!finding)
                return;
        v->swiotlb = finding->message;
        v->swiotlb_slots = evidence_number(finding, SWIOTLB "io_tlb_nslabs");
        v->swiotlb_used = evidence_number(finding, SWIOTLB "io_tlb_used");
}

/* The last group of a model may be none: it holds the devices without one. */
static size_t group_count(const ExplainValues *v) {
        size_t n = v->model.n_groups;

        return n > 0 && v->model.groups[n - 1].id < 0 ? n - 1 : n;
}

int explain_values_derive(ExplainValues *v) {
        int r;

        for (size_t i = 0; i < group_count(v); i++) {
                const char *type = v->model.groups[i].type;

                r = count_type(v, type ? type : "unknown");
                if (r < 0)
                        return r;
        }
        derive_swiotlb(v);
        return derive_parameters(v);
}

char **explain_where(const ExplainValues *v, const char *id) {
        _cleanup_(strv_freep) char **where = calloc(1, sizeof(char *));

        if (!where || (find_finding(&v->host.findings, id) && strv_append(&where, "host") < 0))
                return NULL;
        for (size_t i = 0; i < group_count(v); i++) {
                const Group *group = v->model.groups + i;
                char name[40];

                snprintf(name, sizeof(name), "group %" PRId64, group->id);
                if (find_finding(&group->findings, id) && strv_append(&where, name) < 0)
                        return NULL;
        }
        for (size_t i = 0; i < v->model.n_devices; i++) {
                const Device *device = v->model.devices + i;

                if (find_finding(&device->findings, id) &&
                    strv_append(&where, or_empty(device->address)) < 0)
                        return NULL;
        }
        return TAKE_PTR(where);
}

void explain_values_done(ExplainValues *v) {
        free(v->missing);
        host_done(&v->host);
        model_done(&v->model);
        v->parameters = strv_free(v->parameters);
        free(v->types);
        *v = (ExplainValues) EXPLAIN_VALUES_INIT;
}

static void put_types(FILE *out, const ExplainValues *v) {
        fprintf(out, "%zu", group_count(v));
        for (size_t i = 0; i < v->n_types; i++)
                fprintf(out, "%s%zu %s%s", i ? ", " : " (", v->types[i].n, v->types[i].type,
                        i + 1 == v->n_types ? ")" : "");
        if (v->host.default_domain)
                fprintf(out, ", default domain %s", v->host.default_domain);
}

static void put_list(FILE *out, char *const *list, const char *empty, size_t max) {
        size_t n = strv_length(list);

        if (n == 0)
                fputs(empty, out);
        for (size_t i = 0; i < n && i < max; i++)
                fprintf(out, "%s%s", i ? " " : "", list[i]);
        if (n > max)
                fprintf(out, " and %zu more", n - max);
}

static void put_found(FILE *out, const ExplainValues *v, const char *id) {
        _cleanup_(strv_freep) char **where = explain_where(v, id);
        size_t n = strv_length(where);

        if (n == 0)
                fputs(where ? "nowhere" : "unknown", out);
        for (size_t i = 0; where && i < n && i < FOUND_MAX; i++)
                fprintf(out, "%s%s", i ? ", " : "", where[i]);
        if (n > FOUND_MAX)
                fprintf(out, " and %zu more", n - FOUND_MAX);
}

static const char *or_unknown(const char *word) {
        return word ? word : "unknown";
}

static void put_interrupts(FILE *out, const Host *host) {
        fprintf(out, "remapping %s, posting %s, unsafe ones %s",
                or_unknown(host->interrupt_remapping), or_unknown(host->posted_interrupts),
                host->unsafe_interrupts ? "allowed" : "not allowed");
}

static void put_swiotlb(FILE *out, const ExplainValues *v) {
        if (v->swiotlb)
                fputs(v->swiotlb, out);
        else
                fputs("unknown: vfiod could not read " SWIOTLB, out);
}

/* Writes the value, or nothing if only the daemon knows it and did not answer. */
static void put_value(FILE *out, unsigned value, const Explanation *e, const ExplainValues *v) {
        const Host *host = &v->host;

        if (!v->known)
                return;
        else if (value == VALUE_SWIOTLB)
                put_swiotlb(out, v);
        else if (value == VALUE_FOUND)
                put_found(out, v, e->id);
        else if (value == VALUE_IOMMU)
                fprintf(out, "%s, kind %s", or_unknown(host->iommu_state),
                        or_unknown(host->iommu_kind));
        else if (value == VALUE_INTERRUPTS)
                put_interrupts(out, host);
        else if (value == VALUE_GROUPS)
                put_types(out, v);
        else if (value == VALUE_PARAMETERS) {
                if (host->command_line)
                        put_list(out, v->parameters, "none that matters here", SIZE_MAX);
                else
                        fputs("unknown", out);
        } else if (value == VALUE_KERNEL) {
                fprintf(out, "%s, VFIO by ", or_unknown(host->kernel));
                put_list(out, host->backends, "neither type1 nor iommufd", SIZE_MAX);
        }
}

void explain_render_values(FILE *out, const Style *style, const Explanation *e,
                           const ExplainValues *v) {
        static const struct {
                unsigned value;
                const char *key;
        } keys[] = {{VALUE_FOUND, "Found"},           {VALUE_IOMMU, "IOMMU"},
                    {VALUE_INTERRUPTS, "Interrupts"}, {VALUE_GROUPS, "Groups"},
                    {VALUE_PARAMETERS, "Parameters"}, {VALUE_KERNEL, "Kernel"},
                    {VALUE_SWIOTLB, "swiotlb"}};

        fprintf(out, "%sOn this host:%s\n", colour_on(style, COLOUR_BOLD),
                colour_off(style, COLOUR_BOLD));
        if (!v->known) {
                fputs("  ", out);
                text_wrap(out, style, v->missing ? v->missing : "its values are missing", 2, 2);
        }
        for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
                _cleanup_(freep) char *text = NULL;
                size_t size;
                FILE *value;

                if (!(e->values & keys[i].value) || !(value = open_memstream(&text, &size)))
                        continue;
                put_value(value, keys[i].value, e, v);
                fclose(value);
                if (!text || !*text)
                        continue;
                fprintf(out, "  %s: ", keys[i].key);
                text_wrap(out, style, text, strlen(keys[i].key) + 4, 4);
        }
}

static json_t *json_types(const ExplainValues *v) {
        json_t *groups = json_object(), *types = json_object();

        for (size_t i = 0; i < v->n_types; i++)
                json_object_set_new(types, v->types[i].type,
                                    json_integer((json_int_t) v->types[i].n));
        json_object_set_new(groups, "count", json_integer((json_int_t) group_count(v)));
        json_object_set_new(groups, "types", types);
        return groups;
}

static json_t *json_count(int64_t number) {
        return number < 0 ? json_null() : json_integer(number);
}

/* What is an array as soon as the daemon answered. */
static json_t *json_known(const ExplainValues *v, bool known, char *const *strv) {
        return v->known && known ? strv ? json_strv(strv) : json_array() : json_null();
}

json_t *explain_json_values(const Explanation *e, const ExplainValues *v) {
        _cleanup_(strv_freep) char **where = explain_where(v, e->id);
        const Host *host = &v->host;
        json_t *object = json_object(), *swiotlb = json_object();

        json_object_set_new(swiotlb, "slots", json_count(v->swiotlb_slots));
        json_object_set_new(swiotlb, "used", json_count(v->swiotlb_used));
        json_object_set_new(object, "kernel", json_text(host->kernel));
        json_object_set_new(object, "readiness", json_text(host->readiness));
        json_object_set_new(object, "iommu_state", json_text(host->iommu_state));
        json_object_set_new(object, "iommu_kind", json_text(host->iommu_kind));
        json_object_set_new(object, "interrupt_remapping", json_text(host->interrupt_remapping));
        json_object_set_new(object, "posted_interrupts", json_text(host->posted_interrupts));
        json_object_set_new(object, "unsafe_interrupts",
                            v->known ? json_boolean(host->unsafe_interrupts) : json_null());
        json_object_set_new(object, "default_domain", json_text(host->default_domain));
        json_object_set_new(object, "backends", json_strv(host->backends));
        json_object_set_new(object, "groups", v->known ? json_types(v) : json_null());
        json_object_set_new(object, "parameters", json_known(v, host->command_line, v->parameters));
        json_object_set_new(object, "found", json_known(v, where, where));
        json_object_set_new(object, "swiotlb", swiotlb);
        return object;
}
