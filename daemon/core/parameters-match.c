/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "parameters-table.h"

Fact parameter_bool(const char *value) {
        switch (value[0]) {
        case 'y': case 'Y': case 't': case 'T': case '1':
                return FACT_PRESENT;
        case 'n': case 'N': case 'f': case 'F': case '0':
                return FACT_ABSENT;
        case 'o': case 'O':
                return value[1] == 'n' || value[1] == 'N'   ? FACT_PRESENT
                       : value[1] == 'f' || value[1] == 'F' ? FACT_ABSENT
                                                            : FACT_UNKNOWN;
        default:
                return FACT_UNKNOWN;
        }
}

/* The forms of drivers/iommu/amd/init.c:parse_ivrs_ioapic(), _hpet() and _acpihid(); value is
 * what follows the name. */
static bool is_ivrs(const char *value) {
        const char *at = strchr(value, '@'), *equals = strstr(value, "]=");
        unsigned a, b, c, d;
        char id;

        if (at && value[0] == '=')
                return at > value + 1 && (sscanf(at + 1, "%x:%x.%x", &a, &b, &c) == 3 ||
                                          sscanf(at + 1, "%x:%x:%x.%x", &a, &b, &c, &d) == 4);
        if (!equals || value[0] != '[')
                return false;
        if (isdigit((unsigned char) equals[2]) && /* [id]=address */
            (sscanf(equals + 2, "%x:%x.%x", &a, &b, &c) == 3 ||
             sscanf(equals + 2, "%x:%x:%x.%x", &a, &b, &c, &d) == 4))
                return true;
        return sscanf(value, "[%x:%x.%x]=%c", &a, &b, &c, &id) == 4 || /* [address]=id */
               sscanf(value, "[%x:%x:%x.%x]=%c", &a, &b, &c, &d, &id) == 5;
}

bool parameter_option_fits(const ParameterOption *o, const char *value) {
        switch (o->match) {
        case MATCH_PREFIX:
                return strncmp(value, o->value, strlen(o->value)) == 0;
        case MATCH_EXACT:
                return strcmp(value, o->value) == 0;
        case MATCH_YES:
                return parameter_bool(value) == FACT_PRESENT;
        case MATCH_NO:
                return parameter_bool(value) == FACT_ABSENT;
        case MATCH_DIGIT:
                return isdigit((unsigned char) value[0]);
        case MATCH_IVRS:
                return is_ivrs(value);
        default:
                return true;
        }
}

Fact parameter_option_known(const ParameterOption *o, int kernel) {
        if (o->since == SINCE_NEVER)
                return FACT_ABSENT;
        if (o->since == SINCE_PATCH)
                return FACT_UNKNOWN;
        if (o->since == 0 && o->until == 0)
                return FACT_PRESENT;
        if (kernel < 0)
                return FACT_UNKNOWN;
        return fact_of(kernel >= o->since && (o->until == 0 || kernel <= o->until));
}
