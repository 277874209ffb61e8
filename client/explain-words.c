/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "explain.h"

const Explanation explain_words[] = {
        {"verdicts", "viable, blocked, unknown: the words for groups",
         "viable: VFIO_GROUP_GET_STATUS would call the group viable on the running kernel.\n"
         "blocked: a member's driver keeps it from that; the line names member, driver and "
         "reason: host-driver, bridge-driver, platform-driver, or detaching (an unbind has not "
         "ended).\n"
         "unknown: a fact that it needs could not be read.\n"
         "Viable is not ready: a group without devices on VFIO is viable, too, and interrupt "
         "remapping or a reserved region can still stop a VM. Viable, in use and isolated are "
         "three facts. vfiod never opens /dev/vfio/N to ask: only one process can have it open, "
         "and a VM that starts at that moment would fail.\n"
         "  vfioctl show group 4",
         "drivers/vfio/group.c:vfio_group_ioctl_get_status; "
         "drivers/iommu/iommu.c:iommu_group_dma_owner_claimed",
         {"group-not-viable", "readiness-words", "states"},
         VALUE_GROUPS | VALUE_KERNEL},

        {"readiness-words", "ready, preparable, blocked and the others",
         "Of a device:\n"
         "  ready          on VFIO, free, group viable: a VM can start with it now\n"
         "  preparable     vfioctl prepare will make it ready\n"
         "  needs-consent  so it will, if you name what has to move along\n"
         "  blocked        a finding says why not, and what would help\n"
         "  unknown        a fact that it needs could not be read\n"
         "Of the host: ready; degraded (VMs start, but interrupts are not remapped and "
         "allow_unsafe_interrupts is set); blocked; unknown.\n"
         "ready is a promise: a start should then not fail for a reason that vfiod could read. To "
         "wait for it, and for the cause of anything else:\n"
         "  vfioctl wait 01:00.0; vfioctl show 01:00.0; vfioctl check",
         "drivers/vfio/vfio_iommu_type1.c:vfio_iommu_type1_attach_group (what a start has to pass)",
         {"verdicts", "states", "consent"},
         VALUE_IOMMU | VALUE_INTERRUPTS | VALUE_GROUPS},

        {"states", "what a device is doing now",
         "The first that holds:\n"
         "  detaching  an unbind has begun and has not ended\n"
         "  busy       a process holds the device's group\n"
         "  vfio       bound to a VFIO driver, and free\n"
         "  stub       bound to pci-stub: out of the way, of no use to a VM\n"
         "  host       bound to another driver: the host uses it\n"
         "  unbound    has no driver\n"
         "The kernel takes the driver link away before the driver has let go; so a device without "
         "a link is called unbound only when nothing of the old driver is left.\n"
         "  vfioctl show 01:00.0\n"
         "  vfioctl monitor",
         "drivers/base/dd.c:__device_release_driver; drivers/pci/pci-stub.c",
         {"readiness-words", "detaching", "in-use"},
         VALUE_GROUPS | VALUE_KERNEL},

        {"consent", "what may be moved, and what has to be said",
         "prepare moves the device you name and, if they block its group, endpoint functions of "
         "the same slot (the sound of a graphics card). Whatever else would have to leave its "
         "host driver has to be named, because it is a device of its own:\n"
         "  vfioctl plan 02:00.0                # shows the steps, changes nothing\n"
         "  vfioctl prepare 02:00.0 --with 01:00.1\n"
         "  vfioctl prepare 02:00.0 01:00.1     # consent for each other\n"
         "  vfioctl prepare 02:00.0 --group     # every member that blocks\n"
         "No word moves a bridge or a host bridge to VFIO, or a member that a VM holds. If a step "
         "fails, everything is put back. Who may prepare at all is polkit's to say "
         "(org.vfiod1.prepare).",
         "drivers/iommu/iommu.c:iommu_group_claim_dma_owner (a group has one owner)",
         {"member-needs-consent", "release", "iommu-groups"},
         VALUE_GROUPS},

        {"release", "how devices go back to the host",
         "release gives the members that one prepare moved back, together, when the last claim on "
         "them is dropped: each gets the driver it had, or none if it had none, and its former "
         "driver_override.\n"
         "Before the unbind the override is set to that driver, so that no other takes the device "
         "in between; then what the kernel did is read back.\n"
         "  vfioctl release 01:00.0\n"
         "  vfioctl prepare 01:00.0 --for guest1     # release --for drops the claim\n"
         "A device that a VM holds is not released: unbinding would wait for that VM and cannot "
         "be taken back. What somebody else put on VFIO is left alone (foreign-owner).",
         "drivers/base/bus.c:unbind_store, drivers_probe_store; "
         "drivers/vfio/vfio_main.c:vfio_unregister_group_dev",
         {"consent", "detaching", "foreign-owner", "in-use"},
         VALUE_GROUPS | VALUE_KERNEL},
        {0},
};
