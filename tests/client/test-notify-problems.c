/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check.h"
#include "notify-problems.h"

#define TEXT(text) ((char *) (text))

/* One group, 15, with a graphics card that was prepared and its sound function. */
typedef struct Case {
        Device devices[2];
        Group group;
        Blocker blocker;
        Job job;
        Step steps[2];
        Finding finding;
        Host host;
        Model model;
} Case;

static void make(Case *c) {
        *c = (Case){.group = GROUP_INIT, .devices = {DEVICE_INIT, DEVICE_INIT}};
        c->devices[0].address = TEXT("0000:01:00.0");
        c->devices[0].vendor = TEXT("NVIDIA Corporation");
        c->devices[0].device = TEXT("GP106 [GeForce GTX 1060 3GB]");
        c->devices[0].driver = TEXT("vfio-pci");
        c->devices[0].state = TEXT("vfio");
        c->devices[0].managed_by = TEXT("vfiod");
        c->devices[1].address = TEXT("0000:01:00.1");
        c->devices[1].vendor = TEXT("NVIDIA Corporation");
        c->devices[1].device = TEXT("GP106 High Definition Audio Controller");
        c->devices[1].driver = TEXT("snd_hda_intel");
        c->devices[1].state = TEXT("host");
        c->devices[0].group_id = c->devices[1].group_id = c->group.id = 15;
        c->group.verdict = TEXT("blocked");
        c->group.devices = c->devices;
        c->group.n_devices = 2;
        c->blocker = (Blocker){TEXT("0000:01:00.1"), TEXT("snd_hda_intel"), TEXT("host-driver")};
        c->group.blockers = (BlockerList){&c->blocker, 1};
        c->job = (Job){.address = TEXT("0000:01:00.0"), .state = TEXT("running"),
                       .steps = {c->steps, 2}};
        c->steps[0] = (Step){TEXT("set-override"), TEXT("0000:01:00.0"), TEXT("vfio-pci"),
                             TEXT("done")};
        c->steps[1] = (Step){TEXT("unbind"), TEXT("0000:01:00.1"), TEXT("snd_hda_intel"),
                             TEXT("running")};
        c->model = (Model){.groups = &c->group, .n_groups = 1, .devices = c->devices,
                           .n_devices = 2, .jobs = &c->job};
}

/* "KEY: SUMMARY | BODY" of each problem, in lines; what a job is changing as "keep KEY". */
static char *find(const Case *c) {
        _cleanup_(problems_done) ProblemList problems = {0};
        char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);

        CHECK(out && problems_find(&c->model, &c->host, &problems) == 0);
        for (size_t i = 0; i < problems.n; i++) {
                const Problem *p = problems.items + i;

                if (p->keep)
                        fprintf(out, "keep %s\n", p->key);
                else
                        fprintf(out, "%s%s: %s | %s\n", p->critical ? "!" : "", p->key, p->summary,
                                p->body);
        }
        fclose(out);
        return text;
}

static const char lost[] =
        "group 15: NVIDIA GeForce GTX 1060 3GB (01:00.0) can no longer be given to a VM | "
        "Its IOMMU group 15 is blocked by 0000:01:00.1 NVIDIA GP106 High Definition Audio, "
        "driver snd_hda_intel.\nWhat would make it viable again: vfioctl plan 0000:01:00.0\n";

static void test_lost(void) {
        Case c;

        make(&c);
        CHECK_TEXT(find(&c), lost);
        c.group.verdict = TEXT("viable");
        CHECK_TEXT(find(&c), "");
        c.group.verdict = TEXT("unknown"); /* not known is not lost */
        CHECK_TEXT(find(&c), "");
        c.group.verdict = NULL;
        CHECK_TEXT(find(&c), "");
}

/* Whose business it is: a device that somebody prepared, or that is persisted and was bound. */
static void test_whose(void) {
        Case c;

        make(&c);
        c.devices[0].managed_by = NULL;
        CHECK_TEXT(find(&c), "");
        c.devices[0].managed_by = TEXT("driverctl");
        CHECK_TEXT(find(&c), "");
        c.devices[0].persisted = true;
        CHECK_TEXT(find(&c), lost);
        c.devices[0].state = TEXT("busy");
        CHECK_TEXT(find(&c), lost);
        c.devices[0].state = TEXT("host"); /* released by hand; the wish stays */
        CHECK_TEXT(find(&c), "");
        c.devices[0].managed_by = TEXT("vfiod"); /* taken back by somebody else */
        CHECK_TEXT(find(&c), lost);
}

static void test_blockers(void) {
        Blocker two[2];
        Case c;

        make(&c);
        two[0] = (Blocker){TEXT("0000:01:00.1"), TEXT("snd_hda_intel"), TEXT("detaching")};
        two[1] = (Blocker){TEXT("0000:02:00.0"), TEXT("nvme"), TEXT("host-driver")};
        c.group.blockers = (BlockerList){two, 2};
        CHECK_TEXT(find(&c),
                   "group 15: NVIDIA GeForce GTX 1060 3GB (01:00.0) can no longer be given to a VM | "
                   "Its IOMMU group 15 is blocked by 0000:01:00.1 NVIDIA GP106 High Definition Audio, "
                   "driver snd_hda_intel, which is being detached, and 1 more.\n"
                   "What would make it viable again: vfioctl plan 0000:01:00.0\n");
        /* One that is no PCI device has neither a name nor, maybe, a driver. */
        two[0] = (Blocker){TEXT("soc:gpu"), NULL, NULL};
        c.group.blockers.n = 1;
        CHECK_TEXT(find(&c),
                   "group 15: NVIDIA GeForce GTX 1060 3GB (01:00.0) can no longer be given to a VM | "
                   "Its IOMMU group 15 is blocked by soc:gpu.\n"
                   "What would make it viable again: vfioctl plan 0000:01:00.0\n");
        c.group.blockers.n = 0;
        CHECK_TEXT(find(&c),
                   "group 15: NVIDIA GeForce GTX 1060 3GB (01:00.0) can no longer be given to a VM | "
                   "Its IOMMU group 15 is blocked by a member.\n"
                   "What would make it viable again: vfioctl plan 0000:01:00.0\n");
}

/* In the middle of a job a group is often blocked; that is no news. */
static void test_job(void) {
        Case c;

        make(&c);
        c.model.n_jobs = 1;
        CHECK_TEXT(find(&c), "keep group 15\n");
        c.job.address = TEXT("0000:77:00.0");
        CHECK_TEXT(find(&c), lost);
        c.job.address = NULL;
        CHECK_TEXT(find(&c), lost);
}

static void test_stuck(void) {
        Case c;

        make(&c);
        c.model.n_jobs = 1;
        c.group.verdict = TEXT("viable");
        c.job.state = TEXT("stuck");
        CHECK_TEXT(find(&c),
                   "!stuck 0000:01:00.0: NVIDIA GP106 High Definition Audio (01:00.1) is stuck | "
                   "The kernel has not ended the unbind of 0000:01:00.1 (snd_hda_intel). Its driver "
                   "waits for somebody who still uses the device: end that; often only a restart "
                   "helps.\nWho uses it: vfioctl show 0000:01:00.1\n");
        c.job.steps.n = 0;
        c.job.address = TEXT("0000:77:00.0");
        CHECK_TEXT(find(&c),
                   "!stuck 0000:77:00.0: 0000:77:00.0 is stuck | The kernel has not ended a write "
                   "about 0000:77:00.0. Its driver waits for somebody who still uses the device: "
                   "end that; often only a restart helps.\n"
                   "Who uses it: vfioctl show 0000:77:00.0\n");
}

static void test_wish(void) {
        Case c;

        make(&c);
        c.group.verdict = TEXT("viable");
        c.finding = (Finding){.id = TEXT("wish-not-met"), .severity = TEXT("warning"),
                              .message = TEXT("It is another device."), .remedy = TEXT("Look.")};
        c.devices[1].findings = (FindingList){&c.finding, 1};
        CHECK_TEXT(find(&c),
                   "wish-not-met 0000:01:00.1: NVIDIA GP106 High Definition Audio (01:00.1) is not "
                   "ready for a VM, although it is set up to be | It is another device.\nLook.\n");
        c.finding.remedy = NULL;
        CHECK_TEXT(find(&c),
                   "wish-not-met 0000:01:00.1: NVIDIA GP106 High Definition Audio (01:00.1) is not "
                   "ready for a VM, although it is set up to be | It is another device.\n"
                   "See: journalctl -b -u vfiod\n");
        c.finding.severity = TEXT("info");
        CHECK_TEXT(find(&c), "");
        c.finding.severity = TEXT("blocker");
        c.finding.id = TEXT("in-use");
        CHECK_TEXT(find(&c), "");
        c.finding.id = TEXT("wish-boots");
        c.devices[1].findings.n = 0;
        c.host.findings = (FindingList){&c.finding, 1};
        CHECK_TEXT(find(&c),
                   "wish-boots : Devices that are set up for VMs were not prepared | "
                   "It is another device.\nSee: vfioctl check\n");
}

static void test_fault(void) {
        Problem problem;
        Case c;

        make(&c);
        CHECK(problem_of_fault(&c.model, "0000:01:00.1", "x", &problem) == 0);
        CHECK(problem_of_fault(&c.model, "0000:77:00.1", "x", &problem) == 0);
        CHECK(problem_of_fault(&c.model, "0000:01:00.0", "DMAR: x", &problem) == 1);
        CHECK(strcmp(problem.key, "fault 0000:01:00.0") == 0 && problem.critical);
        CHECK(strstr(problem.summary, "GTX 1060 3GB (01:00.0)"));
        CHECK(strstr(problem.body, "DMAR: x\n") && strstr(problem.body, "vfioctl explain dma-fault"));
        problem_done(&problem);
}

int main(void) {
        test_lost();
        test_whose();
        test_blockers();
        test_job();
        test_stuck();
        test_wish();
        test_fault();
        return 0;
}
