/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * A bus name org.vfiod1 with as many groups as are asked for, in which things happen on command:
 *
 *   fake-groups NUMBER
 *
 * Group I has a prepared graphics card, 0000:I:00.0 (in hexadecimal), and its sound function. The
 * commands come on standard input, a line each; FIRST-LAST may stand for I:
 *
 *   block I     the host's driver takes the sound function: the group is no longer viable
 *   free I      it is viable again
 *   release I   nobody wants it any more: both are back on their host drivers
 *   touch I     something else about it changes
 *   fault I     the IOMMU stops the card's DMA
 *   stuck I     the kernel does not end a job on the card        over I    it does
 *   job I       a job begins to work on the card                 over I    it ends
 *   wish I      the card's wish is not met                       met I     it is
 *   hosts-wish  the same of the whole host
 *   no-host     the next time that the host is read, that is refused
 *   no-groups   the next time that the groups are read
 *
 * It prints a line for each command that is done.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "action-names.h"
#include "names.h"

typedef struct FakeGroup {
        bool blocked, released, wish;
        unsigned touched;
} FakeGroup;

static FakeGroup *groups;
static unsigned n_groups;
static bool host_wish, refuse_host, refuse_groups;
static struct {
        bool exists;
        unsigned group;
        const char *state;
} job;
static sd_bus *bus;

#define JOB_PATH VFIOD_PATH_JOBS "/1"

static void address_text(unsigned group, unsigned function, char text[static 32]) {
        snprintf(text, 32, "%04x:%02x:00.%u", group >> 8, group & 0xff, function);
}

static char *device_path(unsigned group, unsigned function) {
        char address[32], *path = NULL;

        address_text(group, function, address);
        sd_bus_path_encode(VFIOD_PATH_DEVICES, address, &path);
        return path;
}

static int append_findings(sd_bus_message *m, bool wish) {
        sd_bus_message_open_container(m, 'a', VFIOD_SIGNATURE_FINDING);
        if (wish)
                sd_bus_message_append(m, "(sssassa{sv})", VFIOD_FINDING_OF_WISH "not-met",
                                      "warning",
                                      "It holds the root file system since the disks changed.", 0,
                                      "Take it out of /etc/vfiod/vfiod.conf.", 0);
        sd_bus_message_append(m, "(sssassa{sv})", "unpinned-member", "warning", "Something else.",
                              0, "", 0);
        return sd_bus_message_close_container(m);
}

/* Returns: 0, or an error if this was to be refused; once. */
static int refused(bool *refuse, sd_bus_error *error) {
        if (!*refuse)
                return 0;
        *refuse = false;
        return sd_bus_error_set(error, SD_BUS_ERROR_LIMITS_EXCEEDED, "Too many calls.");
}

/* What an object is about: 2 * group + function. */
static int get_device(sd_bus *b, const char *path, const char *interface, const char *property,
                      sd_bus_message *m, void *userdata, sd_bus_error *error) {
        unsigned number = (unsigned) ((uintptr_t) userdata - 1), function = number % 2;
        const FakeGroup *g = groups + number / 2;
        bool vfio = !g->released && (function == 0 || !g->blocked);
        char text[64];

        if (strcmp(property, "Address") == 0) {
                address_text(number / 2, function, text);
                return sd_bus_message_append(m, "s", text);
        }
        if (strcmp(property, "Group") == 0) {
                snprintf(text, sizeof(text), VFIOD_PATH_GROUPS "/%u", number / 2);
                return sd_bus_message_append(m, "o", text);
        }
        if (strcmp(property, "Persisted") == 0)
                return sd_bus_message_append(m, "b", g->wish && function == 0);
        if (strcmp(property, "Findings") == 0)
                return append_findings(m, g->wish && function == 0);
        return sd_bus_message_append(
                m, "s", strcmp(property, "VendorName") == 0   ? "NVIDIA Corporation"
                        : strcmp(property, "DeviceName") == 0 ? (function ? "GP106 HD <Audio> & Co"
                                                                 : "GP106 [GeForce GTX 1060 3GB]")
                        : strcmp(property, "Driver") == 0     ? (vfio ? "vfio-pci" : "snd_hda_intel")
                        : strcmp(property, "State") == 0      ? (vfio ? "vfio" : "host")
                        : strcmp(property, "ManagedBy") == 0  ? (vfio ? "vfiod" : "")
                        : strcmp(property, "PowerState") == 0 ? (g->touched % 2 ? "D3hot" : "D0")
                                                              : "");
}

static int get_group(sd_bus *b, const char *path, const char *interface, const char *property,
                     sd_bus_message *m, void *userdata, sd_bus_error *error) {
        unsigned number = (unsigned) ((uintptr_t) userdata - 1);
        const FakeGroup *g = groups + number;
        char address[32];

        if (refused(&refuse_groups, error) < 0)
                return -EBUSY;
        if (strcmp(property, "Id") == 0)
                return sd_bus_message_append(m, "u", number);
        if (strcmp(property, "Verdict") == 0)
                return sd_bus_message_append(m, "s", g->blocked || g->released ? "blocked" : "viable");
        if (strcmp(property, "Viable") == 0)
                return sd_bus_message_append(m, "b", !g->blocked && !g->released);
        address_text(number, 1, address);
        if (g->blocked || g->released)
                return sd_bus_message_append(m, "a(sss)", 1, address, "snd_hda_intel", "host-driver");
        return sd_bus_message_append(m, "a(sss)", 0);
}

static int get_host(sd_bus *b, const char *path, const char *interface, const char *property,
                    sd_bus_message *m, void *userdata, sd_bus_error *error) {
        if (refused(&refuse_host, error) < 0)
                return -EBUSY;
        if (strcmp(property, "Findings") == 0)
                return append_findings(m, host_wish);
        return sd_bus_message_append(m, "s", "ready");
}

static int get_job(sd_bus *b, const char *path, const char *interface, const char *property,
                   sd_bus_message *m, void *userdata, sd_bus_error *error) {
        char address[32];

        address_text(job.group, 0, address);
        if (strcmp(property, "Steps") == 0)
                return sd_bus_message_append(m, "a(ssss)", 2, ACTION_SET_OVERRIDE, address, "vfio-pci",
                                             STEP_DONE, ACTION_UNBIND, address, "nvidia",
                                             STEP_RUNNING);
        return sd_bus_message_append(m, "s", strcmp(property, "Address") == 0 ? address
                                             : strcmp(property, "State") == 0 ? job.state
                                                                              : JOB_KIND_PREPARE);
}

#define S(name, get) SD_BUS_PROPERTY(name, "s", get, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE)
#define P(name, type, get) SD_BUS_PROPERTY(name, type, get, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE)
#define FINDINGS "a" VFIOD_SIGNATURE_FINDING

static const sd_bus_vtable device_vtable[] = {
        SD_BUS_VTABLE_START(0), S("Address", get_device), S("VendorName", get_device),
        S("DeviceName", get_device), S("Driver", get_device), S("State", get_device),
        S("ManagedBy", get_device), S("PowerState", get_device), P("Group", "o", get_device),
        P("Persisted", "b", get_device), P("Findings", FINDINGS, get_device), SD_BUS_VTABLE_END
};
static const sd_bus_vtable group_vtable[] = {
        SD_BUS_VTABLE_START(0), P("Id", "u", get_group), S("Verdict", get_group),
        P("Viable", "b", get_group), P("Blockers", "a(sss)", get_group), SD_BUS_VTABLE_END
};
static const sd_bus_vtable job_vtable[] = {
        SD_BUS_VTABLE_START(0), S("Kind", get_job), S("Address", get_job), S("State", get_job),
        P("Steps", "a(ssss)", get_job), SD_BUS_VTABLE_END
};
static const sd_bus_vtable host_vtable[] = {
        SD_BUS_VTABLE_START(0), S("Readiness", get_host), P("Findings", FINDINGS, get_host),
        SD_BUS_VTABLE_END
};

static int find_group(sd_bus *b, const char *path, const char *interface, void *userdata, void **ret,
                      sd_bus_error *error) {
        unsigned number;

        if (sscanf(path, VFIOD_PATH_GROUPS "/%u", &number) != 1 || number >= n_groups)
                return 0;
        *ret = (void *) (uintptr_t) (number + 1);
        return 1;
}

static int find_device(sd_bus *b, const char *path, const char *interface, void *userdata, void **ret,
                       sd_bus_error *error) {
        unsigned domain, number, function;
        char *address = NULL;
        int n;

        if (sd_bus_path_decode(path, VFIOD_PATH_DEVICES, &address) <= 0)
                return 0;
        n = sscanf(address, "%x:%x:00.%u", &domain, &number, &function);
        free(address);
        *ret = (void *) (uintptr_t) (2 * (domain << 8 | number) + function + 1);
        return n == 3;
}

static int find_job(sd_bus *b, const char *path, const char *interface, void *userdata, void **ret,
                    sd_bus_error *error) {
        *ret = &job;
        return job.exists && strcmp(path, JOB_PATH) == 0;
}

static int enumerate(sd_bus *b, const char *prefix, void *userdata, char ***ret, sd_bus_error *error) {
        char **paths = calloc(3 * n_groups + 2, sizeof(char *));
        size_t n = 0;

        for (unsigned i = 0; i < n_groups; i++) {
                if (asprintf(&paths[n++], VFIOD_PATH_GROUPS "/%u", i) < 0)
                        return -1;
                paths[n++] = device_path(i, 0);
                paths[n++] = device_path(i, 1);
        }
        if (job.exists)
                paths[n++] = strdup(JOB_PATH);
        *ret = paths;
        return 0;
}

static void changed(unsigned i, unsigned function, const char *property) {
        char *path = device_path(i, function);

        sd_bus_emit_properties_changed(bus, path, VFIOD_INTERFACE_DEVICE, property, NULL);
        free(path);
}

static void verdict_changed(unsigned i) {
        bool viable = !groups[i].blocked && !groups[i].released;
        char path[64];

        snprintf(path, sizeof(path), VFIOD_PATH_GROUPS "/%u", i);
        changed(i, 1, "Driver");
        sd_bus_emit_properties_changed(bus, path, VFIOD_INTERFACE_GROUP, "Verdict", "Blockers", NULL);
        sd_bus_emit_signal(bus, VFIOD_PATH_MANAGER, VFIOD_INTERFACE_MANAGER, "GroupChanged", "uss", i,
                           viable ? "viable" : "blocked", viable ? "" : "snd_hda_intel");
}

static void set_job(unsigned i, const char *state) {
        char address[32];
        char *interfaces[] = {(char *) VFIOD_INTERFACE_JOB, NULL};

        job.state = state ? state : job.state;
        job.group = i;
        address_text(i, 0, address);
        if (state && !job.exists) {
                job.exists = true;
                sd_bus_emit_signal(bus, VFIOD_PATH_MANAGER, VFIOD_INTERFACE_MANAGER, "JobNew", "uo", 1,
                                   JOB_PATH);
        } else if (state)
                sd_bus_emit_properties_changed(bus, JOB_PATH, VFIOD_INTERFACE_JOB, "State", NULL);
        else {
                job.exists = false;
                sd_bus_emit_signal(bus, VFIOD_PATH_MANAGER, VFIOD_INTERFACE_MANAGER, "JobRemoved",
                                   "uossss", 1, JOB_PATH, address, "done", "", "");
                sd_bus_emit_interfaces_removed_strv(bus, JOB_PATH, interfaces);
        }
}

static void run(const char *what, unsigned i) {
        FakeGroup *g = groups + i;
        char address[32];

        if (strcmp(what, "block") == 0 || strcmp(what, "free") == 0) {
                g->blocked = *what == 'b';
                verdict_changed(i);
        } else if (strcmp(what, "release") == 0) {
                g->released = true;
                verdict_changed(i);
                changed(i, 0, "ManagedBy");
        } else if (strcmp(what, "touch") == 0) {
                g->touched++;
                changed(i, 0, "PowerState");
        } else if (strcmp(what, "fault") == 0) {
                address_text(i, 0, address);
                sd_bus_emit_signal(bus, VFIOD_PATH_MANAGER, VFIOD_INTERFACE_MANAGER, "DeviceFault", "ss",
                                   address, "DMAR: [DMA Write NO_PASID] Request <device> & fault addr "
                                   "0xfffff000");
        } else if (strcmp(what, "stuck") == 0 || strcmp(what, "job") == 0)
                set_job(i, *what == 's' ? JOB_STUCK : JOB_RUNNING);
        else if (strcmp(what, "no-host") == 0)
                refuse_host = true;
        else if (strcmp(what, "no-groups") == 0)
                refuse_groups = true;
        else if (strcmp(what, "over") == 0)
                set_job(i, NULL);
        else if (strcmp(what, "wish") == 0 || strcmp(what, "met") == 0) {
                g->wish = *what == 'w';
                changed(i, 0, "Findings");
        } else if (strcmp(what, "hosts-wish") == 0) {
                host_wish = true;
                sd_bus_emit_properties_changed(bus, VFIOD_PATH_MANAGER, VFIOD_INTERFACE_MANAGER,
                                               "Findings", NULL);
        } else
                exit(2);
}

static int on_input(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        unsigned first = 0, last;
        char line[128], what[32];
        int n;

        if (!fgets(line, sizeof(line), stdin))
                return sd_event_exit(sd_event_source_get_event(source), 0);
        n = sscanf(line, "%31s %u-%u", what, &first, &last);
        if (n < 3)
                last = first;
        for (unsigned i = first; i <= last && i < n_groups; i++)
                run(what, i);
        sd_bus_flush(bus);
        puts(what);
        fflush(stdout);
        return 0;
}

int main(int argc, char **argv) {
        sd_event *event;

        n_groups = argc > 1 ? (unsigned) atoi(argv[1]) : 1;
        groups = calloc(n_groups, sizeof(FakeGroup));
        setvbuf(stdin, NULL, _IONBF, 0);
        if (!groups || sd_event_default(&event) < 0 || sd_bus_open_system(&bus) < 0 ||
            sd_bus_attach_event(bus, event, 0) < 0 ||
            sd_bus_add_object_manager(bus, NULL, VFIOD_PATH_MANAGER) < 0 ||
            sd_bus_add_object_vtable(bus, NULL, VFIOD_PATH_MANAGER, VFIOD_INTERFACE_MANAGER,
                                     host_vtable, NULL) < 0 ||
            sd_bus_add_fallback_vtable(bus, NULL, VFIOD_PATH_GROUPS, VFIOD_INTERFACE_GROUP,
                                       group_vtable, find_group, NULL) < 0 ||
            sd_bus_add_fallback_vtable(bus, NULL, VFIOD_PATH_DEVICES, VFIOD_INTERFACE_DEVICE,
                                       device_vtable, find_device, NULL) < 0 ||
            sd_bus_add_fallback_vtable(bus, NULL, VFIOD_PATH_JOBS, VFIOD_INTERFACE_JOB, job_vtable,
                                       find_job, NULL) < 0 ||
            sd_bus_add_node_enumerator(bus, NULL, VFIOD_PATH_MANAGER, enumerate, NULL) < 0 ||
            sd_event_add_io(event, NULL, STDIN_FILENO, EPOLLIN, on_input, NULL) < 0 ||
            sd_bus_request_name(bus, VFIOD_BUS_NAME, 0) < 0) {
                fprintf(stderr, "cannot be on the bus\n");
                return 1;
        }
        puts("ready");
        fflush(stdout);
        return sd_event_loop(event) < 0;
}
