/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core-fixture.h"
#include "core/claims.h"
#include "names.h"

/* Writes the steps as "action address=value;..." into a static buffer. */
static const char *steps_text(const Step *steps, size_t n) {
        static char text[4096];
        size_t used = 0;
        char address[ADDRESS_TEXT_MAX];

        text[0] = '\0';
        for (size_t i = 0; i < n; i++)
                used += (size_t) snprintf(text + used, sizeof(text) - used, "%s%s %s=%s",
                                          i ? ";" : "", action_text(steps[i].action),
                                          steps[i].action == STEP_LOAD_MODULE
                                                  ? "-"
                                                  : address_format(&steps[i].address, address),
                                          steps[i].value);
        return text;
}

/* Two functions, a bridge on shpchp, a disk elsewhere: all in group 3. */
static Host *shared_group(void) {
        Host *h = good_host();

        add_group(h, 3);
        add_device(h, "02:00.0", 3, "xhci_hcd");
        add_device(h, "02:00.1", 3, "snd_hda_intel");
        add_device(h, "02:00.2", 3, NULL);
        return h;
}

static Plan *plan_of(Host *h, Request request) {
        Report *r = report_of(h);
        Plan *p;

        CHECK(plan_prepare(h, r, &request, &p) == 0);
        report_free(r);
        return p;
}

static Plan *release_of(Host *h, Request request) {
        Report *r = report_of(h);
        Plan *p;

        CHECK(plan_release(h, r, &request, &p) == 0);
        report_free(r);
        return p;
}

static void test_slot(void) {
        Host *h = shared_group();
        Plan *p = plan_of(h, (Request){ .address = at("02:00.1") });

        CHECK(!p->error);
        CHECK(p->group == 3);
        CHECK_STRING(steps_text(p->steps, p->n_steps),
                     "set-override 0000:02:00.0=vfio-pci;set-override 0000:02:00.1=vfio-pci;"
                     "unbind 0000:02:00.0=xhci_hcd;unbind 0000:02:00.1=snd_hda_intel;"
                     "bind 0000:02:00.0=vfio-pci;bind 0000:02:00.1=vfio-pci;"
                     "verify 0000:02:00.0=vfio-pci;verify 0000:02:00.1=vfio-pci");
        plan_free(p);

        /* The unbound function blocks nothing: it moves only if it is the one asked for. */
        p = plan_of(h, (Request){ .address = at("02:00.2"), .driver = "vfio-pci" });
        CHECK(p->n_members == 3);
        CHECK(p->members[2].driver.fact == FACT_ABSENT);
        plan_free(p);

        h->drivers = names_free(h->drivers, h->n_drivers);
        h->n_drivers = 0;
        p = plan_of(h, (Request){ .address = at("02:00.0") });
        CHECK(p->steps[0].action == STEP_LOAD_MODULE);
        CHECK_STRING(p->steps[0].value, "vfio-pci");
        plan_free(p);
        host_free(h);
}

static void test_consent(void) {
        Host *h = shared_group();
        Address disk = at("03:00.0"), bridge = at("00:01.0"), both[] = { disk, bridge };
        Plan *p;

        add_device(h, "03:00.0", 3, "nvme");
        add_device(h, "00:01.0", 3, "shpchp")->bridge = FACT_PRESENT;
        p = plan_of(h, (Request){ .address = at("02:00.0") });
        CHECK_STRING(p->error, VFIOD_ERROR_NEEDS_CONSENT);
        CHECK(strstr(p->error_message, "0000:03:00.0 (nvme)"));
        CHECK(strstr(p->error_message, "--with 0000:00:01.0,0000:03:00.0"));
        CHECK(p->n_members == 4); /* shown as if granted */
        CHECK(findings_find(&p->findings, "member-needs-consent"));
        plan_free(p);

        p = plan_of(h, (Request){ .address = at("02:00.0"), .with = &disk, .n_with = 1 });
        CHECK_STRING(p->error, VFIOD_ERROR_NEEDS_CONSENT);
        plan_free(p);

        p = plan_of(h, (Request){ .address = at("02:00.0"), .with = both, .n_with = 2 });
        CHECK(!p->error);
        CHECK(!findings_find(&p->findings, "member-needs-consent"));
        /* The bridge is only taken off its driver. */
        CHECK_STRING(steps_text(p->steps, p->n_steps),
                     "set-override 0000:02:00.0=vfio-pci;set-override 0000:02:00.1=vfio-pci;"
                     "set-override 0000:03:00.0=vfio-pci;"
                     "unbind 0000:00:01.0=shpchp;unbind 0000:02:00.0=xhci_hcd;"
                     "unbind 0000:02:00.1=snd_hda_intel;unbind 0000:03:00.0=nvme;"
                     "bind 0000:02:00.0=vfio-pci;bind 0000:02:00.1=vfio-pci;"
                     "bind 0000:03:00.0=vfio-pci;"
                     "verify 0000:00:01.0=;verify 0000:02:00.0=vfio-pci;"
                     "verify 0000:02:00.1=vfio-pci;verify 0000:03:00.0=vfio-pci");
        plan_free(p);

        p = plan_of(h, (Request){ .address = at("02:00.0"), .group = true });
        CHECK(!p->error && p->n_members == 4);
        plan_free(p);

        /* No consent moves a platform device. */
        add_device(h, "00:1f.0", 3, "lpc_ich")->class_code = 0x060100;
        p = plan_of(h, (Request){ .address = at("02:00.0"), .group = true });
        CHECK_STRING(p->error, VFIOD_ERROR_NOT_SUPPORTED);
        CHECK(strstr(p->error_message, "0000:00:1f.0 (lpc_ich)"));
        CHECK(p->n_steps == 0);
        plan_free(p);
        host_free(h);
}

/* Who is not root has no disk opened for a plan: it says so, and is refused for nothing by that. */
static void test_from_afar(void) {
        Host *h = shared_group();
        Device *usb = host_find_device(h, &(Address){ .bus = 2 });
        const Finding *f;
        Plan *p;

        p = plan_of(h, (Request){ .address = at("02:00.0"), .from_afar = true });
        CHECK(!p->error && !findings_find(&p->findings, "disk-not-opened"));
        plan_free(p);
        add_device(h, "03:00.0", 3, "nvme")->class_code = 0x010802;
        p = plan_of(h, (Request){ .address = at("02:00.0"), .group = true, .from_afar = true });
        f = findings_find(&p->findings, "disk-not-opened");
        CHECK(!p->error && p->n_steps > 0 && f && f->severity == SEVERITY_UNKNOWN);
        CHECK(f->class == HAZARD_NONE);
        CHECK_STRING(f->address, "0000:03:00.0");
        plan_free(p);
        p = plan_of(h, (Request){ .address = at("02:00.0"), .group = true });
        CHECK(!p->error && !findings_find(&p->findings, "disk-not-opened"));
        plan_free(p);
        host_find_device(h, &(Address){ .bus = 3 })->class_code = 0x0c0400; /* Fibre Channel */
        p = plan_of(h, (Request){ .address = at("02:00.0"), .group = true, .from_afar = true });
        f = findings_find(&p->findings, "disk-not-opened");
        CHECK(f && strcmp(f->address, "0000:03:00.0") == 0);
        plan_free(p);
        host_find_device(h, &(Address){ .bus = 3 })->class_code = 0x020000;
        /* A disk that hangs on something else. */
        CHECK(uses_add(&usb->uses, &(Use){ .kind = USE_DATA, .object = (char *) "sda1",
                                           .detail = (char *) "ext4",
                                           .evidence = (char *) "sda1: ext4" }) == 0);
        p = plan_of(h, (Request){ .address = at("02:00.0"), .group = true, .from_afar = true });
        f = findings_find(&p->findings, "disk-not-opened");
        CHECK(f && strcmp(f->address, "0000:02:00.0") == 0);
        plan_free(p);
        host_free(h);
}

static void check_refusal(Host *h, const char *address, const char *error) {
        Plan *p = plan_of(h, (Request){ .address = at(address) });

        if (!p->error || strcmp(p->error, error) != 0)
                fprintf(stderr, "%s: %s\n", address, p->error ? p->error : "not refused");
        CHECK(p->error);
        CHECK_STRING(p->error, error);
        CHECK(strstr(p->error_message, address));
        CHECK(p->n_steps == 0 && p->n_members == 0);
        plan_free(p);
}

static void test_refusals(void) {
        Host *h = shared_group();
        Plan *p;

        add_device(h, "00:01.0", 3, "pcieport")->bridge = FACT_PRESENT;
        add_device(h, "05:00.0", -1, "e1000e");
        check_refusal(h, "0000:09:00.0", VFIOD_ERROR_NO_SUCH_DEVICE);
        check_refusal(h, "0000:00:01.0", VFIOD_ERROR_NOT_SUPPORTED);
        check_refusal(h, "0000:05:00.0", VFIOD_ERROR_NO_GROUP);
        h->interrupt_remapping = FACT_ABSENT;
        check_refusal(h, "0000:02:00.0", VFIOD_ERROR_HOST_NOT_READY);
        h->interrupt_remapping = FACT_PRESENT;
        /* What is a module that can be loaded is there: see probe-host.c, read_backend(). */
        h->type1 = FACT_ABSENT;
        check_refusal(h, "0000:02:00.0", VFIOD_ERROR_HOST_NOT_READY);
        h->type1 = FACT_UNKNOWN;
        p = plan_of(h, (Request){ .address = at("02:00.0") });
        CHECK(!p->error && p->n_steps > 0);
        plan_free(p);
        h->type1 = FACT_PRESENT;
        text_unset(&h->devices[2]->driver_override, FACT_UNKNOWN);
        p = plan_of(h, (Request){ .address = at("02:00.0") });
        CHECK_STRING(p->error, VFIOD_ERROR_STUCK);
        plan_free(p);
        h->groups[0]->in_use = FACT_PRESENT;
        CHECK(group_add_holder(h->groups[0], 77, "qemu") == 0);
        check_refusal(h, "0000:02:00.0", VFIOD_ERROR_IN_USE);
        h->groups[0]->in_use = FACT_UNKNOWN;
        check_refusal(h, "0000:02:00.0", VFIOD_ERROR_IN_USE);
        h->groups[0]->in_use = FACT_ABSENT;
        h->devices[1]->children = DEVICE_CHILD_USB;
        text_unset(&h->devices[1]->driver, FACT_ABSENT);
        check_refusal(h, "0000:02:00.0", VFIOD_ERROR_STUCK);
        host_free(h);
}

/* Bound by somebody else, or by us, and viable: nothing to do. */
static void test_nothing_to_do(void) {
        Host *h = good_host();
        Plan *p;

        add_group(h, 3);
        add_device(h, "02:00.0", 3, "vfio-pci");
        p = plan_of(h, (Request){ .address = at("02:00.0") });
        CHECK(!p->error && p->n_steps == 0 && p->n_members == 0 && !p->claim_only);
        plan_free(p);
        p = release_of(h, (Request){ .address = at("02:00.0") });
        CHECK_STRING(p->error, VFIOD_ERROR_NOT_MANAGED);
        plan_free(p);
        host_free(h);
}

/* Puts both functions on VFIO as a set of ours: one had an override before, one had no driver. */
static Host *managed_host(void) {
        Host *h = good_host();
        ManagedSet *s = calloc(1, sizeof(ManagedSet));

        add_group(h, 3);
        add_device(h, "02:00.0", 3, "vfio-pci");
        add_device(h, "02:00.1", 3, "vfio-pci");
        CHECK(s);
        s->id = 9;
        s->members = calloc(2, sizeof(Managed));
        s->n_members = 2;
        CHECK(s->members && claim_add(s, &h->devices[0]->address, "a") == 0);
        for (int i = 0; i < 2; i++) {
                const Device *d = h->devices[i];
                Managed m = { .address = d->address, .moved_to = (char *) "vfio-pci", .set = 9,
                              .driver.fact = FACT_ABSENT, .driver_override.fact = FACT_ABSENT,
                              .vendor_id = d->vendor_id, .device_id = d->device_id,
                              .class_code = d->class_code };

                if (i == 0) {
                        m.driver = (Text){ FACT_PRESENT, (char *) "xhci_hcd" };
                        m.driver_override = (Text){ FACT_PRESENT, (char *) "mine" };
                }
                CHECK(managed_copy(&s->members[i], &m) == 0);
        }
        h->sets = s;
        h->n_sets = 1;
        return h;
}

static void test_release(void) {
        Host *h = managed_host();
        Plan *p = release_of(h, (Request){ .address = at("02:00.1"), .claim = "a" });

        CHECK(!p->error && p->set == 9);
        /* The one without a driver is taken off VFIO and never probed. */
        CHECK_STRING(steps_text(p->steps, p->n_steps),
                     "set-override 0000:02:00.0=xhci_hcd;"
                     "unbind 0000:02:00.0=vfio-pci;unbind 0000:02:00.1=vfio-pci;"
                     "bind 0000:02:00.0=xhci_hcd;"
                     "verify 0000:02:00.0=xhci_hcd;verify 0000:02:00.1=;"
                     "set-override 0000:02:00.0=mine;set-override 0000:02:00.1=");
        plan_free(p);

        p = release_of(h, (Request){ .address = at("02:00.0"), .claim = "b" });
        CHECK(p->kept && !p->claim_only && p->n_steps == 0);
        plan_free(p);
        CHECK(claim_add(&h->sets[0], &h->devices[0]->address, "b") == 0);
        p = release_of(h, (Request){ .address = at("02:00.0"), .claim = "b" });
        CHECK(p->kept && p->claim_only && p->n_steps == 0);
        plan_free(p);

        p = plan_of(h, (Request){ .address = at("02:00.0"), .claim = "c" });
        CHECK(p->claim_only && p->set == 9 && p->n_steps == 0);
        plan_free(p);
        p = plan_of(h, (Request){ .address = at("02:00.0"), .claim = "a" });
        CHECK(!p->claim_only && p->n_steps == 0);
        plan_free(p);

        h->groups[0]->in_use = FACT_PRESENT;
        h->sets[0].n_claims = 1;
        free(h->sets[0].claims[1].name);
        p = release_of(h, (Request){ .address = at("02:00.0"), .claim = "a" });
        CHECK_STRING(p->error, VFIOD_ERROR_IN_USE);
        CHECK(p->n_steps == 0);
        plan_free(p);
        host_free(h);
}

/* A second prepare in the group joins its set, and each needs the group until it is released. */
static void test_join(void) {
        Host *h = managed_host();
        ManagedSet *s = &h->sets[0];
        Plan *p;

        add_device(h, "03:00.0", 3, "nvme");
        p = plan_of(h, (Request){ .address = at("03:00.0"), .group = true, .claim = "a" });
        CHECK(!p->error && p->set == 9 && p->n_members == 1 && !p->claim_only);
        plan_free(p);

        CHECK(claim_add(s, &(Address){ .bus = 3 }, "a") == 0);
        p = release_of(h, (Request){ .address = at("02:00.0"), .claim = "a" });
        CHECK(p->kept && p->claim_only && p->n_steps == 0);
        plan_free(p);
        /* It only moved along with the other function of its slot. */
        p = release_of(h, (Request){ .address = at("02:00.1"), .claim = "a" });
        CHECK(p->kept && p->claim_only && p->n_steps == 0);
        CHECK(claim_is_dropped(s, 0, &p->address, "a") && !claim_is_dropped(s, 1, &p->address, "a"));
        claims_drop(s, &p->address, "a");
        CHECK(s->n_claims == 1 && s->claims[0].device.bus == 3);
        plan_free(p);
        p = release_of(h, (Request){ .address = at("02:00.1"), .claim = "a" });
        CHECK(!p->kept && p->n_members == 2 && p->n_steps > 0);
        plan_free(p);
        host_free(h);
}

static void expect_kept(Host *h, bool kept) {
        Plan *p = release_of(h, (Request){ .address = at("02:00.1"), .claim = "a" });

        CHECK(!p->error && p->kept == kept && p->claim_only == kept);
        CHECK(kept == (p->n_steps == 0) && p->n_members == !kept);
        plan_free(p);
}

/* A guest had both, and one is gone by its end: nobody can release that, and the other goes back. */
static void test_release_orphan(void) {
        Host *h = managed_host();
        Address a = at("02:00.0");

        CHECK(claim_add(&h->sets[0], &h->devices[1]->address, "a") == 0);
        expect_kept(h, true);
        h->devices[0]->ids = FACT_UNKNOWN; /* is not "another" */
        expect_kept(h, true);
        h->devices[0]->ids = FACT_PRESENT;
        h->devices[0]->device_id = 0x2000;
        expect_kept(h, false);
        CHECK(host_remove_device(h, &a));
        expect_kept(h, false);
        /* What was asked for and had not to be moved has no identity on record. */
        CHECK(claim_add(&h->sets[0], &(Address){ .bus = 3 }, "a") == 0);
        expect_kept(h, false);
        add_device(h, "03:00.0", 3, "vfio-pci");
        expect_kept(h, true);
        host_free(h);
}

/* Another device at the address is not the one that was moved: it is left alone. */
static void test_release_replaced(void) {
        Host *h = managed_host();
        Plan *p;

        h->devices[0]->device_id = 0x2000;
        p = release_of(h, (Request){ .address = at("02:00.1"), .claim = "a" });
        CHECK(p->n_members == 1);
        CHECK(address_compare(&p->members[0].address, &h->devices[1]->address) == 0);
        plan_free(p);
        host_free(h);
}

/* What was recorded of a device says nothing of another that stands at its address now. */
static void test_record_of_another(void) {
        Host *h = managed_host();
        Address a = at("02:00.0");
        Report *r;
        Plan *p;

        h->devices[0]->device_id = 0x2000;
        r = report_of(h);
        CHECK(report_find_device(r, &a)->managed_by == MANAGER_OTHER);
        CHECK(report_find_device(r, &a)->host_driver.fact == FACT_UNKNOWN);
        report_free(r);
        p = release_of(h, (Request){ .address = a, .claim = "a" });
        CHECK_STRING(p->error, VFIOD_ERROR_NOT_MANAGED);
        plan_free(p);
        host_free(h);
}

/* Where it cannot be told what a member is, or its group, nothing is released and nothing forgotten. */
static void test_release_unknown(void) {
        Host *h = managed_host();
        Device *d = device_copy(h->devices[0]);
        Plan *p;

        h->devices[0]->ids = FACT_UNKNOWN;
        p = release_of(h, (Request){ .address = at("02:00.1"), .claim = "a" });
        CHECK_STRING(p->error, VFIOD_ERROR_HOST_NOT_READY);
        CHECK(p->n_steps == 0);
        plan_free(p);
        d->grouped = FACT_UNKNOWN;
        CHECK(host_put_device(h, d) == 0);
        p = release_of(h, (Request){ .address = at("02:00.1"), .claim = "a" });
        CHECK_STRING(p->error, VFIOD_ERROR_HOST_NOT_READY);
        plan_free(p);
        host_free(h);
}

/* A function of the slot that has virtual functions does not move along: they may be in use. */
static void test_sibling_with_functions(void) {
        Host *h = shared_group();
        Device *vf = device_copy(h->devices[0]);
        Plan *p;

        vf->address = at("02:10.0");
        vf->virtual_function = FACT_PRESENT;
        vf->physical_function = at("02:00.1");
        vf->group = 9;
        add_group(h, 9);
        CHECK(host_put_device(h, vf) == 0);
        p = plan_of(h, (Request){ .address = at("02:00.0") });
        CHECK_STRING(p->error, VFIOD_ERROR_NOT_SUPPORTED);
        CHECK(strstr(p->error_message, "0000:02:00.1") && p->n_steps == 0);
        plan_free(p);
        host_free(h);
}

/* A virtual function of 02:00.0 elsewhere; physical: whether its physfn link was read. */
static void add_function(Host *h, Fact physical) {
        Device *vf = device_copy(add_device(h, "02:10.0", 9, NULL));

        if (!host_find_group(h, 9))
                add_group(h, 9);
        CHECK(vf);
        vf->virtual_function = physical;
        vf->physical_function = at("02:00.0");
        CHECK(host_put_device(h, vf) == 0);
}

static void expect_functions_kept(Host *h, Request request, const char *words) {
        Plan *p = release_of(h, request);

        CHECK_STRING(p->error, VFIOD_ERROR_NOT_SUPPORTED);
        CHECK(strstr(p->error_message, words) && p->n_steps == 0);
        plan_free(p);
}

/* Taken off VFIO a device loses its virtual functions, whoever uses them; also one that moved along. */
static void test_release_with_functions(void) {
        Host *h = managed_host();
        Plan *p;

        add_function(h, FACT_PRESENT);
        expect_functions_kept(h, (Request){ .address = at("02:00.1"), .claim = "a" },
                              "0000:02:00.0 has 1 virtual functions");
        expect_functions_kept(h, (Request){ .address = at("02:00.0"), .claim = "a" },
                              "0000:02:00.0/sriov_numvfs");
        /* That one could be its own could not be read: unknown is not no. */
        add_function(h, FACT_UNKNOWN);
        expect_functions_kept(h, (Request){ .address = at("02:00.0"), .claim = "a" },
                              "could not be read");
        /* One that the host's driver has by now stays where it is, and so do its functions. */
        add_function(h, FACT_PRESENT);
        CHECK(text_set(&h->devices[0]->driver, "xhci_hcd") == 0);
        p = release_of(h, (Request){ .address = at("02:00.0"), .claim = "a" });
        CHECK(!p->error && p->n_steps > 0);
        plan_free(p);
        host_free(h);

        h = good_host();
        add_group(h, 3);
        add_device(h, "02:00.0", 3, "vfio-pci");
        add_function(h, FACT_PRESENT);
        expect_functions_kept(h, (Request){ .address = at("02:00.0"), .foreign = true },
                              "1 virtual functions");
        add_function(h, FACT_UNKNOWN);
        expect_functions_kept(h, (Request){ .address = at("02:00.0"), .foreign = true },
                              "could not be read");
        host_free(h);
}

/* What is said of a foreign device that may not be given back, and by which error. */
static void expect_foreign_refused(Host *h, const char *error, const char *words) {
        Plan *p = release_of(h, (Request){ .address = at("02:00.0"), .foreign = true });

        CHECK_STRING(p->error, error);
        CHECK(strstr(p->error_message, "02:00.0") && strstr(p->error_message, words));
        CHECK(p->n_steps == 0);
        plan_free(p);
}

/* Somebody else's device goes back only if that is said; an override goes if it names the driver. */
static void test_foreign(void) {
        Host *h = good_host();
        Device *d;
        Plan *p;

        add_group(h, 3);
        d = add_device(h, "02:00.0", 3, "vfio-pci");
        CHECK(text_set(&d->driver_override, "vfio-pci") == 0);
        p = release_of(h, (Request){ .address = at("02:00.0") });
        CHECK_STRING(p->error, VFIOD_ERROR_NOT_MANAGED);
        CHECK(strstr(p->error_message, "--foreign"));
        plan_free(p);
        p = release_of(h, (Request){ .address = at("02:00.0"), .foreign = true });
        CHECK(!p->error && p->group == 3 && p->set == 0 && p->n_members == 1);
        CHECK_STRING(steps_text(p->steps, p->n_steps),
                     "set-override 0000:02:00.0=;unbind 0000:02:00.0=vfio-pci;"
                     "probe 0000:02:00.0=");
        CHECK(p->members[0].driver.fact == FACT_UNKNOWN);
        CHECK(p->members[0].driver_override.fact == FACT_ABSENT);
        CHECK_STRING(p->members[0].moved_to, "vfio-pci");
        plan_free(p);

        /* Not what put it there: it stays. */
        CHECK(text_set(&d->driver_override, "nvme") == 0);
        p = release_of(h, (Request){ .address = at("02:00.0"), .foreign = true });
        CHECK_STRING(steps_text(p->steps, p->n_steps),
                     "unbind 0000:02:00.0=vfio-pci;probe 0000:02:00.0=");
        CHECK(text_is(&p->members[0].driver_override, "nvme"));
        plan_free(p);

        text_unset(&d->driver_override, FACT_UNKNOWN);
        expect_foreign_refused(h, VFIOD_ERROR_STUCK, "driver_override");
        text_unset(&d->driver_override, FACT_ABSENT);
        host_find_group(h, 3)->in_use = FACT_PRESENT;
        expect_foreign_refused(h, VFIOD_ERROR_IN_USE, "group 3");
        host_find_group(h, 3)->in_use = FACT_UNKNOWN;
        expect_foreign_refused(h, VFIOD_ERROR_IN_USE, "could not be told");
        host_find_group(h, 3)->in_use = FACT_ABSENT;
        CHECK(text_set(&h->command_line, "vfio-pci.ids=8086:1000") == 0);
        expect_foreign_refused(h, VFIOD_ERROR_NOT_SUPPORTED, "ids=");
        text_unset(&h->command_line, FACT_ABSENT);
        d->ids = FACT_UNKNOWN;
        expect_foreign_refused(h, VFIOD_ERROR_HOST_NOT_READY, "could not be read");
        host_free(h);
}

/* A device of the host's, and one of ours, is released as without. */
static void test_foreign_elsewhere(void) {
        Host *h = good_host();
        Plan *p;

        add_group(h, 3);
        add_device(h, "02:00.0", 3, "nvme");
        p = release_of(h, (Request){ .address = at("02:00.0"), .foreign = true });
        CHECK(!p->error && p->n_steps == 0);
        plan_free(p);
        p = release_of(h, (Request){ .address = at("07:00.0"), .foreign = true });
        CHECK_STRING(p->error, VFIOD_ERROR_NO_SUCH_DEVICE);
        plan_free(p);
        host_free(h);

        h = managed_host();
        p = release_of(h, (Request){ .address = at("02:00.0"), .claim = "a", .foreign = true });
        CHECK(p->set > 0 && p->n_members > 0 && p->members[0].driver.fact != FACT_UNKNOWN);
        plan_free(p);
        host_free(h);
}

int main(void) {
        test_record_of_another();
        test_release_unknown();
        test_sibling_with_functions();
        test_slot();
        test_consent();
        test_refusals();
        test_nothing_to_do();
        test_foreign();
        test_foreign_elsewhere();
        test_release();
        test_join();
        test_from_afar();
        test_release_orphan();
        test_release_replaced();
        test_release_with_functions();
        return 0;
}
