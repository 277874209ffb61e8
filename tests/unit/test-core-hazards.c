/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core-fixture.h"
#include "core/hazards.h"
#include "core/private.h"
#include "finding-ids.h"
#include "names.h"

/* What the host would lose: as findings, for readiness, and in plans. */

static void add_use(Uses *u, UseKind kind, const char *object, const char *detail,
                    const char *evidence, bool of_process) {
        CHECK(uses_add(u, &(Use){ kind, (char *) object, (char *) detail, (char *) evidence,
                                  of_process }) == 0);
}

static void use(Device *d, UseKind kind, const char *object, const char *detail) {
        char evidence[128];

        snprintf(evidence, sizeof(evidence), "%s: seen %s", object, detail);
        add_use(&d->uses, kind, object, detail, evidence, false);
}

static const DeviceReport *device_of(const Report *r, const char *address) {
        Address a = at(address);
        const DeviceReport *d = report_find_device(r, &a);

        CHECK(d);
        return d;
}

/* Every kind of use: its finding, its class, and what it makes of the device. */
static void test_kinds(void) {
        static const struct {
                UseKind kind;
                const char *id;
                HazardClass class;
        } cases[] = {
                { USE_MOUNT, FINDING_DISK_IN_USE, HAZARD_NEVER },
                { USE_SWAP, FINDING_DISK_IN_USE, HAZARD_NEVER },
                { USE_STACKED, FINDING_DISK_IN_USE, HAZARD_NEVER },
                { USE_OPENED, FINDING_DISK_IN_USE, HAZARD_NEVER },
                { USE_NEEDED, FINDING_DISK_IN_USE, HAZARD_NEVER },
                { USE_CLAIM, FINDING_DISK_IN_USE, HAZARD_NEVER },
                { USE_LAST_CONSOLE, FINDING_LAST_CONSOLE, HAZARD_NEVER },
                { USE_DATA, FINDING_DISK_HOLDS_DATA, HAZARD_ACCEPT },
                { USE_NETWORK, FINDING_NETWORK_IN_USE, HAZARD_ACCEPT },
                { USE_CONNECTION, FINDING_OWN_CONNECTION, HAZARD_ACCEPT },
                { USE_NETWORK_STORAGE, FINDING_NETWORK_STORAGE, HAZARD_ACCEPT },
                { USE_BOOT_DISPLAY, FINDING_BOOT_DISPLAY, HAZARD_ACCEPT },
                { USE_DISPLAY, FINDING_DISPLAY_IN_USE, HAZARD_ACCEPT },
                { USE_SERIAL_CONSOLE, FINDING_SERIAL_CONSOLE, HAZARD_ACCEPT },
                { USE_LAST_KEYBOARD, FINDING_LAST_KEYBOARD, HAZARD_ACCEPT },
                { USE_SOUND, FINDING_SOUND_IN_USE, HAZARD_ACCEPT },
                { USE_TPM, FINDING_TPM, HAZARD_ACCEPT },
                { USE_WATCHDOG, FINDING_WATCHDOG, HAZARD_ACCEPT },
        };

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                Host *h = good_host();
                const DeviceReport *d;
                const Finding *f;
                Report *r;

                add_group(h, 1);
                use(add_device(h, "01:00.0", 1, "drv"), cases[i].kind, "thing0", "that");
                r = report_of(h);
                d = device_of(r, "01:00.0");
                f = findings_find(&d->findings, cases[i].id);
                CHECK(f && f->class == cases[i].class && f->n_evidence == 1);
                CHECK_STRING(f->evidence[0], "thing0: seen that");
                CHECK_STRING(f->address, "0000:01:00.0");
                CHECK(f->severity == (f->class == HAZARD_NEVER ? SEVERITY_BLOCKER
                                                               : SEVERITY_WARNING));
                CHECK(d->readiness == (f->class == HAZARD_NEVER ? READINESS_BLOCKED
                                                                : READINESS_NEEDS_CONSENT));
                CHECK((strstr(f->remedy, "--accept") != NULL) == (f->class == HAZARD_ACCEPT));
                report_free(r);
                host_free(h);
        }
}

/* What could not be looked at counts as what was looked for, and says that it is not known. */
static void test_unknown(void) {
        static const struct {
                UseCategory category;
                const char *id;
        } cases[] = {
                { USES_STORAGE, FINDING_DISK_IN_USE },    { USES_CLAIM, FINDING_DISK_IN_USE },
                { USES_DATA, FINDING_DISK_HOLDS_DATA },   { USES_NETWORK, FINDING_NETWORK_IN_USE },
                { USES_DISPLAY, FINDING_DISPLAY_IN_USE }, { USES_CONSOLE, FINDING_LAST_CONSOLE },
                { USES_INPUT, FINDING_LAST_KEYBOARD },    { USES_SOUND, FINDING_SOUND_IN_USE },
                { USES_SYSTEM, FINDING_TPM },
        };

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                Host *h = good_host();
                const DeviceReport *d;
                const Finding *f;
                Report *r;
                Device *v;

                add_group(h, 1);
                v = add_device(h, "01:00.0", 1, "drv");
                v->uses.looked[cases[i].category] = FACT_UNKNOWN;
                add_use(&v->uses, USE_NOT_LOOKED, use_category_text(cases[i].category), "",
                        "/proc/1/fd: Permission denied", false);
                r = report_of(h);
                d = device_of(r, "01:00.0");
                f = findings_find(&d->findings, cases[i].id);
                CHECK(f && f->severity == SEVERITY_UNKNOWN && f->class != HAZARD_NONE);
                CHECK(strstr(f->message, "could not be looked at"));
                CHECK(f->n_evidence == 1 && strcmp(f->evidence[0], "/proc/1/fd: Permission denied") == 0);
                CHECK(d->readiness == READINESS_UNKNOWN);
                report_free(r);
                host_free(h);
        }
}

/* Nothing known at all is one finding; nothing to look for is none. */
static void test_all_and_none(void) {
        Host *h = good_host();
        Device *v;
        Report *r;

        add_group(h, 1);
        v = add_device(h, "01:00.0", 1, "drv");
        memset(v->uses.looked, 0, sizeof(v->uses.looked));
        r = report_of(h);
        CHECK(findings_find(&device_of(r, "01:00.0")->findings, FINDING_USES_UNKNOWN));
        CHECK(!findings_find(&device_of(r, "01:00.0")->findings, FINDING_DISK_IN_USE));
        CHECK(device_of(r, "01:00.0")->readiness == READINESS_UNKNOWN);
        report_free(r);
        for (int c = 0; c < USES_MAX_; c++)
                v->uses.looked[c] = FACT_ABSENT;
        r = report_of(h);
        CHECK(device_of(r, "01:00.0")->findings.n_items == 0);
        CHECK(device_of(r, "01:00.0")->readiness == READINESS_PREPARABLE);
        report_free(r);
        host_free(h);
}

/* Of a device that is on VFIO already, nothing can be lost. */
static void test_not_applied(void) {
        static const char *const drivers[] = { "vfio-pci", "pci-stub" };

        for (size_t i = 0; i < 2; i++) {
                Host *h = good_host();
                Report *r;

                add_group(h, 1);
                use(add_device(h, "01:00.0", 1, drivers[i]), USE_MOUNT, "sda1", "/");
                r = report_of(h);
                CHECK(!findings_find(&device_of(r, "01:00.0")->findings, FINDING_DISK_IN_USE));
                report_free(r);
                host_free(h);
        }
}

/* The firmware's frame buffer needs no driver of PCI, and VFIO's takes it away. */
static void test_without_driver(void) {
        Host *h = good_host();
        const Finding *f;
        Report *r;

        add_group(h, 1);
        use(add_device(h, "01:00.0", 1, NULL), USE_LAST_CONSOLE, "tty0", "");
        add_device(h, "01:00.1", 1, "drv");
        r = report_of(h);
        f = findings_find(&device_of(r, "01:00.0")->findings, FINDING_LAST_CONSOLE);
        CHECK(f && f->class == HAZARD_NEVER);
        CHECK(device_of(r, "01:00.0")->readiness == READINESS_BLOCKED);
        report_free(r);
        host_free(h);
}

/* A disk in use has no data "that nobody uses", and says what it holds first. */
static void test_disk(void) {
        Host *h = good_host();
        const Finding *f;
        Report *r;
        Device *d;

        add_group(h, 1);
        d = add_device(h, "01:00.0", 1, "nvme");
        use(d, USE_DATA, "nvme0n1", "partitions (gpt)");
        use(d, USE_MOUNT, "nvme0n1p2", "/");
        use(d, USE_MOUNT, "nvme0n1p1", "/boot/efi");
        use(d, USE_SWAP, "nvme0n1p3", "swap");
        use(d, USE_CLAIM, "nvme0n1p2", "a claim of the kernel");
        r = report_of(h);
        CHECK(!findings_find(&device_of(r, "01:00.0")->findings, FINDING_DISK_HOLDS_DATA));
        f = findings_find(&device_of(r, "01:00.0")->findings, FINDING_DISK_IN_USE);
        CHECK_STRING(f->message, "It holds / (nvme0n1p2), /boot/efi (nvme0n1p1), swap (nvme0n1p3) "
                                 "and 1 more.");
        CHECK(f->n_evidence == 4);
        report_free(r);
        host_free(h);
}

static Plan *plan_of(Host *h, Request request) {
        Report *r = report_of(h);
        Plan *p;

        CHECK(plan_prepare(h, r, &request, &p) == 0);
        report_free(r);
        return p;
}

static void test_plan_never(void) {
        char *accept[] = { (char *) "disk-in-use", (char *) "network-in-use" };
        Host *h = good_host();
        Plan *p;

        add_group(h, 1);
        use(add_device(h, "01:00.0", 1, "nvme"), USE_MOUNT, "nvme0n1p2", "/");
        p = plan_of(h, (Request){ .address = at("01:00.0"), .accept = accept, .n_accept = 2 });
        CHECK_STRING(p->error, VFIOD_ERROR_HAZARD);
        CHECK(!p->grantable);
        CHECK_STRING(p->error_message,
                     "0000:01:00.0 cannot be prepared: It holds / (nvme0n1p2). (nvme0n1p2: seen /) "
                     "Nothing was changed. Unmount what is on it, take it out of /etc/fstab and "
                     "close what is stacked on it. See: vfioctl explain disk-in-use");
        plan_free(p);
        host_free(h);
}

static void test_plan_accept(void) {
        static const struct {
                const char *accept;
                bool taken;
        } cases[] = {
                { "network-in-use", true },
                { "network-in-use@0000:01:00.0", true },
                { "network-in-use@01:00.0", true },
                { "network-in-use@01:00.1", false },
                { "network-in-us", false },
                { "network-in-use-x", false },
                { "network-in-use@", false },
                { "own-connection", false },
        };
        Host *h = good_host();
        Plan *p;

        add_group(h, 1);
        use(add_device(h, "01:00.0", 1, "igc"), USE_NETWORK, "enp1s0", "the default route");
        p = plan_of(h, (Request){ .address = at("01:00.0") });
        CHECK_STRING(p->error, VFIOD_ERROR_HAZARD);
        CHECK(p->grantable && p->n_steps == 4);
        CHECK(strstr(findings_find(&p->findings, FINDING_NETWORK_IN_USE)->remedy,
                     "vfioctl prepare 0000:01:00.0 --accept network-in-use@0000:01:00.0"));
        plan_free(p);
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                char *accept = (char *) cases[i].accept;

                p = plan_of(h, (Request){ .address = at("01:00.0"), .accept = &accept,
                                          .n_accept = 1 });
                CHECK((p->error == NULL) == cases[i].taken);
                CHECK((findings_find(&p->findings, FINDING_NETWORK_IN_USE) == NULL) ==
                      cases[i].taken);
                CHECK(p->n_accept == 1 && strcmp(p->accept[0], accept) == 0);
                plan_free(p);
        }
        host_free(h);
}

/* The whole group is looked at: what cannot be taken from a member stops the other as well. */
static void test_members(void) {
        char *accept = (char *) "sound-in-use@01:00.1";
        Host *h = good_host();
        const DeviceReport *d;
        const Finding *f;
        Report *r;
        Plan *p;

        add_group(h, 1);
        add_device(h, "01:00.0", 1, "nouveau");
        use(add_device(h, "01:00.1", 1, "snd_hda_intel"), USE_SOUND, "controlC0",
            "pipewire, process 7");
        r = report_of(h);
        d = device_of(r, "01:00.0");
        f = findings_find(&d->findings, FINDING_SOUND_IN_USE);
        CHECK(f && d->readiness == READINESS_NEEDS_CONSENT);
        CHECK_STRING(f->address, "0000:01:00.1");
        CHECK(strstr(f->remedy, "prepare 0000:01:00.0 --accept sound-in-use@0000:01:00.1"));
        report_free(r);
        p = plan_of(h, (Request){ .address = at("01:00.0") });
        CHECK_STRING(p->error, VFIOD_ERROR_HAZARD);
        CHECK(strstr(p->error_message, "0000:01:00.1: Its sound card is held open"));
        plan_free(p);
        p = plan_of(h, (Request){ .address = at("01:00.0"), .accept = &accept, .n_accept = 1 });
        CHECK(!p->error);
        plan_free(p);

        use(add_device(h, "02:00.0", 1, "nvme"), USE_MOUNT, "nvme0n1p2", "/");
        r = report_of(h);
        d = device_of(r, "01:00.0");
        f = findings_find(&d->findings, FINDING_GROUP_SHARED_WITH_SYSTEM_DISK);
        CHECK(f && f->class == HAZARD_NEVER && d->readiness == READINESS_BLOCKED);
        CHECK_STRING(f->message, "Its group 1 also holds 0000:02:00.0 (nvme), which stays with the "
                                 "host. It holds / (nvme0n1p2).");
        CHECK_STRING(f->evidence[0], "nvme0n1p2: seen /");
        report_free(r);
        p = plan_of(h, (Request){ .address = at("01:00.0"), .group = true, .accept = &accept,
                                  .n_accept = 1 });
        CHECK_STRING(p->error, VFIOD_ERROR_HAZARD);
        CHECK(!p->grantable && strstr(p->error_message, FINDING_GROUP_SHARED_WITH_SYSTEM_DISK));
        plan_free(p);

        Address gone = at("02:00.0");
        CHECK(host_remove_device(h, &gone));
        use(add_device(h, "02:00.0", 1, "amdgpu"), USE_LAST_CONSOLE, "tty0", "");
        r = report_of(h);
        CHECK(findings_find(&device_of(r, "01:00.0")->findings,
                            FINDING_GROUP_SHARED_WITH_LAST_CONSOLE));
        report_free(r);
        host_free(h);
}

/* A consent and an acceptance are both asked for. */
static void test_consent_too(void) {
        char *accept = (char *) "network-in-use@03:00.0";
        Host *h = good_host();
        Plan *p;

        add_group(h, 1);
        add_device(h, "01:00.0", 1, "nouveau");
        use(add_device(h, "03:00.0", 1, "igc"), USE_NETWORK, "enp3s0", "10.0.0.1/8");
        p = plan_of(h, (Request){ .address = at("01:00.0") });
        CHECK_STRING(p->error, VFIOD_ERROR_NEEDS_CONSENT);
        CHECK(p->grantable && findings_find(&p->findings, FINDING_NETWORK_IN_USE));
        plan_free(p);
        p = plan_of(h, (Request){ .address = at("01:00.0"), .group = true });
        CHECK_STRING(p->error, VFIOD_ERROR_HAZARD);
        plan_free(p);
        p = plan_of(h, (Request){ .address = at("01:00.0"), .group = true, .accept = &accept,
                                  .n_accept = 1 });
        CHECK(!p->error);
        plan_free(p);
        host_free(h);
}

/* What others are told of a finding's message and its only line of evidence. */
static void expect_told(bool of_process, const char *detail, const char *evidence, bool told) {
        Host *h = good_host();
        char *message, *line;
        const Finding *f;
        Report *r;

        add_group(h, 1);
        add_use(&add_device(h, "01:00.0", 1, "nvme")->uses, USE_MOUNT, "sda1", detail, evidence,
                of_process);
        r = report_of(h);
        f = findings_find(&device_of(r, "01:00.0")->findings, FINDING_DISK_IN_USE);
        CHECK(f && f->n_evidence == 1);
        message = private_show(f->message, false);
        line = private_show(f->evidence[0], false);
        CHECK(message && line);
        CHECK((strstr(message, detail) != NULL) == told && strstr(message, "sda1"));
        CHECK((strcmp(line, evidence) == 0) == told && strstr(line, "sda1"));
        free(message);
        free(line);
        report_free(r);
        host_free(h);
}

/* It is not a word in a text that makes it private: a text can be cut off before that word, or have it
 * by chance. */
static void test_private(void) {
        expect_told(true, "/secret/path", "sda1: is mounted on /secret/path/that/is/cut/o", false);
        expect_told(true, "/secret for qemu", "sda1: is mounted on /secret (process 4)", false);
        expect_told(false, "/srv/process data", "sda1: is mounted on /srv/process data (ext4)", true);
}

/* A later look replaces what it was about, and nothing else. */
static void test_update(void) {
        Uses now = { 0 }, look = { 0 };

        for (int c = 0; c < USES_MAX_; c++)
                now.looked[c] = FACT_PRESENT;
        add_use(&now, USE_MOUNT, "sda1", "/", "e", false);
        add_use(&now, USE_CLAIM, "sda2", "zfs", "e", false);
        for (int c = 0; c < USES_MAX_; c++)
                look.looked[c] = FACT_PRESENT;
        look.looked[USES_CLAIM] = FACT_ABSENT;
        look.looked[USES_SOUND] = FACT_UNKNOWN;
        add_use(&look, USE_SWAP, "sda3", "swap", "e", false);
        CHECK(uses_update(&now, &look) == 0);
        CHECK(now.n_items == 2 && now.items[0].kind == USE_CLAIM && now.items[1].kind == USE_SWAP);
        CHECK(now.looked[USES_CLAIM] == FACT_PRESENT && now.looked[USES_SOUND] == FACT_UNKNOWN);
        uses_clear(&look);
        CHECK(uses_update(&now, &look) == 0); /* nothing was said */
        CHECK(now.n_items == 0 && now.looked[USES_STORAGE] == FACT_UNKNOWN);
        uses_clear(&now);
}

int main(void) {
        test_kinds();
        test_unknown();
        test_all_and_none();
        test_not_applied();
        test_without_driver();
        test_disk();
        test_plan_never();
        test_plan_accept();
        test_members();
        test_consent_too();
        test_private();
        test_update();
        return 0;
}
