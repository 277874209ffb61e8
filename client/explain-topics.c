/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "explain.h"

const Explanation explain_topics[] = {
        {"iommu-groups", "why there are IOMMU groups",
         "A group is the smallest set of devices that the IOMMU can tell apart from all others. "
         "Devices share one for two reasons: their DMA reaches the IOMMU under the same requester "
         "id (behind a PCIe-to-PCI bridge, or by a quirk), or a switch or a multifunction device "
         "lets them write to each other without passing the IOMMU, because PCIe ACS is missing "
         "there.\n"
         "Giving one member to a VM and another to the host would let the guest reach the host "
         "through it. So VFIO takes the group or nothing, and a group has one owner.\n"
         "  vfioctl list --all\n"
         "  sudo lspci -vvv -s 00:01.1 | grep -A2 'Access Control'\n"
         "Another slot, or a firmware that turns ACS on, makes smaller groups.",
         "drivers/iommu/iommu.c:pci_device_group; drivers/pci/pci.c:pci_acs_path_enabled; "
         "drivers/pci/search.c:pci_for_each_dma_alias",
         {"vfio-group-number", "group-not-viable", "acs-override", "pci-and-host-bridges"},
         VALUE_IOMMU | VALUE_GROUPS | VALUE_PARAMETERS},

        {"vfio-group-number", "how to know N of /dev/vfio/N beforehand",
         "N is the number of the device's IOMMU group. It is known as soon as the device has a "
         "group, long before anything is bound to VFIO; the node itself appears when the first "
         "member is.\n"
         "  basename $(readlink /sys/bus/pci/devices/0000:01:00.0/iommu_group)\n"
         "  vfioctl --json show 01:00.0 | jq -r .group.vfio_node\n"
         "The numbers are given out in the order in which devices are found, may differ from boot "
         "to boot, and one that became free is used again. So configure addresses, not numbers. "
         "With noiommu the node is noiommu-N, and no IOMMU is behind it. With iommufd's cdev it "
         "is /dev/vfio/devices/vfioX, which is known only once the device is bound.",
         "drivers/vfio/group.c:vfio_create_group; drivers/iommu/iommu.c:iommu_group_alloc, "
         "iommu_group_release",
         {"iommu-groups", "node-permission", "noiommu"},
         VALUE_GROUPS | VALUE_KERNEL},

        {"iommu-pt", "iommu=pt, and why passthrough still works",
         "iommu=pt does not turn the IOMMU off. It chooses the default domain of each group: "
         "identity (bus address = physical address) instead of translated. This default is for "
         "the host's own drivers only.\n"
         "When VFIO takes a group it attaches a domain of its own, with the guest's memory in it, "
         "in place of whatever the default was; on release the default comes back. So pt changes "
         "nothing for the VM. It makes the host's DMA cheaper and gives up protection from the "
         "host's devices. The file \"type\" shows the default, also while a VM has the group.\n"
         "  cat /sys/kernel/iommu_groups/*/type | sort | uniq -c      # identity: pt\n"
         "iommu=pt without any IOMMU does nothing, and is logged all the same.",
         "arch/x86/kernel/pci-dma.c:iommu_setup; "
         "drivers/iommu/iommu.c:iommu_group_claim_dma_owner; "
         "drivers/vfio/vfio_iommu_type1.c:vfio_iommu_type1_attach_group",
         {"pt-and-swiotlb", "set-via-kernel-command-line", "protection-without-passthrough"},
         VALUE_IOMMU | VALUE_GROUPS | VALUE_PARAMETERS},

        {"pt-and-swiotlb", "what iommu=pt has to do with swiotlb",
         "With a translated domain a device that reaches 4 GiB only gets a low bus address for "
         "any buffer. With identity there is nothing to translate: a buffer it cannot reach is "
         "copied through the bounce buffer, swiotlb. So pt can bring bouncing, for such devices "
         "only; one that reaches all of memory goes straight through dma_direct_map_page.\n"
         "That is why iommu_dma_unmap_page is not called then. dma_ops being NULL proved it on "
         "6.3; on 6.12 and later it is NULL with translation, too (dev->dma_iommu tells).\n"
         "  sudo grep . /sys/kernel/debug/swiotlb/io_tlb_{nslabs,used}\n"
         "32768 slots are 64 MiB. Without an IOMMU (amd_iommu=off) nothing is translated either, "
         "and the figures look alike.",
         "kernel/dma/direct.h:dma_direct_map_page; kernel/dma/mapping.c:dma_map_page_attrs; "
         "kernel/dma/swiotlb.c:swiotlb_map",
         {"iommu-pt", "iommu-off-vs-amd-iommu-off", "dma-mask-overflow"},
         VALUE_GROUPS | VALUE_PARAMETERS | VALUE_SWIOTLB},

        {"iommu-off-vs-amd-iommu-off", "iommu=off against amd_iommu=off",
         "amd_iommu=off: the AMD driver does not start. No groups, no interrupt remapping; "
         "swiotlb stays, so a device that reaches 4 GiB only still works by copying.\n"
         "iommu=off: no_iommu is set for all x86 drivers. No VT-d and no AMD-Vi, and also no "
         "swiotlb: such a device fails with \"DMA addr ... overflow\" (a Wi-Fi card). AMD loses "
         "interrupt remapping with it, Intel keeps it. intel_iommu=off keeps both swiotlb and, if "
         "it was there, remapping.\n"
         "Both words stick. In each case vfio-pci fails with -22, and the log still says "
         "\"Default domain type: Translated\": it is printed without any IOMMU.\n"
         "  ls /sys/class/iommu /sys/kernel/iommu_groups",
         "arch/x86/kernel/pci-dma.c:iommu_setup, pci_swiotlb_detect; "
         "drivers/iommu/amd/init.c:parse_amd_iommu_options",
         {"iommu-disabled-by-command-line", "dma-mask-overflow", "pt-and-swiotlb"},
         VALUE_IOMMU | VALUE_INTERRUPTS | VALUE_PARAMETERS | VALUE_SWIOTLB},

        {"set-via-kernel-command-line", "what \"(set via kernel command line)\" means",
         "\"Default domain type: Passthrough (set via kernel command line)\": the suffix is there "
         "if iommu=pt, iommu=nopt or iommu.passthrough= was given. Without it the type comes from "
         "the kernel's configuration.\n"
         "The kernel keeps that apart because it matters: a choice on the command line is not "
         "overruled, while a configured Passthrough is when memory encryption is active. "
         "(Platform opt-in on Intel sets identity later, after this line.) The line on \"lazy\" "
         "or \"strict\" mode has its own suffix, for iommu.strict=.\n"
         "Neither says that an IOMMU is on: both are printed without one.\n"
         "  journalctl -k -b -g 'Default domain type|invalidation policy'\n"
         "  cat /sys/kernel/iommu_groups/*/type | sort | uniq -c",
         "drivers/iommu/iommu.c:iommu_subsys_init, iommu_set_default_passthrough; "
         "drivers/iommu/intel/iommu.c:platform_optin_force_iommu",
         {"iommu-pt", "log-contradiction"},
         VALUE_IOMMU | VALUE_GROUPS | VALUE_PARAMETERS},

        {"interrupt-remapping", "is it needed for passthrough only? No",
         "The IOMMU looks every interrupt up in a table of the kernel's and checks who sends it. "
         "For VFIO that is what keeps a guest from raising the host's interrupts. It also serves "
         "the host: no device can forge an interrupt, processors with APIC ids above 255 can be "
         "reached (bare metal does not use x2APIC without it), and posting is built on it.\n"
         "Translation and remapping are switched apart on Intel: remapping is on with "
         "intel_iommu=off and with iommu=off, too. On AMD it belongs to AMD-Vi and goes with it. "
         "Off: intremap=off, nointremap, noapic, or the firmware.\n"
         "  grep -c -E ' v?IR-' /proc/interrupts      # 0: off\n"
         "Each MSI is set up by intel_irq_remapping_alloc, one table entry per interrupt.",
         "arch/x86/kernel/apic/apic.c:enable_IR_x2apic, try_to_enable_x2apic; "
         "drivers/iommu/intel/irq_remapping.c",
         {"no-interrupt-remapping", "remapped-vs-posted-interrupts", "intremap-nosid"},
         VALUE_IOMMU | VALUE_INTERRUPTS | VALUE_PARAMETERS},

        {"intremap-nosid", "what intremap=nosid does",
         "Each entry of VT-d's remapping table names the requester id (SID) that may use it. "
         "nosid turns that check off: every entry gets SVT_NO_VERIFY. Remapping as such stays on "
         "and VFIO accepts it, but a device can raise another one's interrupts.\n"
         "It is a workaround for firmware and devices that send under an id the kernel does not "
         "expect; with the check on, these interrupts are lost and the log has\n"
         "  DMAR: [INTR-REMAP] Request device [...] Blocked an interrupt request due to\n"
         "    source-id verification failure\n"
         "It is for Intel only (AMD looks the table up per device anyway) and it sticks: no later "
         "intremap= undoes it. Do not use it without such lines.",
         "drivers/iommu/irq_remapping.c:setup_irqremap; "
         "drivers/iommu/intel/irq_remapping.c:set_irte_sid; drivers/iommu/intel/dmar.c",
         {"nosid", "interrupt-remapping"},
         VALUE_INTERRUPTS | VALUE_PARAMETERS},

        {"remapped-vs-posted-interrupts", "the two forms of a remapping entry",
         "Remapped: the entry (IRTE) holds vector and destination CPU. The interrupt arrives at "
         "the host, which passes it on to the guest: an exit.\n"
         "Posted: the entry holds the address of a posted-interrupt descriptor of a virtual CPU "
         "and the guest's vector. Hardware sets a bit there and notifies the CPU on which that "
         "virtual CPU runs, without an exit. KVM changes the entry when the guest sets the "
         "interrupt up, and the descriptor when the virtual CPU moves; AMD has the same as guest "
         "mode (AVIC).\n"
         "VFIO needs remapping only. Intel posts if all units can and nopost is not given, AMD "
         "unless amd_iommu_intr=legacy.\n"
         "  grep . /sys/module/kvm_*/parameters/{enable_apicv,avic}",
         "include/linux/dmar.h:struct irte; "
         "drivers/iommu/intel/irq_remapping.c:intel_ir_set_vcpu_affinity; "
         "drivers/iommu/amd/iommu.c:amd_ir_set_vcpu_affinity",
         {"posted-interrupts", "interrupt-remapping"},
         VALUE_INTERRUPTS | VALUE_PARAMETERS},

        {"protection-without-passthrough", "does the IOMMU protect the host itself?",
         "Yes, if the group's type is DMA or DMA-FQ: a device then reaches only the buffers that "
         "its driver has mapped, and a wild or malicious access is stopped and logged. With "
         "DMA-FQ (lazy) an unmapped buffer stays reachable for some milliseconds, until the batch "
         "is flushed; DMA (strict) closes that gap.\n"
         "With identity (iommu=pt) it does not: the device reaches all memory. Untrusted devices "
         "behind external ports (Thunderbolt) are translated all the same. On 6.12 AMD gives "
         "devices with PASID, mostly GPUs, identity by itself.\n"
         "  grep . /sys/kernel/iommu_groups/*/type\n"
         "Nothing protects before the IOMMU is on: efi=disable_early_pci_dma is against that, and "
         "may hang devices.",
         "drivers/iommu/dma-iommu.c:iommu_dma_map_page; "
         "drivers/iommu/iommu.c:iommu_get_default_domain_type; drivers/iommu/amd/iommu.c",
         {"iommu-pt", "cost-of-translation", "dma-fault"},
         VALUE_IOMMU | VALUE_GROUPS | VALUE_PARAMETERS},

        {"see-a-device-do-dma", "how to see that a device does DMA",
         "The kernel sees mappings, not transfers. Mappings of translated domains:\n"
         "  sudo trace-cmd record -e iommu:map -e iommu:unmap sleep 5; trace-cmd report\n"
         "With identity nothing is mapped; see the drivers' calls instead (6.12: events dma:*):\n"
         "  sudo bpftrace -e 'kprobe:dma_map_page_attrs { @[kstack(3)] = count(); }'\n"
         "Transfers are seen by the IOMMU's own counters, where there are any (amd_iommu_0, dmar0 "
         "in /sys/bus/event_source/devices):\n"
         "  sudo perf stat -a -e amd_iommu_0/mem_iommu_tlb_pte_hit/ sleep 5\n"
         "What was refused is in the log (dma-fault). A device may do DMA at all only with "
         "BusMaster+ in lspci -vv; VFIO clears that when the device is opened.",
         "include/trace/events/iommu.h:map, unmap; drivers/iommu/iommu.c:iommu_map; "
         "drivers/vfio/pci/vfio_pci_core.c:vfio_pci_core_enable",
         {"dma-fault", "pt-and-swiotlb"},
         VALUE_IOMMU | VALUE_GROUPS},

        {"domains-per-device-or-vm", "one address space per device, or per VM?",
         "Hardware looks up a page table per requester id, so every device could have its own. "
         "The kernel attaches one domain per group, as members may share an id or reach each "
         "other.\n"
         "On the host each group has its own default domain. For a VM, type1 puts all groups of "
         "one container that are compatible into one domain: the guest's physical memory looks "
         "the same to all its devices, and is mapped once. If the guest has an IOMMU of its own, "
         "QEMU makes an address space, and a container, per device. iommufd does the same with an "
         "IOAS and one or more page tables on it.\n"
         "When the guest's memory changes (hotplug), QEMU maps and unmaps along with it.",
         "drivers/vfio/vfio_iommu_type1.c:vfio_iommu_type1_attach_group; "
         "drivers/iommu/iommufd/hw_pagetable.c:iommufd_hwpt_paging_alloc",
         {"iommu-groups", "guest-iommu", "sva"},
         VALUE_GROUPS | VALUE_KERNEL},

        {"cost-of-translation", "what translation costs",
         "Two costs. Every access looks into the IOMMU's TLB and walks page tables on a miss. And "
         "the host's drivers map and unmap each buffer; unmapping has to flush that TLB.\n"
         "DMA-FQ (lazy, the usual default) gathers the flushes, DMA (strict, iommu.strict=1) "
         "waits for each, identity (iommu=pt) has neither cost. It shows with fast network cards "
         "and NVMe.\n"
         "A VM pays other prices: its memory is pinned and mapped once at start, so only TLB "
         "misses remain; huge pages make these rare. A guest's own IOMMU costs an exit per "
         "mapping.\n"
         "  grep . /sys/kernel/iommu_groups/*/type\n"
         "Measure before you choose pt: it gives up the host's protection.",
         "drivers/iommu/dma-iommu.c:__iommu_dma_unmap, fq_flush_iotlb; "
         "drivers/vfio/vfio_iommu_type1.c:vfio_pin_map_dma",
         {"iommu-pt", "protection-without-passthrough", "guest-iommu"},
         VALUE_IOMMU | VALUE_GROUPS | VALUE_PARAMETERS},

        {"sva", "shared virtual addressing; is it for DPDK? No",
         "In a domain of type SVA a device uses the page tables of a process: it is given that "
         "process's pointers, tagged with a PASID, and can take page faults. Nothing is pinned or "
         "mapped by hand. Drivers ask for it: idxd (Intel DSA) and uacce (accelerators). It needs "
         "PASID and, mostly, page requests in device and IOMMU; on Intel also scalable mode "
         "(intel_iommu=sm_on).\n"
         "DPDK does not use it. It uses VFIO: it maps chosen memory (huge pages) into a domain by "
         "VFIO_IOMMU_MAP_DMA, often at its own virtual addresses, which looks similar but is "
         "pinned memory in an ordinary domain.\n"
         "  lspci -vv | grep -E 'PASID|Page Request'",
         "drivers/iommu/iommu-sva.c:iommu_sva_bind_device; "
         "drivers/dma/idxd/cdev.c:idxd_cdev_open; drivers/misc/uacce/uacce.c",
         {"domains-per-device-or-vm", "iommu-pt"},
         VALUE_IOMMU | VALUE_PARAMETERS | VALUE_KERNEL},

        {"guest-iommu", "an IOMMU inside the guest",
         "A device can be given to a VM without one. A guest needs its own IOMMU to use VFIO "
         "itself (nested VMs, DPDK), to protect itself from its devices, or for many virtual "
         "CPUs.\n"
         "  -machine q35,kernel-irqchip=split\n"
         "  -device intel-iommu,intremap=on,caching-mode=on\n"
         "Without intremap=on the guest's VFIO is refused, as on hardware. caching-mode tells "
         "QEMU of each mapping, so that it can map it in the host, too; that makes mapping slow, "
         "and the guest's kernel turns lazy flushing off (\"IOMMU batching disallowed due to "
         "virtualization\"). virtio-iommu is cheaper but does not remap interrupts: without x86's "
         "own remapping VFIO in the guest needs allow_unsafe_interrupts.",
         "drivers/iommu/intel/iommu.c:intel_iommu_init; drivers/iommu/virtio-iommu.c:viommu_probe",
         {"cost-of-translation", "no-interrupt-remapping", "domains-per-device-or-vm"},
         VALUE_IOMMU | VALUE_INTERRUPTS | VALUE_PARAMETERS},

        {"pci-and-host-bridges", "host bridge, PCI bridge, and what they block",
         "A host bridge joins processor and memory to a PCI root bus. It shows as a function of "
         "class 0600 (00:00.0; AMD has more such as 00:01.0, which are dummies without a driver) "
         "with header type 0, like a device. A PCI bridge (class 0604, header type 1: root port, "
         "switch port) joins two buses; what lies behind it has a higher bus number.\n"
         "Both can be members of a group. Without a driver they never block, and a bridge on "
         "pcieport does not. A host bridge with a driver (k10temp, EDAC) blocks on every kernel; "
         "a bridge on shpchp or yenta_cardbus blocks since 5.19. vfio-pci takes no bridge, and "
         "vfiod gives it no host bridge.\n"
         "  lspci -tv; lspci -k -d ::0600",
         "drivers/pci/probe.c:pci_setup_device, pci_register_host_bridge; "
         "drivers/pci/pcie/portdrv.c (driver_managed_dma)",
         {"not-a-candidate", "iommu-groups", "blocked-by-platform"},
         VALUE_GROUPS | VALUE_KERNEL},
        {0},
};
