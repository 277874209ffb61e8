/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sources/probe-child.h"
#include "sources/record.h"
#include "sources/scan-internal.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

static const char *const modules[] = {
        "vfio", "vfio_iommu_type1", "vfio_pci", "vfio_pci_core", "vfio_virqfd", "iommufd", "kvm",
        "kvm_intel", "kvm_amd",
};

static const char *const acpi_tables[] = {"DMAR", "IVRS", "IORT", "VIOT"};

/* Attributes of an IOMMU instance, by vendor. */
static const char *const iommu_files[] = {
        "intel-iommu/cap", "intel-iommu/ecap", "intel-iommu/version", "amd-iommu/cap",
        "amd-iommu/features",
};

static bool join(char *buffer, size_t size, const char *directory, const char *name) {
        return (size_t) snprintf(buffer, size, "%s/%s", directory, name) < size;
}

/* A link of a class directory, and the directory it leads to. */
static int record_class_entry(Recording *r, const char *directory, const char *name) {
        char path[PATH_MAX], device[PATH_MAX];

        if (!join(path, sizeof(path), directory, name))
                return 0;
        if (record_link(r, path) < 0)
                return -ENOMEM;
        if (!record_target(r, path, device, sizeof(device)))
                return 0;
        if (record_directory(r, device) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < LENGTH(iommu_files); i++) {
                char file[PATH_MAX];

                if (join(file, sizeof(file), device, iommu_files[i]) && record_file(r, file) < 0)
                        return -ENOMEM;
        }
        return 0;
}

static int record_classes(Recording *r) {
        static const char *const classes[] = {IOMMUS, VFIO_CLASS, VFIO_DEVICES};

        for (size_t i = 0; i < LENGTH(classes); i++) {
                if (record_directory(r, classes[i]) < 0 ||
                    record_list(r, classes[i], record_class_entry) < 0)
                        return -ENOMEM;
        }
        if (root_exists(r->root, "/sys/class/misc/iommu") == FACT_PRESENT)
                return record_class_entry(r, "/sys/class/misc", "iommu");
        return 0;
}

static int record_parameter(Recording *r, const char *directory, const char *name) {
        char path[PATH_MAX];

        return join(path, sizeof(path), directory, name) ? record_file(r, path) : 0;
}

static int record_modules(Recording *r) {
        for (size_t i = 0; i < LENGTH(modules); i++) {
                char path[PATH_MAX];

                snprintf(path, sizeof(path), "/sys/module/%s", modules[i]);
                if (record_directory(r, path) < 0)
                        return -ENOMEM;
                snprintf(path, sizeof(path), "/sys/module/%s/parameters", modules[i]);
                if (record_list(r, path, record_parameter) < 0)
                        return -ENOMEM;
        }
        return 0;
}

/* Names only: their content tells serial numbers. */
static int record_tables(Recording *r) {
        int error = record_directory(r, "/sys/firmware/acpi/tables");

        for (size_t i = 0; i < LENGTH(acpi_tables) && error >= 0; i++) {
                char path[PATH_MAX];

                snprintf(path, sizeof(path), "/sys/firmware/acpi/tables/%s", acpi_tables[i]);
                if (root_exists(r->root, path) == FACT_PRESENT)
                        error = record_line(r, 'f', path, "");
        }
        return error < 0 ? error : 0;
}

int record_filtered(Recording *r, const char *path,
                           void (*filter)(const char *line, FILE *out)) {
        int fd = root_open(r->root, path, O_RDONLY), error;
        char *line = NULL, *kept = NULL, *text;
        size_t size = 0, n_kept = 0;
        FILE *in, *out;

        if (fd < 0)
                return record_file(r, path); /* says why */
        in = fdopen(fd, "re");
        if (!in) {
                close(fd);
                return -ENOMEM;
        }
        out = open_memstream(&kept, &n_kept);
        while (out && getline(&line, &size, in) > 0)
                filter(line, out);
        error = !out || fclose(out) != 0 ? -ENOMEM : 0;
        free(line);
        fclose(in);
        text = error < 0 ? NULL : redact(kept, r->host_name);
        error = text ? record_line(r, 'f', path, text) : -ENOMEM;
        free(text);
        free(kept);
        return error;
}

/* One processor, no counts, no names of devices: labels and chips are what is asked for. */
static void keep_chip(const char *line, FILE *out) {
        const char *chip = probe_chip(line);

        if (strstr(line, "CPU0"))
                fputs("           CPU0\n", out);
        else if (chip)
                fprintf(out, "%.*s 0 %.*s\n", (int) strcspn(line, ":") + 1, line,
                        (int) strcspn(chip, " \t\n"), chip);
}

static void keep_status(const char *line, FILE *out) {
        char unit[PROBE_UNIT_MAX] = "x", text[64];

        if (strncmp(line, "IOMMU: ", 7) == 0)
                fprintf(out, "%.*s\n", (int) (7 + strcspn(line + 7, " \n")), line);
        else if (probe_register(line, unit, text, sizeof(text)))
                fputs(line, out);
}

static void keep_vfio_module(const char *line, FILE *out) {
        if (strstr(line, "vfio") || strstr(line, "iommufd") || strstr(line, "pci-stub"))
                fputs(line, out);
}

static int record_depmod(Recording *r) {
        static const char *const files[] = {"modules.dep", "modules.builtin"};
        char release[256], path[PATH_MAX];

        if (root_read(r->root, "/proc/sys/kernel/osrelease", release, sizeof(release)) <= 0 ||
            strchr(release, '/') || release[0] == '.')
                return 0;
        for (size_t i = 0; i < LENGTH(files); i++) {
                snprintf(path, sizeof(path), "/lib/modules/%s/%s", release, files[i]);
                if (record_filtered(r, path, keep_vfio_module) < 0)
                        return -ENOMEM;
        }
        return 0;
}

static int record_symbols(Recording *r) {
        static const char path[] = "/proc/kallsyms", symbol[] = "iommu_device_use_default_domain";
        int fd = root_open(r->root, path, O_RDONLY);
        Fact fact;

        if (fd < 0)
                return record_file(r, path) < 0 ? -ENOMEM : 0;
        fact = probe_symbol(fd, symbol);
        if (fact == FACT_UNKNOWN)
                return record_line(r, 'u', path, "ENODATA");
        return record_line(r, 'f', path, fact == FACT_PRESENT ?
                           "0000000000000000 T iommu_device_use_default_domain\n" :
                           "0000000000000000 T vfiod_no_such_symbol\n");
}

static int record_command_line(Recording *r) {
        static const char path[] = "/proc/cmdline";
        char line[8192], *text;
        ssize_t n = root_read(r->root, path, line, sizeof(line) - 1);
        int error;

        if (n < 0)
                return record_file(r, path) < 0 ? -ENOMEM : 0;
        strcpy(line + n, "\n");
        text = redact_command_line(line, r->host_name);
        if (!text)
                return -ENOMEM;
        error = record_line(r, 'f', path, text);
        free(text);
        return error;
}

int record_system(Recording *r) {
        if (record_command_line(r) < 0 || record_file(r, "/proc/sys/kernel/osrelease") < 0 ||
            record_filtered(r, "/proc/interrupts", keep_chip) < 0 || record_symbols(r) < 0 ||
            record_depmod(r) < 0 || record_modules(r) < 0 || record_classes(r) < 0)
                return -ENOMEM;
        if (record_file(r, DEBUG_SWIOTLB_SLOTS) < 0 || record_file(r, DEBUG_SWIOTLB_USED) < 0 ||
            record_filtered(r, DEBUG_VTD_REGISTERS, keep_status) < 0)
                return -ENOMEM;
        return record_tables(r);
}
