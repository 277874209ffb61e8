/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "explain.h"

const Explanation explain_host[] = {
        {"no-iommu", "no IOMMU is on",
         "No IOMMU is registered, so there are no groups, and binding vfio-pci to a device fails "
         "with error -22.\n"
         "A driver registers its IOMMU only when translation is really on; /sys/class/iommu "
         "therefore decides. The log does not: \"DMAR: IOMMU enabled\" only echoes "
         "intel_iommu=on, and \"Default domain type\" is printed without any IOMMU.\n"
         "  ls /sys/class/iommu            # no entries: none (the directory is no proof)\n"
         "  ls /sys/firmware/acpi/tables   # DMAR: Intel, IVRS: AMD\n"
         "With neither table, turn VT-d or AMD-Vi (\"IOMMU\") on in the firmware's setup; if "
         "there is no such setting, the hardware has none. With a table, vfioctl check says what "
         "turned it off.",
         "drivers/iommu/intel/iommu.c:intel_iommu_init, intel_iommu_setup; "
         "drivers/vfio/group.c:vfio_group_find_or_alloc",
         {"iommu-disabled-by-command-line", "iommu-disabled-by-default", "iommu-failed"},
         VALUE_FOUND | VALUE_IOMMU | VALUE_GROUPS | VALUE_PARAMETERS},

        {"iommu-unknown", "whether an IOMMU is on could not be read",
         "vfiod could not read /sys/class/iommu. What is not known is never reported as \"no\".\n"
         "Everybody may read that directory; it is missing in a container, in a mount namespace "
         "without sysfs, or on a kernel that was built without CONFIG_IOMMU_API.\n"
         "  ls -la /sys/class/iommu\n"
         "Run vfiod on the host itself, with sysfs mounted, and start it again:\n"
         "  sudo systemctl restart vfiod",
         "drivers/iommu/iommu-sysfs.c:iommu_device_sysfs_add, iommu_dev_init",
         {"no-iommu"},
         VALUE_FOUND | VALUE_IOMMU | VALUE_KERNEL},

        {"iommu-disabled-by-command-line", "a kernel parameter turns the IOMMU off",
         "iommu=off, intel_iommu=off or amd_iommu=off (or acpi=off) is on the command line.\n"
         "iommu=off and amd_iommu=off stick: no later word undoes them. Of intel_iommu=on and "
         "=off the last one counts. Options are compared by their beginning, so \"offline\" is "
         "\"off\", too.\n"
         "  cat /proc/cmdline\n"
         "Take the word away and boot again. Debian, Ubuntu: edit /etc/default/grub, then\n"
         "  sudo update-grub\n"
         "Fedora:\n"
         "  sudo grubby --update-kernel=ALL --remove-args=amd_iommu=off\n"
         "NixOS: boot.kernelParams, then nixos-rebuild boot.",
         "arch/x86/kernel/pci-dma.c:iommu_setup; drivers/iommu/intel/iommu.c:intel_iommu_setup; "
         "drivers/iommu/amd/init.c:parse_amd_iommu_options",
         {"iommu-off-vs-amd-iommu-off", "parameter-conflict", "configured-not-running"},
         VALUE_FOUND | VALUE_IOMMU | VALUE_PARAMETERS},

        {"iommu-disabled-by-default", "the kernel does not turn VT-d on by itself",
         "The firmware describes VT-d, but this kernel was built to leave it off unless it is "
         "asked to turn it on: dmar_disabled begins as CONFIG_INTEL_IOMMU_DEFAULT_ON is not set. "
         "Distributions differ in this. AMD-Vi has no such default: it is on if there is an IVRS "
         "table, and amd_iommu=on is not a value.\n"
         "  grep INTEL_IOMMU_DEFAULT /boot/config-$(uname -r)\n"
         "Add intel_iommu=on and boot again. Debian, Ubuntu: edit /etc/default/grub, then\n"
         "  sudo update-grub\n"
         "Fedora:\n"
         "  sudo grubby --update-kernel=ALL --args=intel_iommu=on\n"
         "NixOS: boot.kernelParams = [ \"intel_iommu=on\" ];",
         "drivers/iommu/intel/iommu.c:dmar_disabled, intel_iommu_setup, intel_iommu_init",
         {"no-iommu", "bogus-parameter", "configured-not-running"},
         VALUE_FOUND | VALUE_IOMMU | VALUE_PARAMETERS | VALUE_KERNEL},

        {"iommu-disabled-by-firmware", "the firmware keeps the IOMMU from the kernel",
         "The kernel finds an IOMMU only through the firmware's ACPI table: DMAR (Intel) or IVRS "
         "(AMD). That table is missing or unusable although something else shows that the "
         "hardware has an IOMMU; the finding's evidence says what. Without such proof vfiod says "
         "\"unsupported\", which leaves both causes open.\n"
         "  ls /sys/firmware/acpi/tables\n"
         "  journalctl -k -b -g 'Your BIOS is broken|IVRS'\n"
         "Turn VT-d or AMD-Vi (\"IOMMU\") on in the firmware's setup, and update the firmware if "
         "it is on already:\n"
         "  systemctl reboot --firmware-setup",
         "drivers/iommu/intel/dmar.c:dmar_table_init, warn_invalid_dmar; "
         "drivers/iommu/amd/init.c:detect_ivrs",
         {"no-iommu", "iommu-failed"},
         VALUE_FOUND | VALUE_IOMMU | VALUE_PARAMETERS},

        {"iommu-failed", "the IOMMU is there and its driver gave up",
         "The firmware describes an IOMMU and no parameter turns it off, but no instance is "
         "registered: the driver met something it could not work with. The log says what:\n"
         "  journalctl -k -b -g 'DMAR|AMD-Vi|IVRS'\n"
         "\"Your BIOS is broken\", \"IVRS table error\", \"Parse DMAR table failure\": update the "
         "firmware. \"Disable IOMMU on Stoney Ridge\": amd_iommu=force_enable (5.15 and later) "
         "uses it all the same, at your own risk. \"not currently supported when SME is active\": "
         "newer microcode, or mem_encrypt=off. \"CMPXCHG16B feature is required\": the processor, "
         "or the virtual one that you chose, lacks it.",
         "drivers/iommu/intel/iommu.c:intel_iommu_init; drivers/iommu/amd/init.c:detect_ivrs, "
         "early_amd_iommu_init, amd_iommu_sme_check",
         {"no-iommu", "log-incomplete"},
         VALUE_FOUND | VALUE_IOMMU | VALUE_PARAMETERS | VALUE_KERNEL},

        {"no-interrupt-remapping", "interrupt remapping is off, so VFIO refuses",
         "An MSI is a memory write. Without remapping a VM could make its device send any "
         "interrupt to the host, so VFIO does not attach the group: type1 answers VFIO_SET_IOMMU "
         "with EPERM (\"Operation not permitted\") although the group is viable, iommufd refuses "
         "silently.\n"
         "  grep -c -E ' v?IR-' /proc/interrupts     # 0: off\n"
         "  journalctl -k -b -g 'dmar-ir|interrupt remapping'\n"
         "Take intremap=off, nointremap and noapic off the command line (they log nothing or "
         "little) and turn VT-d or AMD-Vi on in the firmware. \"IOAPIC not in IVRS table\": "
         "update the firmware, or name it with ivrs_ioapic=. Only if you trust the guest: "
         "unsafe-interrupts.",
         "drivers/vfio/vfio_iommu_type1.c:vfio_iommu_type1_attach_group; "
         "drivers/iommu/iommufd/device.c:iommufd_device_bind",
         {"interrupt-remapping", "unsafe-interrupts"},
         VALUE_FOUND | VALUE_INTERRUPTS | VALUE_PARAMETERS},

        {"interrupt-remapping-unknown", "whether interrupts are remapped is unknown",
         "On x86 the kernel puts \"IR-\" (\"vIR-\" below some virtual IOMMUs) before the name of "
         "every interrupt chip that is remapped. One such name: on. None, but an IO-APIC: off. "
         "Neither could be read here, and a line that is missing in the log proves nothing.\n"
         "  grep -E 'IR-|IO-APIC' /proc/interrupts\n"
         "  cat /sys/kernel/irq/*/chip_name | sort | uniq -c\n"
         "Both can be read by everybody on the host; in a container they may be hidden. Run vfiod "
         "on the host:\n"
         "  sudo systemctl restart vfiod",
         "arch/x86/kernel/apic/io_apic.c; drivers/iommu/intel/irq_remapping.c; "
         "kernel/irq/irqdesc.c:chip_name_show",
         {"no-interrupt-remapping", "interrupt-remapping"},
         VALUE_FOUND | VALUE_INTERRUPTS | VALUE_KERNEL},

        {"unsafe-interrupts", "VFIO is told to do without remapping",
         "allow_unsafe_interrupts is set and interrupts are not remapped. VMs start, but whoever "
         "controls a guest can send any interrupt to the host; hence the host is only "
         "\"degraded\".\n"
         "Each back end obeys its own parameter: vfio_iommu_type1's counts for /dev/vfio/N on "
         "type1, iommufd's (6.2 and later) for everything that goes through iommufd.\n"
         "  cat /sys/module/{vfio_iommu_type1,iommufd}/parameters/allow_unsafe_interrupts\n"
         "Once remapping is on, take the option away from the command line and modprobe.d, and\n"
         "  cd /sys/module/vfio_iommu_type1/parameters\n"
         "  echo N | sudo tee allow_unsafe_interrupts",
         "drivers/vfio/vfio_iommu_type1.c:vfio_iommu_type1_attach_group; "
         "drivers/iommu/iommufd/device.c:iommufd_device_bind",
         {"no-interrupt-remapping", "interrupt-remapping"},
         VALUE_FOUND | VALUE_INTERRUPTS | VALUE_PARAMETERS | VALUE_KERNEL},

        {"posted-interrupts", "interrupts need not pass through the host",
         "With posting, a device's interrupt goes to the running virtual CPU without an exit to "
         "the host. It saves time and is never needed for passthrough to work.\n"
         "Intel posts if every VT-d unit can (bit 59 of its cap) and intremap=nopost is not "
         "given; no kernel logs that. On AMD the log says \"Virtual APIC enabled\"; "
         "amd_iommu_intr=legacy turns it off while remapping stays on.\n"
         "  cat /sys/class/iommu/dmar0/intel-iommu/cap\n"
         "  journalctl -k -b -g 'virtual apic enabled'\n"
         "KVM has to use it, too: kvm_intel.enable_apicv=1 or kvm_amd.avic=1.",
         "drivers/iommu/intel/irq_remapping.c:set_irq_posting_cap; "
         "drivers/iommu/amd/init.c:enable_iommus_vapic",
         {"remapped-vs-posted-interrupts", "interrupt-remapping"},
         VALUE_FOUND | VALUE_INTERRUPTS | VALUE_PARAMETERS},

        {"nosid", "intremap=nosid: senders are not checked",
         "With intremap=nosid the remapping table does not check who sends an interrupt: a device "
         "can raise those that belong to another one. VFIO accepts that, for remapping is on, but "
         "the wall between guests is thinner.\n"
         "The word sticks: no later intremap= undoes it.\n"
         "  grep -o 'intremap=[^ ]*' /proc/cmdline\n"
         "Take nosid away and boot again. If a device then stops working and the log shows an "
         "INTR-REMAP fault, its firmware sends under a wrong id: update it before you go back.\n"
         "  journalctl -k -b -g 'INTR-REMAP'",
         "drivers/iommu/irq_remapping.c:setup_irqremap; "
         "drivers/iommu/intel/irq_remapping.c:set_irte_sid",
         {"intremap-nosid", "interrupt-remapping"},
         VALUE_FOUND | VALUE_INTERRUPTS | VALUE_PARAMETERS},

        {"bounce-buffers", "size and use of the bounce buffer (swiotlb)",
         "The kernel sets memory aside at boot, below 4 GiB, and copies through it what a device "
         "cannot reach itself: without translation, in an identity domain, or in a guest with "
         "encrypted memory. A slot has 2 KiB; 32768 slots, the default, are 64 MiB.\n"
         "VFIO does not use it. The figures are here for those who ask what iommu=pt or an IOMMU "
         "that is off costs: watch how many slots are in use while the device works.\n"
         "  sudo grep . /sys/kernel/debug/swiotlb/io_tlb_{nslabs,used}\n"
         "  journalctl -k -b -g 'software IO TLB'\n"
         "vfiod shows them if debugfs is mounted and it runs as root. iommu=off takes the buffer "
         "away, swiotlb=N makes it larger.",
         "kernel/dma/swiotlb.c:swiotlb_print_info, swiotlb_create_debugfs_files; "
         "arch/x86/kernel/pci-dma.c:pci_swiotlb_detect",
         {"pt-and-swiotlb", "dma-mask-overflow"},
         VALUE_FOUND | VALUE_PARAMETERS | VALUE_SWIOTLB},

        {"iommu-registers", "what VT-d's own registers say is on",
         "A kernel with CONFIG_INTEL_IOMMU_DEBUGFS shows the registers of each VT-d unit. In the "
         "global status (GSTS) bit 31 is translation, bit 25 interrupt remapping: the hardware's "
         "own word, unit by unit. Most distributions do not build that in, and AMD has no such "
         "file; nothing that vfiod decides depends on it.\n"
         "  sudo grep -E '^IOMMU|GSTS' /sys/kernel/debug/iommu/intel/iommu_regset\n"
         "A unit that does not translate, beside others that do, serves the integrated graphics "
         "(intel_iommu=igfx_off).",
         "drivers/iommu/intel/debugfs.c:iommu_regset_show; drivers/iommu/intel/iommu.h:DMA_GSTS_TES",
         {"interrupt-remapping", "no-iommu"},
         VALUE_FOUND | VALUE_IOMMU | VALUE_INTERRUPTS | VALUE_PARAMETERS},

        {"noiommu-mode", "VFIO gives away devices without an IOMMU",
         "vfio.enable_unsafe_noiommu_mode is on. Where a device is in no IOMMU group, VFIO then "
         "makes one when it is bound, and whoever opens it can have the device write to all "
         "memory. Devices that have a group are not touched by it.\n"
         "  cat /sys/module/vfio/parameters/enable_unsafe_noiommu_mode\n"
         "  grep . /sys/kernel/iommu_groups/*/name      # vfio-noiommu: such a group\n"
         "A VM can do nothing with these groups. Unless a program such as DPDK needs them, turn it "
         "off, and turn the IOMMU on:\n"
         "  echo N | sudo tee /sys/module/vfio/parameters/enable_unsafe_noiommu_mode\n"
         "  grep -rn noiommu /etc/modprobe.d /proc/cmdline      # who turned it on",
         "drivers/vfio/group.c:vfio_noiommu_group_alloc, vfio_group_find_or_alloc",
         {"noiommu", "no-iommu"},
         VALUE_FOUND | VALUE_IOMMU | VALUE_PARAMETERS},

        {"no-backend", "neither type1 nor iommufd can be had",
         "VFIO needs something that maps the guest's memory: the module vfio_iommu_type1, or "
         "iommufd with a node for each device (CONFIG_VFIO_DEVICE_CDEV) or in type1's place "
         "(CONFIG_IOMMUFD_VFIO_CONTAINER). This kernel has none of them that could be found. QEMU "
         "then says \"No available IOMMU models\".\n"
         "It is often a kernel package that was replaced since boot: the modules of the running "
         "kernel are gone.\n"
         "  modinfo vfio_iommu_type1 iommufd\n"
         "  ls /lib/modules/$(uname -r)\n"
         "Boot the installed kernel, or install the modules of the running one, and then\n"
         "  sudo modprobe vfio_iommu_type1",
         "drivers/vfio/container.c:vfio_ioctl_set_iommu; drivers/vfio/Kconfig",
         {"no-iommu"},
         VALUE_FOUND | VALUE_KERNEL},
        {0},
};
