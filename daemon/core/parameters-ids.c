/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "parameters-rules.h"

/* The kernel's "%x": white space and 0x in front, and too large a number loses its upper bits.
 * Returns: true and *text behind the number, or false if there is none. */
static bool read_number(const char **text, uint32_t *ret) {
        const char *p = *text;
        uint32_t n = 0;

        while (*p == ' ')
                p++;
        if (!isxdigit((unsigned char) *p))
                return false;
        if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X'))
                p += 2;
        for (; isxdigit((unsigned char) *p); p++)
                n = n * 16 + (uint32_t) (isdigit((unsigned char) *p)
                                                 ? *p - '0'
                                                 : tolower((unsigned char) *p) - 'a' + 10);
        *text = p;
        *ret = n;
        return true;
}

/* sscanf(id, "%x:%x:%x:%x:%x:%x"), of which two are enough. What follows is ignored. */
static void read_id(const char *text, ParameterId *id) {
        uint32_t *fields[] = { &id->vendor, &id->device, &id->subvendor, &id->subdevice,
                               &id->class_code, &id->class_mask };
        size_t n = 0;

        *id = (ParameterId){ .text = text, .subvendor = PARAMETER_ID_ANY,
                             .subdevice = PARAMETER_ID_ANY };
        while (n < 6 && read_number(&text, fields[n])) {
                n++;
                if (*text++ != ':')
                        break;
        }
        if (n < 2) {
                *id = (ParameterId){ .text = id->text, .refused = true,
                        .problem = "is not vendor:device in hexadecimal; vfio-pci logs "
                                   "\"invalid id string\"" };
        } else if (id->vendor == PARAMETER_ID_ANY && id->device == PARAMETER_ID_ANY) {
                id->problem = "matches every device of the host";
        } else if ((id->vendor > UINT16_MAX && id->vendor != PARAMETER_ID_ANY) ||
                   (id->device > UINT16_MAX && id->device != PARAMETER_ID_ANY)) {
                id->problem = "has an id of more than four digits and matches nothing";
        }
}

int parameters_read_ids(Parameters *p, const char *value) {
        char *rest, *text;
        size_t n = 1;

        free(p->ids);
        free(p->ids_text);
        p->n_ids = 0;
        for (const char *c = value; *c; c++)
                n += *c == ',';
        p->ids = calloc(n, sizeof(ParameterId));
        p->ids_text = rest = strdup(value);
        if (!p->ids || !p->ids_text)
                return -ENOMEM;
        while ((text = strsep(&rest, ",")))
                if (*text)
                        read_id(text, &p->ids[p->n_ids++]);
        return 0;
}

static bool is_or_any(uint32_t id, uint32_t value) {
        return id == PARAMETER_ID_ANY || id == value;
}

bool parameter_id_matches(const ParameterId *id, uint16_t vendor, uint16_t device,
                          uint16_t subvendor, uint16_t subdevice, uint32_t class_code) {
        return !id->refused && is_or_any(id->vendor, vendor) && is_or_any(id->device, device) &&
               is_or_any(id->subvendor, subvendor) && is_or_any(id->subdevice, subdevice) &&
               ((id->class_code ^ class_code) & id->class_mask) == 0;
}
