/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "checks.h"
#include "finding-ids.h"
#include "hold.h"
#include "text.h"

/* What has become of the wishes in this boot. */

static const struct VerdictFinding {
        BootVerdict verdict;
        Severity severity;
        const char *id, *message, *remedy;
} verdict_findings[] = {
        { BOOT_INCOMPLETE, SEVERITY_WARNING, FINDING_WISH_BOOTS_INCOMPLETE,
          "The last boots did not come to their end, so no persisted device was taken from its "
          "driver in this one.",
          "Find out why: journalctl -b -1. Take the device at fault out: vfioctl release --persist "
          "ADDRESS, or its section of vfiod.conf. The next boot takes the others again." },
        { BOOT_UNDECIDED, SEVERITY_WARNING, FINDING_WISH_UNCOUNTED,
          "vfiod-boot.service has not counted this boot, so no persisted device was taken from its "
          "driver in it.",
          "See systemctl status vfiod-boot.service, and what it needs: /var/lib/vfiod." },
        { BOOT_UNCOUNTED, SEVERITY_WARNING, FINDING_WISH_UNCOUNTED,
          "This boot could not be counted, so no persisted device was taken from its driver in it.",
          "See journalctl -b -u vfiod-boot.service; /var/lib/vfiod must be writable when it runs." },
        { BOOT_DISABLED, SEVERITY_INFO, FINDING_PERSISTENCE_DISABLED,
          "vfiod.disable stands on the kernel command line: no persisted device was taken from its "
          "driver in this boot.",
          "Take it off and boot again, or prepare them now: vfioctl prepare ADDRESS." },
};

static int find_verdict(const Host *h, HostReport *r) {
        for (size_t i = 0; i < sizeof(verdict_findings) / sizeof(verdict_findings[0]); i++) {
                const struct VerdictFinding *v = &verdict_findings[i];

                /* Where nothing is wished, nothing was kept from happening; a recording has no boot. */
                if (v->verdict == h->boot_verdict && host_wish(h, 0) &&
                    h->wishes_known != FACT_ABSENT)
                        return findings_addf(&r->findings, v->id, v->severity, NULL, v->remedy,
                                             "%s", v->message);
        }
        return 0;
}

/* Returns: whether a device is as the wish says. */
static Fact wish_is_there(const Host *h, const Wish *w) {
        Fact there = FACT_ABSENT;

        for (size_t i = 0; i < h->n_devices && there != FACT_PRESENT; i++) {
                Fact fact = wish_matches(w, h->devices[i]);

                if (fact != FACT_ABSENT)
                        there = fact;
        }
        return there;
}

/* Says what stands where the wish points. Returns: 0 or -ENOMEM. */
static int cite_wish(const Host *h, const Wish *w, Findings *f) {
        const Device *d = w->match == WISH_ADDRESS ? host_find_device(h, &w->address) : NULL;
        char text[ADDRESS_TEXT_MAX];
        int r = 0;

        if (w->file)
                r = findings_evidence(f, "%s:%u: [device %s]", w->file, w->line, w->name);
        if (r < 0 || w->match != WISH_ADDRESS)
                return r;
        address_format(&w->address, text);
        if (!d)
                return findings_evidence(f, "%s is not there", text);
        return findings_evidence(f, "%s is %04x:%04x, not %04x:%04x", text, d->vendor_id,
                                 d->device_id, w->identity.vendor_id, w->identity.device_id);
}

static int find_missing(const Host *h, const Wish *w, HostReport *r) {
        int e;

        if (wish_is_there(h, w) != FACT_ABSENT)
                return 0;
        e = findings_addf(&r->findings, FINDING_WISH_DEVICE_MISSING, SEVERITY_WARNING, NULL,
                          w->file ? "Put Match= and Identity= of that section right, or take it out."
                                  : "Take the wish back: vfioctl release --persist with that "
                                    "address. Persist the device where it is now.",
                          "No device here is the persisted %s.", w->name);
        return e < 0 ? e : cite_wish(h, w, &r->findings);
}

int find_wishes(const Host *h, HostReport *r) {
        const Wish *w;
        int e = find_verdict(h, r);

        if (e >= 0 && h->wishes_known == FACT_UNKNOWN)
                e = findings_addf(&r->findings, FINDING_WISHES_UNKNOWN, SEVERITY_WARNING, NULL,
                                  "See journalctl -u vfiod for what could not be read.",
                                  "What was persisted could not be read.");
        for (size_t i = 0; e >= 0 && (w = host_wish(h, i)); i++)
                e = find_missing(h, w, r);
        return e;
}

static int find_held(const Check *c) {
        char address[ADDRESS_TEXT_MAX], remedy[64 + ADDRESS_TEXT_MAX];

        (void) snprintf(remedy, sizeof(remedy), "To give it to its driver: vfioctl release %s",
                        address_format(&c->d->device->address, address));
        return findings_addf(&c->d->findings, FINDING_HELD, SEVERITY_INFO, &c->d->device->address,
                             remedy, "%s",
                             hold_is_left(c->h, c->d->device)
                                     ? "It was kept from its driver as it appeared, and is not "
                                       "persisted or not moved: vfiod gives it back."
                                     : "It is persisted, and no driver takes it until vfiod has "
                                       "moved it.");
}

static int find_refused(const Check *c, const char *message) {
        const Device *d = c->d->device;
        const Wish *w = host_find_wish(c->h, &d->address);
        char address[ADDRESS_TEXT_MAX], remedy[128 + ADDRESS_TEXT_MAX];

        if (w && w->file)
                (void) snprintf(remedy, sizeof(remedy), "Put that right and boot again, or take "
                                "[device %.40s] out of vfiod.conf.", w->name);
        else
                (void) snprintf(remedy, sizeof(remedy), "Put that right and boot again, or take the "
                                "wish back: vfioctl release --persist %s",
                                address_format(&d->address, address));
        return findings_addf(&c->d->findings, FINDING_WISH_REFUSED, SEVERITY_WARNING, &d->address,
                             remedy, "It is persisted, but was not moved to VFIO at boot: %s",
                             message);
}

int check_wish(const Check *c) {
        const Device *d = c->d->device;
        const WishResult *result = host_find_wish_result(c->h, &d->address);
        int r = device_is_held(d) ? find_held(c) : 0;

        if (r < 0 || !result || !c->d->persisted)
                return r;
        if (result->message && !on_vfio(c->d))
                return find_refused(c, result->message);
        if (!result->message && result->late)
                return findings_addf(&c->d->findings, FINDING_PERSISTED_LATE, SEVERITY_INFO,
                                     &d->address, "If that is too late at boot, make the initramfs "
                                     "anew: update-initramfs -u, or dracut --force.",
                                     "Its host driver had it at first: that was loaded before the "
                                     "device could be held.");
        return r;
}
