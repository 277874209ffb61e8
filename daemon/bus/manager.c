/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>

#include "errors.h"
#include "objects.h"
#include "options.h"
#include "target.h"
#include "utf8.h"

#define HOST(o) (bus_report(o)->host)

static int append_backends(sd_bus_message *reply, const HostReport *h) {
        const char *words[4] = { NULL };
        size_t n = 0;

        if (h->type1)
                words[n++] = "type1";
        if (h->iommufd)
                words[n++] = "iommufd";
        if (h->cdev)
                words[n++] = "cdev";
        return sd_bus_message_append_strv(reply, (char **) words);
}

BUS_GETTER(get_version, Bus, bus_append_text(reply, o->version))
BUS_GETTER(get_kernel_release, Bus, bus_append_text(reply, text_or_empty(&HOST(o)->kernel_release)))
BUS_GETTER(get_command_line, Bus, bus_append_text(reply, text_or_empty(&HOST(o)->command_line)))
BUS_GETTER(get_readiness, Bus, bus_append_text(reply, readiness_text(HOST(o)->readiness)))
BUS_GETTER(get_iommu_state, Bus, bus_append_text(reply, iommu_state_text(HOST(o)->iommu_state)))
BUS_GETTER(get_iommu_kind, Bus, bus_append_text(reply, iommu_kind_text(HOST(o)->iommu_kind)))
BUS_GETTER(get_interrupt_remapping, Bus,
           bus_append_text(reply, switch_text(HOST(o)->interrupt_remapping)))
BUS_GETTER(get_posted_interrupts, Bus,
           bus_append_text(reply, switch_text(HOST(o)->posted_interrupts)))
BUS_GETTER(get_unsafe_interrupts, Bus,
           sd_bus_message_append(reply, "b", HOST(o)->unsafe_interrupts == FACT_PRESENT))
BUS_GETTER(get_default_domain, Bus, bus_append_text(reply, HOST(o)->default_domain))
BUS_GETTER(get_backends, Bus, append_backends(reply, HOST(o)))
BUS_GETTER(get_findings, Bus,
           bus_append_findings(reply, &HOST(o)->findings, bus_sees(connection, reply)))

static int method_get_device(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const Bus *b = userdata;
        const char *text;
        char *path;
        Address a;
        int e = sd_bus_message_read_basic(m, 's', &text);

        if (e >= 0)
                e = target_parse(b, text, &a, error);
        if (e >= 0)
                e = bus_device_path(&a, &path);
        if (e < 0)
                return e;
        e = sd_bus_reply_method_return(m, "o", path);
        free(path);
        return e < 0 ? e : 1;
}

static int method_get_group(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const Bus *b = userdata;
        char path[BUS_PATH_MAX];
        uint32_t id;
        int e = sd_bus_message_read_basic(m, 'u', &id);

        if (e < 0)
                return e;
        if (!report_find_group(bus_report(b), id))
                return sd_bus_error_setf(error, VFIOD_ERROR_NO_SUCH_GROUP,
                                         "There is no IOMMU group %u; 'vfioctl status' names those "
                                         "there are", id);
        e = sd_bus_reply_method_return(m, "o", bus_group_path(id, path));
        return e < 0 ? e : 1;
}

/* What a handler returns, as sd-bus wants it: 0 would mean that nobody took the message. */
static int taken(int result) {
        return result < 0 ? result : 1;
}

static int method_rescan(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const Bus *b = userdata;

        return taken(rescans_ask(b->rescans, m, bus_caller(b, m) == 0, error));
}

static int method_plan(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;
        BusRequest request;
        int e = request_read(b, m, REQUEST_PLAN, &request, error);

        if (e < 0)
                return e;
        e = bus_work_begin(b, m);
        if (e >= 0)
                e = bus_work_begun(m, b->handlers.plan(b->userdata, m, &request, error));
        request_clear(&request);
        return taken(e);
}

/* Returns: the rights that a request needs besides that to its method. */
static unsigned rights_of(const BusRequest *r) {
        return (r->persist ? RIGHT_PERSIST : 0u) | (r->n_accept > 0 ? RIGHT_ACCEPT_HAZARD : 0u);
}

/* Prepare and Release are open to everyone in the vtable, so that who may not call them is told why
 * by us; bus_authorize() is what guards them. Nobody is asked for a password in vain. */
static int change(Bus *b, sd_bus_message *m, RequestMethod method, unsigned right,
                  BusGranted granted, sd_bus_error *error) {
        BusRequest request;
        int e = request_read(b, m, method, &request, error);

        if (e < 0)
                return e;
        if (b->handlers.check_change)
                e = b->handlers.check_change(b->userdata, &request.address, error);
        if (e < 0) {
                request_clear(&request);
                return e;
        }
        return taken(bus_authorize(b, m, right | rights_of(&request), &request, granted, error));
}

static int method_prepare(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;

        return change(b, m, REQUEST_PREPARE, RIGHT_PREPARE, b->handlers.prepare, error);
}

static int method_release(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;

        return change(b, m, REQUEST_RELEASE, RIGHT_RELEASE, b->handlers.release, error);
}

#define CONST SD_BUS_VTABLE_PROPERTY_CONST
#define EMITS SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE
#define OPEN SD_BUS_VTABLE_UNPRIVILEGED

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("Version", "s", get_version, 0, CONST),
        SD_BUS_PROPERTY("KernelRelease", "s", get_kernel_release, 0, CONST),
        SD_BUS_PROPERTY("CommandLine", "s", get_command_line, 0, CONST),
        SD_BUS_PROPERTY("Readiness", "s", get_readiness, 0, EMITS),
        SD_BUS_PROPERTY("IommuState", "s", get_iommu_state, 0, EMITS),
        SD_BUS_PROPERTY("IommuKind", "s", get_iommu_kind, 0, EMITS),
        SD_BUS_PROPERTY("InterruptRemapping", "s", get_interrupt_remapping, 0, EMITS),
        SD_BUS_PROPERTY("PostedInterrupts", "s", get_posted_interrupts, 0, EMITS),
        SD_BUS_PROPERTY("UnsafeInterrupts", "b", get_unsafe_interrupts, 0, EMITS),
        SD_BUS_PROPERTY("DefaultDomain", "s", get_default_domain, 0, EMITS),
        SD_BUS_PROPERTY("Backends", "as", get_backends, 0, EMITS),
        SD_BUS_PROPERTY("Findings", "a" VFIOD_SIGNATURE_FINDING, get_findings, 0, EMITS),
        SD_BUS_METHOD_WITH_ARGS("GetDevice", SD_BUS_ARGS("s", address), SD_BUS_RESULT("o", device),
                                method_get_device, OPEN),
        SD_BUS_METHOD_WITH_ARGS("GetGroup", SD_BUS_ARGS("u", id), SD_BUS_RESULT("o", group),
                                method_get_group, OPEN),
        SD_BUS_METHOD_WITH_ARGS("Rescan", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, method_rescan, OPEN),
        SD_BUS_METHOD_WITH_ARGS("Plan", SD_BUS_ARGS("s", address, "a{sv}", options),
                                SD_BUS_RESULT("a(sss)", steps, "a(sssassa{sv})", findings),
                                method_plan, OPEN),
        SD_BUS_METHOD_WITH_ARGS("Prepare", SD_BUS_ARGS("s", address, "a{sv}", options),
                                SD_BUS_RESULT("s", result, "o", job), method_prepare, OPEN),
        SD_BUS_METHOD_WITH_ARGS("Release", SD_BUS_ARGS("s", address, "a{sv}", options),
                                SD_BUS_RESULT("s", result, "o", job), method_release, OPEN),
        SD_BUS_SIGNAL_WITH_ARGS("GroupChanged",
                                SD_BUS_ARGS("u", id, "s", verdict, "s", reason), 0),
        SD_BUS_SIGNAL_WITH_ARGS("DeviceFault", SD_BUS_ARGS("s", address, "s", message), 0),
        SD_BUS_SIGNAL_WITH_ARGS("JobNew", SD_BUS_ARGS("u", id, "o", job), 0),
        SD_BUS_SIGNAL_WITH_ARGS("JobRemoved",
                                SD_BUS_ARGS("u", id, "o", job, "s", address, "s", result,
                                            "s", error, "s", message), 0),
        SD_BUS_VTABLE_END
};

const BusObject bus_object_manager = {
        .path = VFIOD_PATH_MANAGER,
        .interface = VFIOD_INTERFACE_MANAGER,
        .vtable = vtable,
};
