/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "explain.h"

const Explanation explain_boot[] = {
        {"bogus-parameter", "a kernel parameter's value does nothing",
         "The parameter exists, the value does not: it has no effect.\n"
         "amd_iommu=on is the best known. AMD-Vi is on by itself if the firmware has an IVRS "
         "table; the values are off, fullflush, force_isolation, force_enable and a few more. "
         "From 6.1 on the kernel logs \"AMD-Vi: Unknown option - 'on'\", older ones are silent. "
         "That it is not there is never why a group is \"not viable\": a driver of a member is. "
         "iommu=on and iommu=1 do nothing either.\n"
         "  journalctl -k -b -g 'Unknown option|Malformed early option'\n"
         "Take the word away; nothing else changes.",
         "drivers/iommu/amd/init.c:parse_amd_iommu_options; arch/x86/kernel/pci-dma.c:iommu_setup",
         {"unknown-parameter", "group-not-viable", "iommu-disabled-by-default"},
         VALUE_FOUND | VALUE_IOMMU | VALUE_PARAMETERS},

        {"harmful-parameter", "a kernel parameter stands in the way",
         "The word is valid and does what it says, and that keeps devices from VMs or makes them "
         "less safe; the finding says how. The usual ones:\n"
         "  intremap=off, nointremap, noapic  no interrupt remapping: VFIO refuses\n"
         "  intel_iommu=igfx_off              the integrated graphics may have no group\n"
         "  iommu=off, amd_iommu=off          no groups at all\n"
         "  pci=disable_acs_redir=, config_acs=   can join groups; pci=nomsi: INTx only\n"
         "  cat /proc/cmdline\n"
         "Take the word away and boot again, for instance\n"
         "  sudo grubby --update-kernel=ALL --remove-args=intremap=off\n"
         "or edit /etc/default/grub and run sudo update-grub.",
         "drivers/iommu/irq_remapping.c:setup_irqremap; drivers/pci/pci.c:pci_setup; "
         "arch/x86/kernel/apic/apic.c:enable_IR_x2apic",
         {"iommu-disabled-by-command-line", "no-interrupt-remapping", "parameter-conflict"},
         VALUE_FOUND | VALUE_IOMMU | VALUE_INTERRUPTS | VALUE_PARAMETERS},

        {"unknown-parameter", "the kernel does not know a parameter at all",
         "The running kernel has nobody who reads this word. It hands it to init, and since 5.14 "
         "it says so once.\n"
         "The usual one is pcie_acs_override=: it needs a patch that mainline does not have. "
         "Parameters of modules (with a dot, such as vfio-pci.ids=) are never in that line, "
         "whether they exist or not:\n"
         "  journalctl -k -b -g 'Unknown kernel command line parameters'\n"
         "  modinfo -p vfio-pci\n"
         "Correct the spelling or take the word away. Dashes and underscores are the same.",
         "init/main.c:print_unknown_bootoptions; kernel/params.c:parameq",
         {"bogus-parameter", "acs-override"},
         VALUE_FOUND | VALUE_PARAMETERS | VALUE_KERNEL},

        {"parameter-conflict", "two kernel parameters contradict each other",
         "Which word wins is not only a matter of order. The kernel reads iommu=, iommu.*, "
         "intremap and noapic early, and intel_iommu= and amd_iommu= after all of those, wherever "
         "they stand. Within a class it goes from left to right.\n"
         "amd_iommu=off, iommu=off and nosid stick. iommu=pt, nopt and iommu.passthrough= share "
         "one setting: the last counts. Behind iommu=usedac the rest of that list is ignored. An "
         "IOMMU that is off makes vfio-pci.ids= and iommu=pt pointless.\n"
         "  cat /proc/cmdline\n"
         "Keep one of the two words and boot again.",
         "init/main.c:do_early_param; arch/x86/kernel/pci-dma.c:iommu_setup; "
         "drivers/iommu/irq_remapping.c:setup_irqremap",
         {"iommu-disabled-by-command-line", "bogus-parameter", "iommu-pt"},
         VALUE_FOUND | VALUE_IOMMU | VALUE_PARAMETERS},

        {"configured-not-running", "a parameter is configured but not booted yet",
         "The boot loader's configuration is newer than this boot and has other parameters than "
         "the kernel was started with. Only /proc/cmdline counts; editing a file changes nothing "
         "until the next boot, and /etc/default/grub nothing until update-grub.\n"
         "  cat /proc/cmdline\n"
         "  sudo grep -r -h -E '^\\s*(linux|options)\\s' /boot/grub* /boot/loader/entries\n"
         "Boot again, and check that the entry which starts is the one that was edited:\n"
         "  systemctl reboot\n"
         "In the same way, options in modprobe.d do not reach a module that is loaded already or "
         "built in, and an initramfs may hold an older copy.",
         "init/main.c:setup_command_line (the saved line that /proc/cmdline shows)",
         {"iommu-disabled-by-command-line", "iommu-disabled-by-default"},
         VALUE_FOUND | VALUE_PARAMETERS | VALUE_KERNEL},

        {"log-contradiction", "the kernel's log and its state disagree",
         "A line of the log says one thing, /sys or /proc another. vfiod believes what it "
         "measures; the log only says why.\n"
         "Lines that mislead: \"DMAR: IOMMU enabled\" (only echoes intel_iommu=on, also on AMD); "
         "\"Default domain type\" (printed before anybody knows whether there is an IOMMU, and "
         "overruled later by platform opt-in); \"software bounce buffering (SWIOTLB)\" (printed "
         "with an IOMMU, too); \"AMD IOMMUv2\" (printed on Intel).\n"
         "  ls /sys/class/iommu; cat /sys/kernel/iommu_groups/*/type | sort | uniq -c\n"
         "Nothing has to be done unless the measured state is not the one you want.",
         "drivers/iommu/intel/iommu.c:intel_iommu_setup, platform_optin_force_iommu; "
         "drivers/iommu/iommu.c:iommu_subsys_init",
         {"no-iommu", "set-via-kernel-command-line", "log-incomplete"},
         VALUE_FOUND | VALUE_IOMMU | VALUE_GROUPS | VALUE_PARAMETERS},

        {"log-incomplete", "the kernel log of this boot has gaps",
         "Lines of this boot are missing: the kernel's ring wraps (Debian: 128 KiB), the journal "
         "was rotated or vacuumed, or is not kept. So a message that is not found proves nothing, "
         "and a cause may stay unknown. What is measured, such as groups and IR- chips, does not "
         "suffer.\n"
         "  journalctl -k -b | head -2          # does it begin with \"Linux version\"?\n"
         "  journalctl --disk-usage\n"
         "Keep the journal on disk, and make the ring larger (log_buf_len=1M) if its beginning is "
         "lost:\n"
         "  sudo mkdir -p /var/log/journal && sudo systemctl restart systemd-journald",
         "kernel/printk/printk.c:log_buf_len_setup",
         {"log-contradiction"},
         VALUE_FOUND | VALUE_KERNEL | VALUE_PARAMETERS},

        {"acs-override", "groups are smaller than the hardware allows",
         "pcie_acs_override=, a patch outside mainline, makes the kernel believe that ports "
         "isolate what they do not. Groups get smaller and viable, but members of what is one "
         "group in truth can still reach each other by DMA without passing the IOMMU: a guest may "
         "read or write another device's memory.\n"
         "  journalctl -k -b -g 'ACS overrides enabled'\n"
         "Take the parameter away, boot again and look at the true groups:\n"
         "  vfioctl list --all\n"
         "Then use another slot (one at a port with ACS), or give the whole group to one VM.",
         "pcie_acs_override_setup (out of tree); mainline drivers/iommu/iommu.c:pci_device_group",
         {"iommu-groups", "unknown-parameter"},
         VALUE_FOUND | VALUE_GROUPS | VALUE_PARAMETERS},

        {"idle-d3", "idle VFIO devices are put to sleep",
         "vfio_pci.disable_idle_d3 is N (the default): a device is suspended to D3hot as soon as "
         "it is bound to vfio-pci and nobody uses it. Some devices do not come back from that. "
         "The value is taken when a device is bound; changing it later needs a new bind.\n"
         "  cat /sys/module/vfio_pci/parameters/disable_idle_d3\n"
         "  cat /sys/bus/pci/devices/0000:01:00.0/power_state\n"
         "If such a device fails:\n"
         "  echo 'options vfio_pci disable_idle_d3=1' | sudo tee /etc/modprobe.d/d3.conf\n"
         "  echo Y | sudo tee /sys/module/vfio_pci/parameters/disable_idle_d3\n"
         "  vfioctl release 01:00.0 && vfioctl prepare 01:00.0",
         "drivers/vfio/pci/vfio_pci_core.c:vfio_pci_core_register_device",
         {"d3cold", "power-state"},
         VALUE_FOUND | VALUE_PARAMETERS | VALUE_KERNEL},

        {"device-ids-catch-many", "vfio-pci.ids= takes more than one device",
         "vfio-pci.ids= names a kind of device, not one: vfio-pci takes every device with that "
         "vendor and device id, of two equal NVMe drives also the one with your data. It also "
         "works only if vfio-pci is loaded before the host's driver.\n"
         "/sys does not show the ids; they stand on the command line or in modprobe.d:\n"
         "  grep -rh 'ids=' /etc/modprobe.d /proc/cmdline\n"
         "  lspci -nn -d 144d:a80a      # every device with that id\n"
         "Take the id away and name the one device by its address (vfiod writes driver_override, "
         "which is per device):\n"
         "  vfioctl prepare 01:00.0",
         "drivers/vfio/pci/vfio_pci.c:vfio_pci_fill_ids; drivers/pci/pci-driver.c:pci_match_device",
         {"foreign-owner", "consent"},
         VALUE_FOUND | VALUE_PARAMETERS},
        {0},
};
