/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>
#include <unistd.h>

#include "action-names.h"
#include "names.h"
#include "test-bus-fixture.h"

#define MANAGER_TEXT(f, property) \
        fixture_text(f, VFIOD_PATH_MANAGER, VFIOD_INTERFACE_MANAGER, property, "s")
#define DEVICE_TEXT(f, path, property) \
        fixture_text(f, path, VFIOD_INTERFACE_DEVICE, property, "s")
#define GROUP_TEXT(f, id, property) \
        fixture_text(f, VFIOD_PATH_GROUPS "/" id, VFIOD_INTERFACE_GROUP, property, "s")

static void test_manager(Fixture *f) {
        sd_bus_message *m;
        const char *a, *b, *c;
        int value;

        CHECK_TEXT(MANAGER_TEXT(f, "Version"), "0.1");
        CHECK_TEXT(MANAGER_TEXT(f, "KernelRelease"), "6.12.0");
        CHECK_TEXT(MANAGER_TEXT(f, "CommandLine"), "");
        CHECK_TEXT(MANAGER_TEXT(f, "Readiness"), "degraded");
        CHECK_TEXT(MANAGER_TEXT(f, "IommuState"), "enabled");
        CHECK_TEXT(MANAGER_TEXT(f, "IommuKind"), "intel-vtd");
        CHECK_TEXT(MANAGER_TEXT(f, "InterruptRemapping"), "disabled");
        CHECK_TEXT(MANAGER_TEXT(f, "PostedInterrupts"), "unknown");
        CHECK_TEXT(MANAGER_TEXT(f, "DefaultDomain"), "");
        m = fixture_get(f, VFIOD_PATH_MANAGER, VFIOD_INTERFACE_MANAGER, "UnsafeInterrupts", "b");
        CHECK(sd_bus_message_read(m, "b", &value) > 0 && value);
        sd_bus_message_unref(m);
        m = fixture_get(f, VFIOD_PATH_MANAGER, VFIOD_INTERFACE_MANAGER, "Backends", "as");
        CHECK(sd_bus_message_read(m, "as", 3, &a, &b, &c) > 0);
        CHECK_TEXT(a, "type1");
        CHECK_TEXT(b, "iommufd");
        CHECK_TEXT(c, "cdev");
        sd_bus_message_unref(m);
}

static void test_group(Fixture *f) {
        const char *a, *b, *c, *d, *e, *g;
        sd_bus_message *m;

        CHECK_TEXT(GROUP_TEXT(f, "15", "VfioNode"), "/dev/vfio/15");
        CHECK_TEXT(GROUP_TEXT(f, "16", "VfioNode"), "/dev/vfio/noiommu-16");
        CHECK_TEXT(GROUP_TEXT(f, "15", "Type"), "DMA-FQ");
        CHECK_TEXT(GROUP_TEXT(f, "15", "Verdict"), "blocked");
        CHECK_TEXT(GROUP_TEXT(f, "15", "InUse"), "no");
        CHECK_TEXT(GROUP_TEXT(f, "16", "InUse"), "unknown");
        f->report->host->type1 = false;
        CHECK_TEXT(GROUP_TEXT(f, "15", "VfioNode"), "");
        f->report->host->type1 = true;

        m = fixture_get(f, VFIOD_PATH_GROUPS "/15", VFIOD_INTERFACE_GROUP, "Members", "ao");
        CHECK(sd_bus_message_read(m, "ao", 2, &a, &b) > 0);
        CHECK_TEXT(a, PATH_GPU);
        CHECK_TEXT(b, PATH_AUDIO);
        sd_bus_message_unref(m);
        m = fixture_get(f, VFIOD_PATH_GROUPS "/15", VFIOD_INTERFACE_GROUP, "Blockers", "a(sss)");
        CHECK(sd_bus_message_read(m, "a(sss)", 2, &a, &b, &c, &d, &e, &g) > 0);
        CHECK_TEXT(b, "snd_hda_intel");
        CHECK_TEXT(c, "host-driver");
        CHECK_TEXT(e, "");
        CHECK_TEXT(g, "detaching");
        sd_bus_message_unref(m);
        m = fixture_get(f, VFIOD_PATH_GROUPS "/15", VFIOD_INTERFACE_GROUP, "OtherMembers", "as");
        CHECK(sd_bus_message_read(m, "as", 1, &a) > 0);
        CHECK_TEXT(a, "serial8250");
        sd_bus_message_unref(m);
}

static void test_device(Fixture *f) {
        CHECK_TEXT(DEVICE_TEXT(f, PATH_GPU, "Address"), "0000:01:00.0");
        CHECK_TEXT(DEVICE_TEXT(f, PATH_GPU, "VendorName"), "NVIDIA Corporation");
        CHECK_TEXT(DEVICE_TEXT(f, PATH_GPU, "DeviceName"), "");
        CHECK_TEXT(DEVICE_TEXT(f, PATH_GPU, "Driver"), "vfio-pci");
        CHECK_TEXT(DEVICE_TEXT(f, PATH_GPU, "DriverOverride"), "");
        CHECK_TEXT(DEVICE_TEXT(f, PATH_GPU, "HostDriver"), "nouveau");
        CHECK_TEXT(DEVICE_TEXT(f, PATH_GPU, "State"), "vfio");
        CHECK_TEXT(DEVICE_TEXT(f, PATH_GPU, "Readiness"), "blocked");
        CHECK_TEXT(DEVICE_TEXT(f, PATH_GPU, "ManagedBy"), "vfiod");
        CHECK_TEXT(DEVICE_TEXT(f, PATH_GPU, "VfioDevice"), "/dev/vfio/devices/vfio0");
        CHECK_TEXT(DEVICE_TEXT(f, PATH_GPU, "PowerState"), "D3hot");
        CHECK_TEXT(DEVICE_TEXT(f, PATH_GPU, "PhysicalFunction"), "");
        CHECK_TEXT(DEVICE_TEXT(f, PATH_VMD, "PhysicalFunction"), "10000:e0:00.0");
        CHECK_TEXT(fixture_text(f, PATH_GPU, VFIOD_INTERFACE_DEVICE, "Group", "o"),
                   VFIOD_PATH_GROUPS "/15");
        CHECK_TEXT(fixture_text(f, PATH_VMD, VFIOD_INTERFACE_DEVICE, "Group", "o"), "/");
        f->report->host->cdev = false;
        CHECK_TEXT(DEVICE_TEXT(f, PATH_GPU, "VfioDevice"), "");
        f->report->host->cdev = true;
}

static void test_device_arrays(Fixture *f) {
        const char *a, *b, *c, *d, *e, *g;
        sd_bus_message *m;
        uint16_t vendor;
        uint32_t pid;

        m = fixture_get(f, PATH_GPU, VFIOD_INTERFACE_DEVICE, "VendorId", "q");
        CHECK(sd_bus_message_read(m, "q", &vendor) > 0 && vendor == 0x10de);
        sd_bus_message_unref(m);
        m = fixture_get(f, PATH_GPU, VFIOD_INTERFACE_DEVICE, "ResetMethods", "as");
        CHECK(sd_bus_message_read(m, "as", 2, &a, &b) > 0);
        CHECK_TEXT(b, "bus");
        sd_bus_message_unref(m);
        m = fixture_get(f, PATH_GPU, VFIOD_INTERFACE_DEVICE, "Holders", "a(us)");
        CHECK(sd_bus_message_read(m, "a(us)", 1, &pid, &a) > 0);
        CHECK(pid == 4242);
        CHECK_TEXT(a, "q\xef\xbf\xbd" "emu");
        sd_bus_message_unref(m);
        m = fixture_get(f, PATH_GPU, VFIOD_INTERFACE_DEVICE, "Findings",
                        "a" VFIOD_SIGNATURE_FINDING);
        CHECK(sd_bus_message_read(m, "a" VFIOD_SIGNATURE_FINDING, 1, &a, &b, &c, 1, &d, &e, 1, &g,
                                  "s", &g) > 0);
        CHECK_TEXT(a, "in-use");
        CHECK_TEXT(b, "blocker");
        CHECK_TEXT(d, "pid 4242");
        CHECK_TEXT(e, "Stop it.");
        CHECK_TEXT(g, "0000:01:00.0");
        sd_bus_message_unref(m);
}

static char *introspect(Fixture *f, const char *path) {
        sd_bus_message *m = fixture_message(f, path, "org.freedesktop.DBus.Introspectable",
                                            "Introspect");
        const char *xml;
        char *copy;

        m = fixture_send(f, m);
        CHECK(sd_bus_message_read(m, "s", &xml) > 0);
        copy = strdup(xml);
        CHECK(copy);
        sd_bus_message_unref(m);
        return copy;
}

static void test_introspection(Fixture *f) {
        static const char *const lines[] = {
                "<arg type=\"a{sv}\" name=\"options\" direction=\"in\"/>",
                "<arg type=\"a(sssassa{sv})\" name=\"findings\" direction=\"out\"/>",
                "<arg type=\"o\" name=\"job\" direction=\"out\"/>",
                "<arg type=\"s\" name=\"verdict\"/>",
                "<node name=\"device\"/>",
        };
        char *xml = introspect(f, VFIOD_PATH_MANAGER);
        const char *holders, *quiet;

        for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
                if (!strstr(xml, lines[i])) {
                        fprintf(stderr, "'%s' is not in\n%s\n", lines[i], xml);
                        abort();
                }
        free(xml);
        xml = introspect(f, VFIOD_PATH_GROUPS);
        CHECK(strstr(xml, "<node name=\"15\"/>") && strstr(xml, "<node name=\"16\"/>"));
        free(xml);
        xml = introspect(f, PATH_GPU);
        holders = strstr(xml, "name=\"Holders\"");
        CHECK(holders);
        quiet = strstr(holders, "EmitsChangedSignal\" value=\"false\"");
        CHECK(quiet && quiet < strstr(holders, "</property"));
        free(xml);
}

static void test_managed_objects(Fixture *f) {
        sd_bus_message *m = fixture_message(f, VFIOD_PATH_MANAGER,
                                            "org.freedesktop.DBus.ObjectManager",
                                            "GetManagedObjects");
        unsigned n = 0;

        m = fixture_send(f, m);
        CHECK(sd_bus_message_enter_container(m, 'a', "{oa{sa{sv}}}") > 0);
        while (sd_bus_message_enter_container(m, 'e', "oa{sa{sv}}") > 0) {
                CHECK(sd_bus_message_skip(m, "oa{sa{sv}}") >= 0);
                CHECK(sd_bus_message_exit_container(m) >= 0);
                n++;
        }
        CHECK(n == 6); /* four devices, two groups */
        sd_bus_message_unref(m);
}

static void test_paths(Fixture *f) {
        static const char *const absent[] = {
                VFIOD_PATH_GROUPS "/17", VFIOD_PATH_GROUPS "/015", VFIOD_PATH_GROUPS "/4294967311",
                VFIOD_PATH_GROUPS "/15/15", VFIOD_PATH_JOBS "/1",
                VFIOD_PATH_DEVICES "/_301_3a00_2e0", VFIOD_PATH_DEVICES "/_30000_3a09_3a00_2e0",
                VFIOD_PATH_DEVICES "/_2e_2e",
        };

        for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++) {
                sd_bus_message *m = fixture_message(f, absent[i], "org.freedesktop.DBus.Properties",
                                                    "GetAll");

                CHECK(sd_bus_message_append(m, "s", "") >= 0);
                fixture_refused(f, m, SD_BUS_ERROR_UNKNOWN_OBJECT, NULL);
        }
}

/* Every kind of change, and names that are not announced among those that are. */
static void test_announce(Fixture *f) {
        Change items[] = {
                { .kind = CHANGE_HOST, .properties = { "Readiness", "Version" } },
                { .kind = CHANGE_DEVICE_REMOVED, .address = address_of("0000:09:00.0") },
                { .kind = CHANGE_GROUP_REMOVED, .group = 16, .verdict_changed = true },
                { .kind = CHANGE_GROUP_ADDED, .group = 16, .verdict_changed = true },
                { .kind = CHANGE_DEVICE_ADDED, .address = address_of("0000:0a:00.0") },
                { .kind = CHANGE_DEVICE, .address = address_of("0000:01:00.0"),
                  .properties = { "Holders", "State", "NoSuchProperty" } },
                { .kind = CHANGE_DEVICE, .address = address_of("0000:01:00.0"),
                  .properties = { "Holders" } },
                { .kind = CHANGE_GROUP, .group = 15, .verdict_changed = true,
                  .properties = { "Verdict", "InUse" } },
                { .kind = CHANGE_GROUP, .group = 99, .properties = { "Verdict" } },
        };
        Changes changes = { items, sizeof(items) / sizeof(items[0]) };
        char *added;

        f->seen[0] = '\0';
        CHECK(bus_announce(f->bus, &changes) == 0);
        fixture_settle(f);
        /* InterfacesAdded carries every property: only its head is compared. */
        added = strstr(f->seen, "InterfacesAdded '" VFIOD_PATH_GROUPS "/16' 'org.vfiod1.Group'");
        CHECK(added);
        memmove(added + 16, strchr(added, '\n'), strlen(strchr(added, '\n')) + 1);
        CHECK_TEXT(f->seen,
                   "PropertiesChanged 'org.vfiod1.Manager' 'Readiness'\n"
                   "InterfacesRemoved '/org/vfiod1/device/_30000_3a09_3a00_2e0' "
                   "'org.vfiod1.Device'\n"
                   "InterfacesRemoved '/org/vfiod1/group/16' 'org.vfiod1.Group'\n"
                   "GroupChanged 16 'removed' ''\n"
                   "InterfacesAdded \n"
                   "GroupChanged 16 'viable' ''\n"
                   "PropertiesChanged 'org.vfiod1.Device' 'State'\n"
                   "PropertiesChanged 'org.vfiod1.Group' 'Verdict'\n"
                   "GroupChanged 15 'blocked' '0000:01:00.1 (snd_hda_intel), "
                   "0000:02:00.0 (detaching)'\n");
}

static void test_job(Fixture *f) {
        Step steps[] = { { .action = STEP_LOAD_MODULE, .value = (char *) "vfio-pci" },
                         { .action = STEP_BIND, .address = address_of("0000:01:00.1"),
                           .value = (char *) "vfio-pci" } };
        StepState states[] = { STEP_STATE_DONE, STEP_STATE_RUNNING };
        Transaction t = { .kind = PLAN_PREPARE, .address = address_of("0000:01:00.0"),
                          .steps = steps, .states = states, .n_steps = 2 };
        Job job = { .id = 7, .transaction = &t, .state = JOB_RUNNING };
        const char *a, *b, *c, *d, *e, *g, *h, *i;
        sd_bus_message *m;

        f->jobs[0] = &job;
        f->n_jobs = 1;
        m = fixture_get(f, VFIOD_PATH_JOBS "/7", VFIOD_INTERFACE_JOB, "Steps", "a(ssss)");
        CHECK(sd_bus_message_read(m, "a(ssss)", 2, &a, &b, &c, &d, &e, &g, &h, &i) > 0);
        CHECK_TEXT(a, "load-module");
        CHECK_TEXT(b, "");
        CHECK_TEXT(d, "done");
        CHECK_TEXT(e, "bind");
        CHECK_TEXT(g, "0000:01:00.1");
        CHECK_TEXT(h, "vfio-pci");
        CHECK_TEXT(i, "running");
        sd_bus_message_unref(m);
        CHECK_TEXT(fixture_text(f, VFIOD_PATH_JOBS "/7", VFIOD_INTERFACE_JOB, "Kind", "s"),
                   "prepare");

        f->seen[0] = '\0';
        CHECK(bus_job_new(f->bus, &job) == 0);
        CHECK(bus_job_changed(f->bus, &job) == 0);
        f->n_jobs = 0;
        CHECK(bus_job_removed(f->bus, &job, JOB_FAILED, VFIOD_ERROR_VERIFY_FAILED,
                              "Why \xff") == 0);
        fixture_settle(f);
        CHECK(strncmp(f->seen, "InterfacesAdded '/org/vfiod1/job/7' 'org.vfiod1.Job'", 52) == 0);
        CHECK_TEXT(strchr(f->seen, '\n') + 1,
                   "JobNew 7 '/org/vfiod1/job/7'\n"
                   "PropertiesChanged 'org.vfiod1.Job' 'State' 'Steps'\n"
                   "JobRemoved 7 '/org/vfiod1/job/7' '0000:01:00.0' 'failed' "
                   "'org.vfiod1.Error.VerifyFailed' 'Why \xef\xbf\xbd'\n"
                   "InterfacesRemoved '/org/vfiod1/job/7' 'org.vfiod1.Job'\n");
}

int main(void) {
        Fixture *f = fixture_new(geteuid());

        test_manager(f);
        test_group(f);
        test_device(f);
        test_device_arrays(f);
        test_introspection(f);
        test_managed_objects(f);
        test_paths(f);
        test_announce(f);
        test_job(f);
        fixture_free(f);
        return 0;
}
