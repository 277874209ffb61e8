/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "names.h"
#include "test-bus-fixture.h"

void check_text(const char *file, int line, const char *have, const char *want) {
        if (strcmp(have, want) == 0)
                return;
        fprintf(stderr, "%s:%d: have:\n%s\nwant:\n%s\n", file, line, have, want);
        abort();
}

Address address_of(const char *text) {
        Address a;

        CHECK(address_parse(text, &a) == 0);
        return a;
}

static DeviceReport *add_device(Report *r, const char *address, const char *driver, int group) {
        DeviceReport *d = calloc(1, sizeof(*d));
        Address a = address_of(address);

        CHECK(d);
        d->n_ref = 1;
        d->device = device_new(&a);
        CHECK(d->device);
        d->device->ids = FACT_PRESENT;
        d->device->numa_node = -1;
        if (driver)
                CHECK(text_set(&d->device->driver, driver) == 0);
        d->device->grouped = fact_of(group >= 0);
        d->device->group = group >= 0 ? (unsigned) group : 0;
        r->devices = realloc(r->devices, (r->n_devices + 1) * sizeof(*r->devices));
        CHECK(r->devices);
        return r->devices[r->n_devices++] = d;
}

static GroupReport *add_group(Report *r, unsigned id, Verdict verdict) {
        GroupReport *g = calloc(1, sizeof(*g));

        CHECK(g);
        g->n_ref = 1;
        g->group = group_new(id);
        g->verdict = verdict;
        g->members = calloc(r->n_devices + 1, sizeof(*g->members));
        g->blockers = calloc(4, sizeof(*g->blockers));
        CHECK(g->group && g->members && g->blockers);
        for (size_t i = 0; i < r->n_devices; i++)
                if (r->devices[i]->device->grouped == FACT_PRESENT &&
                    r->devices[i]->device->group == id)
                        g->members[g->n_members++] = device_report_ref(r->devices[i]);
        r->groups = realloc(r->groups, (r->n_groups + 1) * sizeof(*r->groups));
        CHECK(r->groups);
        return r->groups[r->n_groups++] = g;
}

static void add_blocker(GroupReport *g, const char *member, const char *driver,
                        BlockReason reason) {
        g->blockers[g->n_blockers++] = (Blocker){ .member = strdup(member),
                                                  .driver = driver ? strdup(driver) : NULL,
                                                  .reason = reason };
}

static void fill_gpu(DeviceReport *d) {
        d->device->vendor_id = 0x10de;
        d->device->device_id = 0x1c03;
        d->device->subsystem_vendor_id = 0x1043;
        d->device->subsystem_device_id = 0x85ac;
        d->device->class_code = 0x030000;
        d->device->vendor_name = "NVIDIA Corporation";
        d->device->boot_vga = FACT_PRESENT;
        d->device->vfio_device = FACT_PRESENT;
        CHECK(text_set(&d->device->vfio_device_name, "vfio0") == 0);
        CHECK(text_set(&d->device->reset_methods, "flr bus") == 0);
        CHECK(text_set(&d->device->power_state, "D3hot") == 0);
        CHECK(text_set(&d->host_driver, "nouveau") == 0);
        d->role = ROLE_ENDPOINT;
        d->state = STATE_VFIO;
        d->readiness = READINESS_BLOCKED;
        d->managed_by = MANAGER_VFIOD;
        d->holders = calloc(1, sizeof(*d->holders));
        CHECK(d->holders);
        /* A process may call itself anything. */
        d->holders[d->n_holders++] = (Holder){ .pid = 4242, .command = strdup("q\xff" "emu") };
        CHECK(findings_add(&d->findings, "in-use", SEVERITY_BLOCKER, "0000:01:00.0", "It is held.",
                           "Stop it.") == 0);
        CHECK(findings_evidence(&d->findings, "pid %d", 4242) == 0);
}

static Report *make_report(void) {
        Report *r = calloc(1, sizeof(*r));
        DeviceReport *vmd;
        GroupReport *g;

        CHECK(r && (r->host = calloc(1, sizeof(*r->host))));
        CHECK(text_set(&r->host->kernel_release, "6.12.0") == 0);
        r->host->readiness = READINESS_DEGRADED;
        r->host->iommu_state = IOMMU_ENABLED;
        r->host->iommu_kind = IOMMU_KIND_INTEL;
        r->host->interrupt_remapping = FACT_ABSENT;
        r->host->unsafe_interrupts = FACT_PRESENT;
        r->host->type1 = r->host->iommufd = r->host->cdev = true;

        fill_gpu(add_device(r, "0000:01:00.0", "vfio-pci", 15));
        add_device(r, "0000:01:00.1", "snd_hda_intel", 15)->state = STATE_HOST;
        add_device(r, "0000:02:00.0", NULL, 16);
        vmd = add_device(r, "10000:e1:00.0", "nvme", -1);
        vmd->device->virtual_function = FACT_PRESENT;
        vmd->device->physical_function = address_of("10000:e0:00.0");

        g = add_group(r, 15, VERDICT_BLOCKED);
        CHECK(text_set(&g->group->type, "DMA-FQ") == 0);
        CHECK(group_add_other(g->group, "serial8250", "platform", &(Text){ 0 }) == 0);
        g->group->in_use = FACT_ABSENT;
        add_blocker(g, "0000:01:00.1", "snd_hda_intel", BLOCK_HOST_DRIVER);
        add_blocker(g, "0000:02:00.0", NULL, BLOCK_DETACHING);
        g = add_group(r, 16, VERDICT_VIABLE);
        CHECK(text_set(&g->group->name, "vfio-noiommu") == 0);
        return r;
}

static const Report *get_report(void *userdata) {
        return ((Fixture *) userdata)->report;
}

static Job *const *get_jobs(void *userdata, size_t *ret_n) {
        Fixture *f = userdata;

        *ret_n = f->n_jobs;
        return f->jobs;
}

static int resolve(void *userdata, const char *name, Address *ret, size_t max) {
        if (strcmp(name, "eth0") == 0) {
                ret[0] = address_of("0000:01:00.1");
                return 1;
        }
        if (strcmp(name, "md0") == 0) {
                ret[0] = address_of("0000:01:00.0");
                ret[1] = address_of("0000:02:00.0");
                return 2;
        }
        return strcmp(name, "broken") == 0 ? -EIO : 0;
}

/* Notes what was asked, so that a test can compare it. */
static void note(Fixture *f, const char *method, const BusRequest *r) {
        char address[ADDRESS_TEXT_MAX];
        int n = snprintf(f->request, sizeof(f->request), "%s %s", method,
                         address_format(&r->address, address));

        for (size_t i = 0; i < r->n_with && n < 256; i++)
                n += snprintf(f->request + n, sizeof(f->request) - (size_t) n, " with=%s",
                              address_format(&r->with[i], address));
        n += snprintf(f->request + n, sizeof(f->request) - (size_t) n, " group=%d", r->group);
        for (size_t i = 0; i < r->n_accept && n < 256; i++)
                n += snprintf(f->request + n, sizeof(f->request) - (size_t) n, " accept=%s",
                              r->accept[i]);
        snprintf(f->request + n, sizeof(f->request) - (size_t) n,
                 "%s%s driver=%s for=%s no-block=%d timeout=%llu", r->wait ? " wait" : "",
                 r->foreign ? " foreign" : "",
                 r->driver ? r->driver : "-", r->claim ? r->claim : "-", r->no_block,
                 (unsigned long long) r->timeout_usec);
        f->n_handled++;
}

static int on_plan(void *userdata, sd_bus_message *m, const BusRequest *r, sd_bus_error *error) {
        Step steps[] = { { .action = STEP_LOAD_MODULE, .value = (char *) "vfio-pci" },
                         { .action = STEP_UNBIND, .address = address_of("0000:01:00.1"),
                           .value = (char *) "snd_hda_intel" } };
        Plan plan = { .steps = steps, .n_steps = 2 };
        int e;

        note(userdata, "plan", r);
        CHECK(findings_add(&plan.findings, "member-needs-consent", SEVERITY_WARNING, NULL, "One.",
                           "Two.") == 0);
        e = bus_reply_plan(m, &plan);
        findings_clear(&plan.findings);
        return e;
}

static int on_prepare(void *userdata, sd_bus_message *m, const BusRequest *r, sd_bus_error *error) {
        Fixture *f = userdata;

        note(f, "prepare", r);
        if (f->hold) {
                f->held = sd_bus_message_ref(m);
                return 0;
        }
        return bus_reply_result(m, VFIOD_RESULT_DONE, 7);
}

static int on_release(void *userdata, sd_bus_message *m, const BusRequest *r, sd_bus_error *error) {
        note(userdata, "release", r);
        return bus_reply_result(m, VFIOD_RESULT_UNCHANGED, 0);
}

static int on_refresh(void *userdata, sd_bus_message *m, const Address *a, sd_bus_error *error) {
        Fixture *f = userdata;
        char address[ADDRESS_TEXT_MAX];

        snprintf(f->request, sizeof(f->request), "refresh %s", address_format(a, address));
        return bus_reply_empty(m);
}

static int on_rescan(void *userdata) {
        Fixture *f = userdata;

        snprintf(f->request, sizeof(f->request), "rescan");
        return 0;
}

static uint64_t default_timeout_usec(void *userdata) {
        return VFIOD_TIMEOUT_DEFAULT_USEC;
}

static const BusHandlers handlers = {
        .report = get_report,
        .jobs = get_jobs,
        .resolve = resolve,
        .plan = on_plan,
        .prepare = on_prepare,
        .release = on_release,
        .refresh = on_refresh,
        .rescan = on_rescan,
        .default_timeout_usec = default_timeout_usec,
};

/* Appends the arguments of a signal, as far as they are basic or arrays, to what was seen. */
static void note_arguments(Fixture *f, sd_bus_message *m) {
        const char *contents;
        char type;

        while (sd_bus_message_peek_type(m, &type, &contents) > 0) {
                size_t n = strlen(f->seen), left = sizeof(f->seen) - n;
                const char *text;
                uint32_t number;

                if (type == 'u') {
                        CHECK(sd_bus_message_read(m, "u", &number) > 0);
                        snprintf(f->seen + n, left, " %u", number);
                } else if (type == 's' || type == 'o') {
                        CHECK(sd_bus_message_read_basic(m, type, &text) > 0);
                        snprintf(f->seen + n, left, " '%s'", text);
                } else if (type == 'v') {
                        CHECK(sd_bus_message_skip(m, "v") >= 0);
                } else {
                        CHECK(sd_bus_message_enter_container(m, type, contents) > 0);
                        note_arguments(f, m);
                        CHECK(sd_bus_message_exit_container(m) >= 0);
                }
        }
}

static int on_message(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Fixture *f = userdata;
        size_t n = strlen(f->seen);

        if (!sd_bus_message_is_signal(m, NULL, NULL))
                return 0;
        snprintf(f->seen + n, sizeof(f->seen) - n, "%s", sd_bus_message_get_member(m));
        note_arguments(f, m);
        strncat(f->seen, "\n", sizeof(f->seen) - strlen(f->seen) - 1);
        CHECK(sd_bus_message_rewind(m, true) >= 0);
        return 0;
}

/* A socket's credentials are those of whoever makes the pair. */
static void make_pair(uid_t uid, int pair[static 2]) {
        CHECK(uid == geteuid() || seteuid(uid) == 0);
        CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) == 0);
        CHECK(geteuid() == getuid() || seteuid(getuid()) == 0);
}

Fixture *fixture_new(uid_t uid) {
        Fixture *f = calloc(1, sizeof(*f));
        sd_id128_t id;
        int pair[2];

        CHECK(f);
        f->report = make_report();
        make_pair(uid, pair);
        CHECK(sd_id128_randomize(&id) >= 0);
        CHECK(sd_event_new(&f->event) >= 0);
        CHECK(sd_bus_new(&f->server) >= 0 && sd_bus_set_fd(f->server, pair[0], pair[0]) >= 0);
        CHECK(sd_bus_set_server(f->server, true, id) >= 0);
        CHECK(sd_bus_set_anonymous(f->server, true) >= 0);
        CHECK(sd_bus_negotiate_fds(f->server, false) >= 0 && sd_bus_start(f->server) >= 0);
        CHECK(sd_bus_new(&f->client) >= 0 && sd_bus_set_fd(f->client, pair[1], pair[1]) >= 0);
        CHECK(sd_bus_set_anonymous(f->client, true) >= 0 && sd_bus_start(f->client) >= 0);
        CHECK(sd_bus_attach_event(f->client, f->event, 0) >= 0);
        CHECK(sd_bus_add_filter(f->client, NULL, on_message, f) >= 0);
        CHECK(bus_new(f->server, f->event, "0.1", &handlers, f, &f->bus) == 0);
        return f;
}

Fixture *fixture_free(Fixture *f) {
        sd_bus_message_unref(f->held);
        bus_free(f->bus);
        sd_bus_detach_event(f->client);
        sd_bus_flush_close_unref(f->client);
        sd_bus_flush_close_unref(f->server);
        sd_event_unref(f->event);
        report_free(f->report);
        free(f);
        return NULL;
}

void fixture_settle(Fixture *f) {
        while (sd_event_run(f->event, 20000) > 0)
                ;
}

sd_bus_message *fixture_message(Fixture *f, const char *path, const char *interface,
                                const char *member) {
        sd_bus_message *m = NULL;

        CHECK(sd_bus_message_new_method_call(f->client, &m, NULL, path, interface, member) >= 0);
        return m;
}

static int on_reply(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        *(sd_bus_message **) userdata = sd_bus_message_ref(m);
        return 1;
}

sd_bus_message *fixture_send(Fixture *f, sd_bus_message *call) {
        sd_bus_message *reply = NULL;
        sd_bus_slot *slot = NULL;

        CHECK(sd_bus_call_async(f->client, &slot, call, on_reply, &reply, 5000000) >= 0);
        while (!reply)
                CHECK(sd_event_run(f->event, UINT64_MAX) >= 0);
        sd_bus_slot_unref(slot);
        sd_bus_message_unref(call);
        return reply;
}

sd_bus_message *fixture_get(Fixture *f, const char *path, const char *interface,
                            const char *property, const char *signature) {
        sd_bus_message *m = fixture_message(f, path, "org.freedesktop.DBus.Properties", "Get");

        CHECK(sd_bus_message_append(m, "ss", interface, property) >= 0);
        m = fixture_send(f, m);
        if (sd_bus_message_is_method_error(m, NULL))
                fprintf(stderr, "%s: %s\n", property, sd_bus_message_get_error(m)->message);
        CHECK(sd_bus_message_enter_container(m, 'v', signature) > 0);
        return m;
}

const char *fixture_text(Fixture *f, const char *path, const char *interface, const char *property,
                         const char *signature) {
        static char text[1024];
        sd_bus_message *m = fixture_get(f, path, interface, property, signature);
        const char *value;

        CHECK(sd_bus_message_read_basic(m, signature[0], &value) > 0);
        snprintf(text, sizeof(text), "%s", value);
        sd_bus_message_unref(m);
        return text;
}

void fixture_refused(Fixture *f, sd_bus_message *call, const char *name, ...) {
        sd_bus_message *m = fixture_send(f, call);
        const sd_bus_error *e = sd_bus_message_get_error(m);
        const char *text;
        va_list texts;

        CHECK(e);
        CHECK_TEXT(e->name, name);
        va_start(texts, name);
        while ((text = va_arg(texts, const char *)))
                if (!strstr(e->message, text)) {
                        fprintf(stderr, "'%s' is not in: %s\n", text, e->message);
                        abort();
                }
        va_end(texts);
        sd_bus_message_unref(m);
}
