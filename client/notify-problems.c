/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>

#include "action-names.h"
#include "label.h"
#include "names.h"
#include "notify-problems.h"

#define NAME_COLUMNS 40

static const Style plain = {.utf8 = true, .columns = 80};

static char *format(const char *words, ...) _printf_(1, 2);

static char *format(const char *words, ...) {
        char *text;
        va_list ap;
        int r;

        va_start(ap, words);
        r = vasprintf(&text, words, ap);
        va_end(ap);
        return r < 0 ? NULL : text;
}

/* Takes the strings. Returns: 0, or -ENOMEM if one of them could not be made. */
static int add(ProblemList *problems, char *key, char *summary, char *body, bool critical) {
        Problem *problem = NULL;

        if (key && summary && body)
                problem = array_grow(&problems->items, &problems->n, sizeof(Problem));
        if (!problem) {
                free(key);
                free(summary);
                free(body);
                return -ENOMEM;
        }
        *problem = (Problem){.key = key, .summary = summary, .body = body, .critical = critical};
        return 0;
}

/* A device as a person calls it, with its address, which commands want. */
static char *device_name(const Device *device) {
        _cleanup_(freep) char *label = label_device(&plain, device, NAME_COLUMNS);

        return label ? format("%s (%s)", label, label_address(device->address, true)) : NULL;
}

static bool on_vfio(const Device *device) {
        return streq(device->state, "vfio") || streq(device->state, "busy") ||
               streq(device->state, "stub");
}

/* Somebody wanted to have it for a VM, and it was made so. A persisted device that is back on its
 * host driver was released, or its wish is not met: that has a finding. */
static bool is_prepared(const Device *device) {
        return streq(device->managed_by, "vfiod") || (device->persisted && on_vfio(device));
}

static const Device *prepared_member(const Group *group) {
        for (size_t i = 0; i < group->n_devices; i++)
                if (is_prepared(group->devices + i))
                        return group->devices + i;
        return NULL;
}

/* Returns: true if a job is at work on the group. One that is stuck may be so for ever. */
static bool is_changing(const Model *model, const Group *group) {
        for (size_t i = 0; i < model->n_jobs; i++) {
                const Device *device = model_find(model, model->jobs[i].address);

                if (device && device->group_id == group->id &&
                    !streq(model->jobs[i].state, JOB_STUCK))
                        return true;
        }
        return false;
}

/* Who it is that blocks: its address, what it is, and its driver. */
static char *blocker_name(const Model *model, const Blocker *blocker) {
        const Device *device = model_find(model, blocker->address);
        _cleanup_(freep) char *label = device ? label_device(&plain, device, NAME_COLUMNS) : NULL;

        return format("%s%s%s%s%s%s", or_empty(blocker->address), label ? " " : "",
                      or_empty(label), blocker->driver ? ", driver " : "",
                      or_empty(blocker->driver),
                      streq(blocker->reason, "detaching") ? ", which is being detached" : "");
}

static char *blockers_text(const Model *model, const Group *group) {
        _cleanup_(freep) char *first = NULL;
        size_t n = group->blockers.n;

        if (n == 0)
                return strdup("a member");
        first = blocker_name(model, group->blockers.items);
        if (!first)
                return NULL;
        return n == 1 ? TAKE_PTR(first)
                      : format("%s, and %zu more", first, n - 1);
}

static int find_lost_group(const Model *model, const Group *group, ProblemList *problems) {
        const Device *device = prepared_member(group);
        _cleanup_(freep) char *name = NULL, *blockers = NULL;
        int r;

        if (!device || group->id < 0)
                return 0;
        if (is_changing(model, group)) {
                r = add(problems, format("group %" PRIi64, group->id), strdup(""), strdup(""),
                        false);
                if (r >= 0)
                        problems->items[problems->n - 1].keep = true;
                return r;
        }
        if (!streq(group->verdict, "blocked"))
                return 0;
        name = device_name(device);
        blockers = blockers_text(model, group);
        if (!name || !blockers)
                return -ENOMEM;
        return add(problems, format("group %" PRIi64, group->id),
                   format("%s can no longer be given to a VM", name),
                   format("Its IOMMU group %" PRIi64 " is blocked by %s.\n"
                          "What would make it viable again: vfioctl plan %s", group->id, blockers,
                          device->address), false);
}

static const char *advice_of(const Finding *finding, const char *otherwise) {
        return finding->remedy ? finding->remedy : otherwise;
}

static bool is_wish(const Finding *finding) {
        return finding->id && startswith(finding->id, VFIOD_FINDING_OF_WISH) &&
               !streq(finding->severity, "info");
}

static int find_wishes(const Device *device, ProblemList *problems) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < device->findings.n; i++) {
                const Finding *finding = device->findings.items + i;
                _cleanup_(freep) char *name = NULL;

                if (!is_wish(finding))
                        continue;
                name = device_name(device);
                if (!name)
                        return -ENOMEM;
                r = add(problems, format("%s %s", finding->id, device->address),
                        format("%s is not ready for a VM, although it is set up to be", name),
                        format("%s\n%s", or_empty(finding->message),
                               advice_of(finding, "See: journalctl -b -u vfiod")), false);
        }
        return r;
}

/* What is wrong with all of them: a boot at which nothing was bound, for one. */
static int find_host_wishes(const Host *host, ProblemList *problems) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < host->findings.n; i++) {
                const Finding *finding = host->findings.items + i;

                if (!is_wish(finding))
                        continue;
                r = add(problems, format("%s %s", finding->id, or_empty(finding->address)),
                        strdup("Devices that are set up for VMs were not prepared"),
                        format("%s\n%s", or_empty(finding->message),
                               advice_of(finding, "See: vfioctl check")), false);
        }
        return r;
}

/* What the kernel has not ended, in words. */
static char *step_text(const Step *step, const char *address) {
        if (!step)
                return format("a write about %s", address);
        return format("the %s of %s%s%s%s", or_empty(step->action), address,
                      step->value ? " (" : "", or_empty(step->value), step->value ? ")" : "");
}

static int find_stuck_job(const Model *model, const Job *job, ProblemList *problems) {
        const Step *step = NULL;
        const Device *device;
        _cleanup_(freep) char *name = NULL, *what = NULL;
        const char *address;

        if (!streq(job->state, JOB_STUCK))
                return 0;
        for (size_t i = 0; i < job->steps.n; i++)
                if (streq(job->steps.items[i].state, STEP_RUNNING))
                        step = job->steps.items + i;
        address = or_empty(step && step->address ? step->address : job->address);
        device = model_find(model, address);
        name = device ? device_name(device) : strdup(address);
        what = step_text(step, address);
        if (!name || !what)
                return -ENOMEM;
        return add(problems, format("stuck %s", or_empty(job->address)),
                   format("%s is stuck", name),
                   format("The kernel has not ended %s. Its driver waits for somebody who still "
                          "uses the device: end that; often only a restart helps.\n"
                          "Who uses it: vfioctl show %s", what, address), true);
}

int problems_find(const Model *model, const Host *host, ProblemList *ret) {
        _cleanup_(problems_done) ProblemList problems = {0};
        int r = 0;

        for (size_t i = 0; r >= 0 && i < model->n_jobs; i++)
                r = find_stuck_job(model, model->jobs + i, &problems);
        for (size_t i = 0; r >= 0 && i < model->n_groups; i++)
                r = find_lost_group(model, model->groups + i, &problems);
        for (size_t i = 0; r >= 0 && i < model->n_devices; i++)
                r = find_wishes(model->devices + i, &problems);
        if (r >= 0)
                r = find_host_wishes(host, &problems);
        if (r < 0)
                return r;
        *ret = problems;
        problems = (ProblemList){0};
        return 0;
}

int problem_of_fault(const Model *model, const char *address, const char *message, Problem *ret) {
        const Device *device = model_find(model, address);
        _cleanup_(freep) char *name = NULL;
        ProblemList one = {0};
        int r;

        if (!device || !is_prepared(device))
                return 0;
        name = device_name(device);
        if (!name)
                return -ENOMEM;
        r = add(&one, format("fault %s", address),
                format("%s tried to reach memory that is not its own", name),
                format("The IOMMU stopped it: %s\n"
                       "Often it is the guest's driver, or a reset that did not work. "
                       "What it means: vfioctl explain dma-fault", message), true);
        if (r < 0)
                return r;
        *ret = one.items[0];
        free(one.items);
        return 1;
}

void problem_done(Problem *problem) {
        free(problem->key);
        free(problem->summary);
        free(problem->body);
        *problem = (Problem){0};
}

void problems_done(ProblemList *problems) {
        for (size_t i = 0; i < problems->n; i++)
                problem_done(problems->items + i);
        free(problems->items);
        *problems = (ProblemList){0};
}
