/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "plan-parts.h"
#include "text.h"

int managed_copy(Managed *dst, const Managed *src) {
        int r;

        *dst = *src;
        r = text_copy(&dst->driver, &src->driver);
        r |= text_copy(&dst->driver_override, &src->driver_override);
        dst->moved_to = strdup(src->moved_to);
        if (r >= 0 && dst->moved_to)
                return 0;
        managed_clear(dst);
        return -ENOMEM;
}

void managed_clear(Managed *m) {
        free(m->driver.value);
        free(m->driver_override.value);
        free(m->moved_to);
        *m = (Managed){ 0 };
}

void managed_set_clear(ManagedSet *s) {
        for (size_t i = 0; i < s->n_members; i++)
                managed_clear(&s->members[i]);
        free(s->members);
        free(s->asked);
        for (size_t i = 0; s->claims && i < s->n_claims; i++)
                free(s->claims[i].name);
        free(s->claims);
        *s = (ManagedSet){ 0 };
}

Step *steps_free(Step *steps, size_t n_steps) {
        for (size_t i = 0; i < n_steps; i++)
                free(steps[i].value);
        free(steps);
        return NULL;
}

Plan *plan_free(Plan *p) {
        if (!p)
                return NULL;
        for (size_t i = 0; i < p->n_members; i++)
                managed_clear(&p->members[i]);
        free(p->members);
        steps_free(p->steps, p->n_steps);
        findings_clear(&p->findings);
        free(p->claim);
        names_free(p->accept, p->n_accept);
        free(p->error_message);
        free(p);
        return NULL;
}

Plan *plan_new(PlanKind kind, const Request *request) {
        Plan *p = calloc(1, sizeof(Plan));

        if (!p)
                return NULL;
        p->kind = kind;
        p->address = request->address;
        p->claim = strdup(request->claim ? request->claim : "");
        if (!p->claim)
                return plan_free(p);
        for (size_t i = 0; i < request->n_accept; i++)
                if (names_add(&p->accept, &p->n_accept, request->accept[i]) < 0)
                        return plan_free(p);
        return p;
}

int plan_refuse(Plan *p, const char *error, const char *format, ...) {
        char *message;
        va_list ap;
        int r;

        va_start(ap, format);
        r = vasprintf(&message, format, ap);
        va_end(ap);
        if (r < 0)
                return -ENOMEM;
        free(p->error_message);
        p->error = error;
        p->error_message = message;
        return 0;
}

int steps_add(Step **steps, size_t *n, Action action, const Address *address, const char *value) {
        Step *grown = reallocarray(*steps, *n + 1, sizeof(Step));
        Step new = { .action = action, .value = strdup(value) };

        if (grown)
                *steps = grown;
        if (!grown || !new.value) {
                free(new.value);
                return -ENOMEM;
        }
        if (address)
                new.address = *address;
        grown[(*n)++] = new;
        return 0;
}

int plan_check_group(Plan *p, const GroupReport *g) {
        char text[ADDRESS_TEXT_MAX], member[ADDRESS_TEXT_MAX];
        const char *what = p->kind == PLAN_PREPARE ? "prepared" : "released";

        address_format(&p->address, text);
        if (g->group->in_use == FACT_PRESENT) {
                char *who = holders_text(g->group);
                int r = plan_refuse(p, VFIOD_ERROR_IN_USE,
                                    "%s cannot be %s: its group %u is in use by %s. Stop the "
                                    "virtual machine first.",
                                    text, what, g->group->id, who ? who : "a process");
                free(who);
                return r < 0 ? r : 1;
        }
        if (g->group->in_use == FACT_UNKNOWN)
                return plan_refuse(p, VFIOD_ERROR_IN_USE,
                                   "%s cannot be %s: whether a process holds its group %u could "
                                   "not be told. Run vfiod as root.",
                                   text, what, g->group->id) < 0 ? -ENOMEM : 1;
        for (size_t i = 0; i < g->n_members; i++) {
                if (g->members[i]->device->remembered)
                        return plan_refuse(p, VFIOD_ERROR_STUCK,
                                           "%s cannot be %s: the kernel does not answer on %s in "
                                           "its group %u; something that was done to that device "
                                           "has not ended. Stop what still uses it.",
                                           text, what,
                                           address_format(&g->members[i]->device->address, member),
                                           g->group->id) < 0 ? -ENOMEM : 1;
                if (g->members[i]->state != STATE_DETACHING)
                        continue;
                return plan_refuse(p, VFIOD_ERROR_STUCK,
                                   "%s cannot be %s: an unbind of %s in its group %u has not "
                                   "ended. Stop what still uses that device.",
                                   text, what,
                                   address_format(&g->members[i]->device->address, member),
                                   g->group->id) < 0 ? -ENOMEM : 1;
        }
        return 0;
}

/* Virtual functions come behind their physical one, in its domain (drivers/pci/iov.c,
 * pci_iov_virtfn_bus()). Returns: whether the device has some; unknown if one there is that could
 * be its, but whose physfn link could not be read. */
static Fact has_functions(const Host *h, const DeviceReport *d) {
        const Device *physical = d->device;

        if (d->n_virtual_functions > 0)
                return FACT_PRESENT;
        if (physical->virtual_function != FACT_ABSENT)
                return physical->virtual_function == FACT_PRESENT ? FACT_ABSENT : FACT_UNKNOWN;
        for (size_t i = 0; i < h->n_devices; i++)
                if (h->devices[i]->virtual_function == FACT_UNKNOWN &&
                    h->devices[i]->address.domain == physical->address.domain &&
                    address_compare(&h->devices[i]->address, &physical->address) > 0)
                        return FACT_UNKNOWN;
        return FACT_ABSENT;
}

int plan_check_functions(Plan *p, const Host *h, const DeviceReport *d) {
        char text[ADDRESS_TEXT_MAX], member[ADDRESS_TEXT_MAX];
        const char *what = p->kind == PLAN_PREPARE ? "prepared" : "released";
        Fact has = has_functions(h, d);
        int r;

        if (has == FACT_ABSENT)
                return 0;
        address_format(&p->address, text);
        address_format(&d->device->address, member);
        if (has == FACT_PRESENT)
                r = plan_refuse(p, VFIOD_ERROR_NOT_SUPPORTED,
                                "%s cannot be %s: %s has %zu virtual functions, which would "
                                "vanish. Stop what uses them and remove them: echo 0 | sudo tee "
                                "/sys/bus/pci/devices/%s/sriov_numvfs", text, what, member,
                                d->n_virtual_functions, member);
        else
                r = plan_refuse(p, VFIOD_ERROR_NOT_SUPPORTED,
                                "%s cannot be %s: whether %s has virtual functions, which would "
                                "vanish, could not be read. Run vfiod as root.", text, what,
                                member);
        return r < 0 ? r : 1;
}

void managed_of_device(const Device *d, const char *moved_to, Managed *ret) {
        *ret = (Managed){ .address = d->address, .driver = d->driver,
                          .driver_override = d->driver_override, .moved_to = (char *) moved_to,
                          .vendor_id = d->vendor_id, .device_id = d->device_id,
                          .subsystem_vendor_id = d->subsystem_vendor_id,
                          .subsystem_device_id = d->subsystem_device_id,
                          .class_code = d->class_code };
}
