/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hold.h"

#include <string.h>

#include "finding-ids.h"
#include "rules.h"

/* A base class, and classes with their subclass (PCI Code and ID Assignment, 1). */
#define CLASS_DISPLAY 0x03
#define CLASS_AUDIO   0x0401
#define CLASS_HDAUDIO 0x0403
#define CLASS_USB     0x0c03

bool device_is_held(const Device *d) {
        return d->driver.fact == FACT_ABSENT && text_is(&d->driver_override, HOLD_OVERRIDE);
}

bool managed_was_held(const Managed *m) {
        return m->driver.fact == FACT_ABSENT && text_is(&m->driver_override, HOLD_OVERRIDE);
}

bool hold_hides_disk(const Device *d) {
        if (!device_is_held(d) || !(device_is_storage(d) || d->class_code >> 8 == CLASS_USB))
                return false;
        for (size_t i = 0; i < d->uses.n_items; i++)
                if (d->uses.items[i].kind == USE_MISSING)
                        return true;
        return false;
}

bool hold_is_left(const Host *h, const Device *d) {
        const WishResult *result = host_find_wish_result(h, &d->address);

        return device_is_held(d) && (h->boot_verdict != BOOT_OPEN || (result && result->message) ||
                                     !host_find_wish(h, &d->address));
}

static bool accepts(const Wish *w, const char *id, const Address *a) {
        size_t n = strlen(id);
        Address at;

        for (size_t i = 0; i < w->n_accept; i++) {
                const char *text = w->accept[i];

                if (strncmp(text, id, n) != 0)
                        continue;
                if (text[n] == '\0' || (text[n] == '@' && address_parse(text + n + 1, &at) == 0 &&
                                        address_compare(&at, a) == 0))
                        return true;
        }
        return false;
}

/* Returns: what speaks against holding this very device for the wish. */
static Hold judge(const Wish *w, const Device *d) {
        if (d->driver.fact == FACT_UNKNOWN || d->driver_override.fact == FACT_UNKNOWN ||
            d->ids != FACT_PRESENT || d->grouped == FACT_UNKNOWN || d->boot_vga == FACT_UNKNOWN)
                return HOLD_UNKNOWN;
        if (device_role(d) != ROLE_ENDPOINT)
                return HOLD_NOT_CANDIDATE;
        if (device_is_held(d))
                return HOLD_HELD;
        if (d->driver.fact == FACT_PRESENT)
                return HOLD_HAS_DRIVER;
        if (d->driver_override.fact == FACT_PRESENT)
                return HOLD_OTHER_OVERRIDE;
        if (d->grouped != FACT_PRESENT)
                return HOLD_NO_GROUP;
        if (d->boot_vga == FACT_PRESENT && !accepts(w, FINDING_BOOT_DISPLAY, &d->address))
                return HOLD_NOT_ACCEPTED;
        return HOLD_TAKE;
}

/* Returns: true if the host can lose nothing by d that only its driver would show: what moves along
 * has not been wished for itself, so disks, networks and keyboards stay with their drivers until the
 * daemon has looked at them. The parts of a graphics card are what has to be quick. */
static bool is_harmless(const Device *target, const Device *d) {
        unsigned class = d->class_code >> 8;

        return class >> 8 == CLASS_DISPLAY || class == CLASS_AUDIO || class == CLASS_HDAUDIO ||
               (target->class_code >> 16 == CLASS_DISPLAY && same_slot_functions(target, d));
}

/* Returns: true if d moves along with target: the consent that a prepare would have. */
static bool moves_along(const Wish *w, const Device *target, const Device *d) {
        if (d->grouped != FACT_PRESENT || target->grouped != FACT_PRESENT ||
            d->group != target->group || !is_harmless(target, d))
                return false;
        return w->group || same_slot_functions(target, d) || address_list_has(&w->with, &d->address);
}

/* Returns: a device that the wish is about and d moves along with, itself first; or NULL. */
static const Device *find_target(const Host *h, const Wish *w, const Device *d) {
        if (wish_matches(w, d) == FACT_PRESENT)
                return d;
        for (size_t i = 0; i < h->n_devices; i++)
                if (wish_matches(w, h->devices[i]) == FACT_PRESENT &&
                    moves_along(w, h->devices[i], d))
                        return h->devices[i];
        return NULL;
}

Hold hold_decide(const Host *h, const Address *a, const Wish **ret_wish) {
        const Device *d = host_find_device(h, a);
        const Wish *w;

        *ret_wish = NULL;
        for (size_t i = 0; d && (w = host_wish(h, i)); i++) {
                const Device *target = find_target(h, w, d);
                Hold hold;

                if (!target)
                        continue;
                *ret_wish = w;
                hold = judge(w, d);
                if (target == d || hold != HOLD_TAKE)
                        return hold;
                /* What moves along stays where the one it moves for does. */
                hold = judge(w, target);
                return hold == HOLD_TAKE || hold == HOLD_HELD ? HOLD_TAKE : hold;
        }
        return HOLD_NOT_WISHED;
}

const char *hold_words(Hold hold) {
        static const char *const words[] = {
                [HOLD_NOT_WISHED] = "nobody wishes it",
                [HOLD_TAKE] = "",
                [HOLD_HELD] = "it is held already",
                [HOLD_HAS_DRIVER] = "a driver has it already",
                [HOLD_OTHER_OVERRIDE] = "somebody else has set its driver_override",
                [HOLD_NOT_CANDIDATE] = "it is a bridge or a device of the platform",
                [HOLD_NO_GROUP] = "it is in no IOMMU group",
                [HOLD_NOT_ACCEPTED] = "it is the firmware's display, which has to be accepted",
                [HOLD_UNKNOWN] = "what it is could not be read",
        };

        return words[hold];
}
