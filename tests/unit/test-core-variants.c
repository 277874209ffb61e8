/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core-fixture.h"
#include "core/variants.h"
#include "names.h"

/* As file2alias writes them: a whole card, a model of it, one subsystem of that model, a class. */
static void add_variants(Host *h) {
        static const struct {
                const char *pattern, *module;
        } variants[] = {
                { "vfio_pci:v*d*sv*sd*bc*sc*i*", "vfio_pci" },
                { "vfio_pci:v000015B3d0000101Esv*sd*bc*sc*i*", "mlx5_vfio_pci" },
                { "vfio_pci:v00008086d*sv*sd*bc*sc*i*", "wide_vfio_pci" },
                { "vfio_pci:v00008086d00004941sv*sd*bc*sc*i*", "qat_vfio_pci" },
                { "vfio_pci:v00008086d00004941sv00008086sd00000001bc*sc*i*", "own_vfio_pci" },
                { "vfio_pci:v*d*sv*sd*bc03sc00i00*", "xe_vfio_pci" },
        };

        h->setup = setup_new();
        CHECK(h->setup);
        h->setup->variants_known = FACT_PRESENT;
        for (size_t i = 0; i < sizeof(variants) / sizeof(variants[0]); i++)
                CHECK(setup_add_variant(h->setup, variants[i].pattern, variants[i].module) == 0);
}

static void test_best(void) {
        static const struct {
                uint16_t vendor, device, subvendor, subdevice;
                uint32_t class_code;
                const char *expected;
        } cases[] = {
                { 0x15b3, 0x101e, 0, 0, 0x020000, "mlx5_vfio_pci" },
                { 0x15b3, 0x101d, 0, 0, 0x020000, "vfio-pci" },
                { 0x8086, 0x1000, 0, 0, 0x020000, "wide_vfio_pci" },
                { 0x8086, 0x4941, 0, 0, 0x0b4000, "qat_vfio_pci" },
                { 0x8086, 0x4941, 0x8086, 1, 0x0b4000, "own_vfio_pci" },
                { 0x8086, 0x4941, 0x8086, 2, 0x0b4000, "qat_vfio_pci" },
                /* The driver is called xe-vfio-pci in sysfs, the module xe_vfio_pci. */
                { 0x1002, 0x4941, 0, 0, 0x030000, "xe-vfio-pci" },
                { 0x1002, 0x4941, 0, 0, 0x030001, "vfio-pci" },
        };

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                Host *h = good_host();
                Device *d = add_device(h, "01:00.0", 5, NULL);

                add_variants(h);
                d->vendor_id = cases[i].vendor;
                d->device_id = cases[i].device;
                d->subsystem_vendor_id = cases[i].subvendor;
                d->subsystem_device_id = cases[i].subdevice;
                d->class_code = cases[i].class_code;
                CHECK_STRING(variant_best(h, d), cases[i].expected);
                CHECK(variant_fits(h, d, cases[i].expected) == FACT_PRESENT);
                CHECK(variant_fits(h, d, "pds_vfio_pci") == FACT_ABSENT);
                d->ids = FACT_UNKNOWN;
                CHECK_STRING(variant_best(h, d), "vfio-pci");
                CHECK(variant_fits(h, d, cases[i].expected) == FACT_UNKNOWN);
                host_free(h);
        }
}

/* A registered driver's own spelling wins. */
static void test_name(void) {
        Host *h = good_host();

        CHECK_STRING(variant_name(h, "vfio_pci"), "vfio-pci");
        CHECK_STRING(variant_name(h, "mlx5-vfio-pci"), "mlx5_vfio_pci");
        CHECK_STRING(variant_name(h, "acme-vfio"), "acme-vfio");
        CHECK(names_add(&h->drivers, &h->n_drivers, "acme_vfio") == 0);
        CHECK_STRING(variant_name(h, "acme-vfio"), "acme_vfio");
        CHECK_STRING(variant_name(h, "acme-vfi"), "acme-vfi");
        host_free(h);
}

/* A card's function with a variant, and one without, in one slot and group. */
static Host *card(void) {
        Host *h = good_host();
        Device *d;

        add_group(h, 5);
        d = add_device(h, "01:00.0", 5, "mlx5_core");
        d->vendor_id = 0x15b3;
        d->device_id = 0x101e;
        d = add_device(h, "01:00.1", 5, "snd_hda_intel");
        d->vendor_id = 0x1022;
        add_variants(h);
        return h;
}

static Plan *plan_of(const Host *h, const char *driver) {
        Request request = { .address = at("01:00.0"), .driver = driver };
        Report *r = report_of(h);
        Plan *p;

        CHECK(plan_prepare(h, r, &request, &p) == 0);
        report_free(r);
        return p;
}

/* Returns: true if the plan has that step. */
static bool has_step(const Plan *p, Action action, const char *address, const char *value) {
        for (size_t i = 0; i < p->n_steps; i++) {
                Address a = address ? at(address) : (Address){ 0 };

                if (p->steps[i].action == action && strcmp(p->steps[i].value, value) == 0 &&
                    (!address || address_compare(&p->steps[i].address, &a) == 0))
                        return true;
        }
        return false;
}

static void test_plan(void) {
        Host *h = card();
        Plan *p = plan_of(h, NULL);

        CHECK(!p->error);
        /* Only what is not there is loaded: vfio-pci is. */
        CHECK(p->steps[0].action == STEP_LOAD_MODULE && p->steps[1].action == STEP_SET_OVERRIDE);
        CHECK(has_step(p, STEP_LOAD_MODULE, NULL, "mlx5_vfio_pci"));
        CHECK(has_step(p, STEP_SET_OVERRIDE, "01:00.0", "mlx5_vfio_pci"));
        CHECK(has_step(p, STEP_BIND, "01:00.0", "mlx5_vfio_pci"));
        CHECK(has_step(p, STEP_VERIFY, "01:00.0", "mlx5_vfio_pci"));
        CHECK(has_step(p, STEP_BIND, "01:00.1", "vfio-pci"));
        plan_free(p);
        /* Named, in the spelling of either: for the device, not for who has no alias of it. */
        p = plan_of(h, "mlx5-vfio-pci");
        CHECK(!p->error && has_step(p, STEP_BIND, "01:00.0", "mlx5_vfio_pci"));
        CHECK(has_step(p, STEP_BIND, "01:00.1", "vfio-pci"));
        plan_free(p);
        p = plan_of(h, "vfio-pci");
        CHECK(!p->error && has_step(p, STEP_BIND, "01:00.0", "vfio-pci"));
        CHECK(p->steps[0].action == STEP_SET_OVERRIDE);
        plan_free(p);
        p = plan_of(h, "pci-stub");
        CHECK(!p->error && has_step(p, STEP_BIND, "01:00.1", "pci-stub"));
        plan_free(p);
        host_free(h);
}

static void test_refused(void) {
        Host *h = card();
        Plan *p = plan_of(h, "qat_vfio_pci");

        CHECK_STRING(p->error, VFIOD_ERROR_NOT_SUPPORTED);
        CHECK(p->n_steps == 0 && strstr(p->error_message, "qat_vfio_pci"));
        CHECK(strstr(p->error_message, "mlx5_vfio_pci"));
        plan_free(p);
        p = plan_of(h, "nvme");
        CHECK_STRING(p->error, VFIOD_ERROR_NOT_SUPPORTED);
        plan_free(p);
        /* Not known: a name that VFIO's variants have is taken at its word. */
        h->setup->variants_known = FACT_UNKNOWN;
        p = plan_of(h, "acme_vfio_pci");
        CHECK(!p->error && has_step(p, STEP_BIND, "01:00.0", "acme_vfio_pci"));
        plan_free(p);
        p = plan_of(h, "nvme");
        CHECK_STRING(p->error, VFIOD_ERROR_NOT_SUPPORTED);
        plan_free(p);
        host_free(h);
}

int main(void) {
        test_best();
        test_name();
        test_plan();
        test_refused();
        return 0;
}
