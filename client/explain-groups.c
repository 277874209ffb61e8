/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "explain.h"

const Explanation explain_groups[] = {
        {"group-not-viable", "a member's driver keeps the group from VFIO",
         "VFIO takes a group only if no member is driven by the host. A member with a host driver "
         "blocks; one with a VFIO driver, with pci-stub or without a driver does not. QEMU says "
         "\"group N is not viable\"; a missing amd_iommu=on is never the cause.\n"
         "Since 5.19 every driver that uses the kernel's DMA claims the group before it is "
         "probed, and VFIO_GROUP_SET_CONTAINER answers EPERM. Of the bridges' drivers only "
         "pcieport is exempt: shpchp and yenta_cardbus block. Before 5.19 no PCI bridge did; a "
         "host bridge with a driver always does.\n"
         "  vfioctl show group 4\n"
         "Move the blockers along, or use a slot that has a group of its own:\n"
         "  vfioctl prepare 01:00.0 --with 01:00.1",
         "drivers/iommu/iommu.c:iommu_device_use_default_domain, iommu_group_claim_dma_owner; "
         "before 5.19 drivers/vfio/vfio.c:vfio_dev_viable",
         {"iommu-groups", "consent", "verdicts", "blocked-by-platform"},
         VALUE_FOUND | VALUE_GROUPS | VALUE_KERNEL},

        {"viability-unknown", "a fact that the verdict needs is not known",
         "The driver or the kind of a member could not be read, or it could not be told which of "
         "the kernel's two rules holds. The kernel's own count of owners cannot be read, so vfiod "
         "works it out from the driver of every member; one that is not known leaves the verdict "
         "open.\n"
         "  for d in /sys/kernel/iommu_groups/4/devices/*; do\n"
         "    echo ${d##*/} $(basename $(readlink $d/driver)); done\n"
         "  grep -c iommu_device_use_default_domain /proc/kallsyms  # 0: the old rule\n"
         "Run vfiod as root on the host, outside of containers:\n"
         "  sudo systemctl restart vfiod",
         "drivers/iommu/iommu.c:iommu_group_dma_owner_claimed; "
         "drivers/vfio/group.c:vfio_group_ioctl_get_status",
         {"group-not-viable", "verdicts"},
         VALUE_FOUND | VALUE_GROUPS | VALUE_KERNEL},

        {"group-changed", "other members than at the last boot",
         "Which devices make a group is decided at boot, by the kernel, the firmware and where the "
         "cards sit. vfiod writes it down for every kernel release and compares: a device that "
         "came or went may keep the group from VFIO, or move along with it now.\n"
         "  vfioctl show group 4\n"
         "  ls /sys/kernel/iommu_groups/4/devices\n"
         "Look at what a prepare would move before you start a VM:\n"
         "  vfioctl plan 01:00.0\n"
         "If nothing was plugged: firmware settings (ACS, SR-IOV, Above 4G Decoding) and "
         "pcie_acs_override= do that.",
         "drivers/iommu/iommu.c:pci_device_group; vfiod: /var/lib/vfiod/groups",
         {"iommu-groups", "consent", "group-not-viable"},
         VALUE_FOUND | VALUE_GROUPS | VALUE_KERNEL},

        {"no-iommu-group", "the device is in no IOMMU group",
         "Without a group there is nothing that VFIO could take: binding vfio-pci fails with "
         "error -22 (EINVAL).\n"
         "If no device has a group, the IOMMU is off. If only this one has none, the IOMMU leaves "
         "it out: the integrated graphics with intel_iommu=igfx_off or by a quirk, or the AMD "
         "IOMMU function itself (often 00:00.2).\n"
         "  ls -l /sys/bus/pci/devices/0000:01:00.0/iommu_group\n"
         "  journalctl -k -b -g 'to iommu group|probe of .* failed|failed with error -22'\n"
         "Turn the IOMMU on (vfioctl check), or take igfx_off away and boot again. Noiommu mode "
         "is no way out: see noiommu.",
         "drivers/vfio/group.c:vfio_group_find_or_alloc; "
         "drivers/iommu/intel/iommu.c:quirk_iommu_igfx",
         {"no-iommu", "iommu-groups", "noiommu"},
         VALUE_FOUND | VALUE_IOMMU | VALUE_GROUPS | VALUE_PARAMETERS},

        {"noiommu", "VFIO made this group without an IOMMU",
         "vfio.enable_unsafe_noiommu_mode is set: VFIO makes a group for a device that has no "
         "IOMMU. Nothing checks its DMA, so its user may write to all memory; it is meant for "
         "programs such as DPDK. A VM cannot use it: nothing maps the guest's addresses. The node "
         "is /dev/vfio/noiommu-N, and binding the device taints the kernel.\n"
         "  cat /sys/module/vfio/parameters/enable_unsafe_noiommu_mode\n"
         "  grep . /sys/kernel/iommu_groups/*/name\n"
         "Turn the real IOMMU on, and noiommu mode off:\n"
         "  echo N | sudo tee /sys/module/vfio/parameters/enable_unsafe_noiommu_mode",
         "drivers/vfio/group.c:vfio_noiommu_group_alloc; "
         "drivers/vfio/container.c:vfio_noiommu_attach_group",
         {"no-iommu", "no-iommu-group"},
         VALUE_FOUND | VALUE_IOMMU | VALUE_GROUPS},

        {"in-use", "a process holds the group",
         "A process, most likely a VM, has the group's node or one of its devices open. "
         "/dev/vfio/N can be opened once; a second opener gets EBUSY. While the group is used, "
         "vfiod writes to none of its members: taking one away would wait for that process (QEMU "
         "unplugs the device from its guest), and before 5.19 a host driver that binds to a "
         "sibling stops the kernel with a BUG.\n"
         "  sudo fuser -v /dev/vfio/*\n"
         "  vfioctl show 01:00.0\n"
         "Stop the VM, or detach the device from it; this becomes ready by itself:\n"
         "  vfioctl wait 01:00.0",
         "drivers/vfio/group.c:vfio_group_fops_open; before 5.19 "
         "drivers/vfio/vfio.c:vfio_iommu_group_notifier",
         {"states", "detaching", "release"},
         VALUE_FOUND | VALUE_KERNEL},

        {"use-unknown", "whether a process holds the group is unknown",
         "The kernel does not tell who has a VFIO node open. vfiod looks through the file "
         "descriptors of all processes, which needs root. \"Not found\" would mean nothing, so it "
         "says unknown; opening the node to try would itself make a VM's start fail.\n"
         "  sudo fuser -v /dev/vfio/*\n"
         "Run vfiod as root, not confined to a PID namespace of its own, /proc without hidepid:\n"
         "  sudo systemctl restart vfiod",
         "drivers/vfio/group.c:vfio_group_fops_open (one opener); fs/proc/fd.c:proc_fd_permission",
         {"in-use"},
         VALUE_FOUND | VALUE_KERNEL},

        {"unpinned-member", "a free member could be taken by a module",
         "A member has no driver and no override. It does not block now, but as soon as a module "
         "that knows it is loaded (an update, modprobe, a hotplug event), that driver binds to it "
         "and the group is not viable any more. While a VM holds the group, the kernel refuses "
         "the driver (since 5.19: EBUSY, without a line in the log).\n"
         "  vfioctl show 08:00.0\n"
         "  modprobe -R $(cat /sys/bus/pci/devices/0000:08:00.0/modalias)\n"
         "Prepare the member, too; then its driver_override keeps it:\n"
         "  vfioctl prepare 08:00.0",
         "drivers/pci/pci-driver.c:pci_match_device, pci_dma_configure; "
         "drivers/base/dd.c:really_probe",
         {"group-not-viable", "consent"},
         VALUE_FOUND | VALUE_KERNEL},

        {"firmware-mapping", "the firmware wants a 1:1 mapping",
         "The firmware (RMRR on Intel, IVMD on AMD) asks that this memory stays mapped 1:1 for a "
         "member, which a guest's address space cannot keep. The kernel refuses: since upstream "
         "6.6 on all vendors with EINVAL, before that on Intel with EPERM. Regions of USB and "
         "graphics on Intel are \"direct-relaxable\" and do no harm; on AMD every range counts, "
         "and some boards list one for all buses. All members are switched, so the log may name "
         "another one.\n"
         "  grep -w direct /sys/kernel/iommu_groups/4/reserved_regions\n"
         "  journalctl -k -b -g '1:1 mapping|RMRR requirement'\n"
         "Turn the feature that wants it off in the firmware (often the vendor's remote "
         "management), update the firmware, or use another slot.",
         "drivers/iommu/iommu.c:__iommu_device_set_domain; up to 6.5 "
         "drivers/iommu/intel/iommu.c:intel_iommu_attach_device",
         {"firmware-mapping-unknown"},
         VALUE_FOUND | VALUE_IOMMU | VALUE_KERNEL},

        {"firmware-mapping-unknown", "the group's reserved regions are not known",
         "Whether the firmware wants a 1:1 mapping stands in the group's reserved_regions, and "
         "that file could not be read. A line of type \"direct\" would make VFIO refuse the "
         "group; \"direct-relaxable\", \"reserved\" and \"msi\" would not.\n"
         "  cat /sys/kernel/iommu_groups/4/reserved_regions\n"
         "Everybody may read it on the host. In a container, or with a group that has just gone, "
         "it is not there. Run vfiod on the host:\n"
         "  sudo systemctl restart vfiod",
         "drivers/iommu/iommu.c:iommu_group_show_resv_regions, __iommu_device_set_domain",
         {"firmware-mapping"},
         VALUE_FOUND | VALUE_KERNEL},

        {"member-needs-consent", "a further device would have to move",
         "The device can be given to a VM only if other members of its group leave their host "
         "drivers, too. They are devices of their own (a disk, a network card), so vfiod moves "
         "them only if you name them. Functions of the same slot that block need no word.\n"
         "  vfioctl plan 02:00.0\n"
         "  vfioctl prepare 02:00.0 --with 01:00.1\n"
         "  vfioctl prepare 02:00.0 --group       # every member that blocks\n"
         "A member that moves need not go into the VM; it only may not be used by the host.",
         "drivers/iommu/iommu.c:iommu_group_claim_dma_owner (the whole group has one owner)",
         {"consent", "iommu-groups", "group-shared-with-system-disk"},
         VALUE_FOUND | VALUE_GROUPS},

        {"blocked-by-platform", "a part of the platform blocks the group",
         "A member is a host bridge, an LPC or SMBus controller or the like, and has a driver "
         "(k10temp, piix4_smbus, i801_smbus, lpc_ich, an EDAC driver). Such a driver blocks like "
         "any other, and vfiod never moves these: the host needs them.\n"
         "  vfioctl show group 5\n"
         "  for d in /sys/kernel/iommu_groups/5/devices/*; do\n"
         "    echo ${d##*/} $(basename $(readlink $d/driver)); done\n"
         "Put the device into a slot with another group. If you can do without the driver (a "
         "sensor), keep it from loading and boot again:\n"
         "  echo 'blacklist k10temp' | sudo tee /etc/modprobe.d/no-k10temp.conf",
         "drivers/iommu/iommu.c:iommu_device_use_default_domain (no exemption by class)",
         {"not-a-candidate", "group-not-viable", "pci-and-host-bridges"},
         VALUE_FOUND | VALUE_GROUPS},

        {"group-shared-with-system-disk", "the group also holds a disk in use",
         "Another member of the group is a disk on which the host stands: the root file system, "
         "swap, LVM, RAID or anything mounted. To make the group viable it would have to leave "
         "its driver; the kernel would do that at once (nvme_remove takes the disk away below a "
         "mounted file system). vfiod refuses.\n"
         "  vfioctl show 01:00.0\n"
         "  findmnt -D; lsblk -o NAME,MOUNTPOINTS /dev/nvme0n1\n"
         "  readlink /sys/class/nvme/nvme0/device/iommu_group\n"
         "Move the disk or the device to a slot that has another group, move the system to "
         "another disk, or look in the firmware for a setting that splits the ports (ACS).",
         "drivers/nvme/host/pci.c:nvme_remove; drivers/iommu/iommu.c:pci_device_group",
         {"iommu-groups", "consent", "acs-override"},
         VALUE_FOUND | VALUE_GROUPS},

        {"foreign-override", "somebody else set driver_override",
         "driver_override names the only driver that may take a device. Somebody else than vfiod "
         "wrote it: driverctl, libvirt, a script. vfiod shows it in the plan, replaces it while "
         "the device is prepared and puts it back on release.\n"
         "The override binds nothing by itself and gives no event; it is lost when the device is "
         "removed.\n"
         "  cat /sys/bus/pci/devices/0000:01:00.0/driver_override      # (null): none\n"
         "  driverctl list-overrides\n"
         "Take it away, as its owner does, or by hand (a line feed; writing nothing does "
         "nothing):\n"
         "  echo | sudo tee /sys/bus/pci/devices/0000:01:00.0/driver_override",
         "drivers/pci/pci-driver.c:pci_match_device; driver_override_store "
         "(drivers/pci/pci-sysfs.c, of late drivers/base/bus.c)",
         {"foreign-owner", "release"},
         VALUE_FOUND | VALUE_PARAMETERS},

        {"foreign-owner", "the device was given to VFIO by somebody else",
         "Somebody else than vfiod gives the device to VFIO: a line of driverctl's or modprobe's "
         "configuration, or of the kernel's command line. Where no such line is found it was "
         "libvirt or a script. It can be ready all the same; release answers that vfiod does not "
         "manage the device.\n"
         "  vfioctl show 01:00.0\n"
         "  driverctl list-overrides; grep -rh 'ids=' /etc/modprobe.d /proc/cmdline\n"
         "Give it back the way it was taken, for instance\n"
         "  sudo driverctl unset-override 0000:01:00.0\n"
         "or take the id out of the configuration and boot again. From then on one tool should do "
         "it:\n"
         "  vfioctl prepare 01:00.0",
         "drivers/vfio/pci/vfio_pci.c:vfio_pci_fill_ids; drivers/pci/pci-driver.c:pci_match_device",
         {"release", "foreign-override", "device-ids-catch-many"},
         VALUE_FOUND | VALUE_PARAMETERS},

        {"node-permission", "who starts the VM may not open the node",
         "VFIO's nodes /dev/vfio/N belong to root (0600); only the container /dev/vfio/vfio is "
         "open to all, which gives nothing by itself. libvirt changes the owner when a VM starts; "
         "a QEMU that is started by a user fails with EACCES.\n"
         "  ls -l /dev/vfio\n"
         "Give the nodes to a group that runs VMs. Who may open one owns that device:\n"
         "  echo 'SUBSYSTEM==\"vfio\", GROUP=\"kvm\", MODE=\"0660\"' |\n"
         "    sudo tee /etc/udev/rules.d/80-vfio.rules\n"
         "  sudo udevadm control --reload && sudo udevadm trigger -s vfio\n"
         "  sudo usermod -aG kvm alice        # then log in again",
         "drivers/vfio/group.c:vfio_devnode, vfio_create_group; drivers/vfio/container.c:vfio_dev "
         "(mode of the container)",
         {"memlock", "vfio-group-number"},
         VALUE_FOUND | VALUE_KERNEL},

        {"memlock", "who starts the VM may not lock its memory",
         "A device can write to any guest page at any time, so VFIO pins the whole memory of the "
         "VM when it starts, and that counts against RLIMIT_MEMLOCK. Too low: VFIO_MAP_DMA fails "
         "with ENOMEM (iommufd: without a line in the log). CAP_IPC_LOCK lifts the limit; libvirt "
         "raises it by itself.\n"
         "  ulimit -l                # of your shell, in KiB\n"
         "  journalctl -k -b -g 'RLIMIT_MEMLOCK'\n"
         "Allow the guest's memory and some more, then log in again; in a unit: LimitMEMLOCK=. "
         "Here 17 GiB, in KiB:\n"
         "  echo '@kvm - memlock 17825792' | sudo tee /etc/security/limits.d/80-vfio.conf",
         "drivers/vfio/vfio_iommu_type1.c:vfio_pin_pages_remote, vfio_lock_acct; "
         "drivers/iommu/iommufd/pages.c",
         {"node-permission", "cost-of-translation"},
         VALUE_FOUND | VALUE_KERNEL},
        {0},
};
