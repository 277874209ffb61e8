/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <inttypes.h>

#include "finding-ids.h"
#include "label.h"

/* Words of a company's name that nobody says; the name ends before the first of them. */
static const char *const company_words[] = {
        "corporation", "corp",       "inc",      "incorporated", "co",        "company",
        "ltd",         "limited",    "llc",      "gmbh",         "ag",        "sa",
        "electronics", "technology", "group",    "technologies", "semiconductor",
        "semiconductors", "systems", "international", "networks", "microelectronics",
};

/* Words of a device's name that go when room is short, in this order. */
static const char *const filler_words[] = {
        " Host Controller", " PCI Express", " PCIe",    " Controller", " Adapter",
        " Device",          " Family",      " Gigabit", " Ethernet",
};

static bool is_company_word(const char *word, size_t length) {
        while (length > 0 && ispunct((unsigned char) word[length - 1]))
                length--;
        for (size_t i = 0; i < ARRAY_SIZE(company_words); i++)
                if (strlen(company_words[i]) == length &&
                    strncasecmp(word, company_words[i], length) == 0)
                        return true;
        return false;
}

char *label_vendor(const char *vendor) {
        const char *open = strrchr(vendor, '['), *close = strrchr(vendor, ']');
        const char *end = vendor;

        /* "Advanced Micro Devices, Inc. [AMD]" tells itself what it is called. */
        if (open && close && close > open + 1)
                return strndup(open + 1, (size_t) (close - open - 1));

        for (const char *word = vendor; *word;) {
                size_t length = strcspn(word, " ");

                if (word > vendor && is_company_word(word, length))
                        break;
                end = word + length;
                word = end + strspn(end, " ");
        }
        while (end > vendor && strchr(" ,", end[-1]))
                end--;
        return strndup(vendor, (size_t) (end - vendor));
}

char *label_model(const char *device) {
        size_t n = strlen(device);
        const char *open = strrchr(device, '[');

        /* What stands in brackets at the end is the name on the box, but "[AHCI mode]" is not. */
        if (n > 0 && open && open > device && device[n - 1] == ']' &&
            n - (size_t) (open - device) >= 6) {
                size_t length = n - (size_t) (open - device) - 2;

                if (length < 5 || strncmp(open + 1 + length - 5, " mode", 5) != 0)
                        return strndup(open + 1, length);
        }
        return strdup(device);
}

static void cut_out(char *text, const char *word) {
        char *at = strstr(text, word);
        size_t n = strlen(word);

        /* Whole words only, and never the last one left. */
        if (!at || at == text || (at[n] != ' ' && at[n] != 0))
                return;
        memmove(at, at + n, strlen(at + n) + 1);
}

char *label_device(const Style *style, const Device *device, size_t width) {
        _cleanup_(freep) char *vendor = NULL, *model = NULL, *name = NULL;
        char ids[32] = "";

        if (device->vendor_id >= 0)
                snprintf(ids, sizeof(ids), " [%04" PRIx64 ":%04" PRIx64 "]",
                         (uint64_t) device->vendor_id, (uint64_t) device->device_id & 0xffff);
        vendor = label_vendor(or_empty(device->vendor));
        model = label_model(or_empty(device->device));
        if (!vendor || !model)
                return NULL;
        if (!*model) {
                const char *class = device->class_name ? device->class_name : "device";

                if (asprintf(&name, "%s%s%s%s", vendor, *vendor ? " " : "", class, ids) < 0)
                        return NULL;
                return text_fit(style, name, width);
        }
        /* "QEMU QEMU XHCI": some names have the vendor in them */
        if (asprintf(&name, "%s%s%s", startswith(model, vendor) ? "" : vendor,
                     startswith(model, vendor) ? "" : " ", model) < 0)
                return NULL;
        for (size_t i = 0; i < ARRAY_SIZE(filler_words) && text_width(name) > width; i++)
                cut_out(name, filler_words[i]);
        return text_fit(style, name, width);
}

bool label_one_domain(const Device *devices, size_t n) {
        for (size_t i = 0; i < n; i++)
                if (!startswith(or_empty(devices[i].address), "0000:"))
                        return false;
        return true;
}

const char *label_address(const char *address, bool drop) {
        const char *rest = drop && address ? startswith(address, "0000:") : NULL;

        return rest ? rest : or_empty(address);
}

char *label_holders(const HolderList *holders) {
        size_t shown = holders->n > 3 ? 2 : holders->n, size = 0;
        char *text = NULL;
        FILE *out = open_memstream(&text, &size);

        if (!out)
                return NULL;
        for (size_t i = 0; i < shown; i++)
                fprintf(out, "%s%s (%" PRIu32 ")", i ? ", " : "",
                        holders->items[i].command ? holders->items[i].command : "process",
                        holders->items[i].pid);
        if (shown < holders->n)
                fprintf(out, " and %zu more", holders->n - shown);
        fclose(out);
        return text;
}

/* "It holds / (nvme0n1p2), swap (nvme0n1p3).": what stands first says enough. */
static char *label_holds(const char *message) {
        const char *holds = startswith(message, "It "), *end = holds ? strstr(holds, " (") : NULL;

        return end ? strndup(holds, (size_t) (end - holds)) : NULL;
}

char *label_finding(const Finding *finding) {
        static const struct {
                const char *id, *label;
        } labels[] = {
                {FINDING_NO_IOMMU, "no IOMMU"},
                {FINDING_NO_IOMMU_GROUP, "no group"},
                {FINDING_IOMMU_UNKNOWN, "IOMMU"},
                {FINDING_NOIOMMU, "no IOMMU"},
                {FINDING_BLOCKED_BY_PLATFORM, "by the platform"},
                {FINDING_VF_TOKEN_REQUIRED, "VF token required"},
                {FINDING_PF_WITH_VFS, "has VFs"},
                {FINDING_MEMBER_NEEDS_CONSENT, "group"},
                {FINDING_GROUP_SHARED_WITH_SYSTEM_DISK, "disk in its group"},
                {FINDING_GROUP_SHARED_WITH_LAST_CONSOLE, "console in its group"},
        };
        char *text, *end;

        if (streq(finding->id, FINDING_DISK_IN_USE) &&
            (text = label_holds(or_empty(finding->message))))
                return text;

        for (size_t i = 0; i < ARRAY_SIZE(labels); i++)
                if (streq(finding->id, labels[i].id))
                        return strdup(labels[i].label);
        text = strdup(or_empty(finding->id));
        if (!text)
                return NULL;
        for (char *p = text; *p; p++)
                if (*p == '-')
                        *p = ' ';
        /* The verdict beside it says "unknown" already. */
        end = text + strlen(text);
        if (end - text > 8 && streq(end - 8, " unknown"))
                end[-8] = 0;
        return text;
}

char *label_ranges(const int64_t ids[], size_t n) {
        char *text = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&text, &size);

        if (!out)
                return NULL;
        for (size_t i = 0; i < n;) {
                size_t last = i;

                while (last + 1 < n && ids[last + 1] == ids[last] + 1)
                        last++;
                fprintf(out, "%s%" PRId64, i ? " " : "", ids[i]);
                if (last > i)
                        fprintf(out, "%s%" PRId64, last == i + 1 ? " " : "-", ids[last]);
                i = last + 1;
        }
        fclose(out);
        return text;
}
