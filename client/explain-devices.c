/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "explain.h"

const Explanation explain_devices[] = {
        {"not-a-candidate", "a bridge or a part of the platform",
         "Bridges, host bridges, LPC, SMBus, timers and the like stay with the host. vfio-pci "
         "cannot even bind a bridge: it takes header type 0 only and fails with error -22. Host "
         "bridges have type 0, so it could bind them, but the host needs them.\n"
         "In a group they rarely matter: a bridge on pcieport and anything without a driver do "
         "not block.\n"
         "  lspci -k -s 00:01.0\n"
         "  ls /sys/bus/pci/devices/0000:00:01.0/secondary_bus_number   # there: a bridge\n"
         "Give the devices behind it to the VM instead:\n"
         "  vfioctl list",
         "drivers/vfio/pci/vfio_pci_core.c:vfio_pci_core_register_device",
         {"pci-and-host-bridges", "blocked-by-platform"},
         VALUE_FOUND | VALUE_GROUPS},

        {"device-facts-unknown", "driver, ids or kind could not be read",
         "What a verdict on this device rests on could not be read from sysfs: its driver, its "
         "ids, whether it is a bridge, or its group. vfiod calls that unknown rather than guess. "
         "It also happens for a moment when a device goes while it is looked at.\n"
         "  ls -l /sys/bus/pci/devices/0000:01:00.0/\n"
         "  cat /sys/bus/pci/devices/0000:01:00.0/{vendor,device,class}\n"
         "If the files are there for root, run vfiod as root; if they give errors, the kernel log "
         "may say why:\n"
         "  journalctl -k -b -g '0000:01:00.0'",
         "drivers/pci/pci-sysfs.c:pci_dev_attrs; drivers/base/dd.c:driver_sysfs_add",
         {"viability-unknown", "power-state"},
         VALUE_FOUND | VALUE_KERNEL},

        {"detaching", "an unbind has begun and has not ended",
         "The device is being taken from its driver, and the driver waits for a user: an open "
         "sound card, a GPU in use, a VM that holds the VFIO device. The kernel removes the "
         "driver link before the driver has let go, so a missing link is no proof; vfiod waits "
         "for the end.\n"
         "Killing the writer does not help, not even by SIGKILL, and no second bind or unbind may "
         "be tried meanwhile.\n"
         "  journalctl -k -b -g 'blocked until|Relaying device request|usage count'\n"
         "  sudo fuser -v /dev/vfio/* /dev/snd/* /dev/nvidia* /dev/dri/*\n"
         "Stop what still uses the device; the unbind then ends by itself. If nobody does, only a "
         "reboot frees it.",
         "drivers/base/dd.c:__device_release_driver; "
         "drivers/vfio/vfio_main.c:vfio_unregister_group_dev",
         {"states", "in-use", "release"},
         VALUE_FOUND | VALUE_KERNEL},

        {"pf-with-vfs", "the device has virtual functions",
         "vfio-pci does not take a physical function (PF) that has virtual functions (VFs): they "
         "may be in use, and the kernel cannot know by whom. Binding fails with EBUSY and "
         "\"Cannot bind to PF with SR-IOV enabled\".\n"
         "  cat /sys/bus/pci/devices/0000:01:00.0/sriov_numvfs\n"
         "  ls -d /sys/bus/pci/devices/0000:01:00.0/virtfn*\n"
         "Either give a VF to the VM instead of the PF, or remove the VFs first:\n"
         "  echo 0 | sudo tee /sys/bus/pci/devices/0000:01:00.0/sriov_numvfs\n"
         "  vfioctl prepare 01:00.0",
         "drivers/vfio/pci/vfio_pci_core.c:vfio_pci_core_register_device",
         {"vf-token-required"},
         VALUE_FOUND | VALUE_KERNEL},

        {"vf-token-required", "opening this function needs a VF token",
         "The physical function (PF) of this virtual function (VF) is on VFIO. Its user controls "
         "the VF's hardware, so the kernel opens the VF only for those who know the token (a "
         "UUID) that the PF's user has set; else it answers EACCES and logs \"VF token "
         "required\".\n"
         "  readlink /sys/bus/pci/devices/0000:01:10.0/physfn\n"
         "  journalctl -k -b -g 'VF token'\n"
         "Give the PF back to its host driver, which needs no token:\n"
         "  vfioctl release 01:00.0\n"
         "or start QEMU with the token: -device vfio-pci,host=0000:01:10.0,vf-token=UUID",
         "drivers/vfio/pci/vfio_pci_core.c:vfio_pci_validate_vf_token",
         {"pf-with-vfs"},
         VALUE_FOUND | VALUE_KERNEL},

        {"power-state", "the device sleeps or does not answer",
         "The device is in D3cold or in state \"error\": its configuration space reads as ones, "
         "and a VM could not use it. VFIO wakes a device when it is opened; one that cannot wake "
         "makes that fail, or the guest sees a dead device.\n"
         "  cat /sys/bus/pci/devices/0000:01:00.0/power_state\n"
         "  journalctl -k -b -g 'change power state'\n"
         "Keep it awake, then look again:\n"
         "  echo on | sudo tee /sys/bus/pci/devices/0000:01:00.0/power/control\n"
         "If it stays as it is, it needs a power cycle: switch the machine off, not only reboot.",
         "drivers/vfio/pci/vfio_pci_core.c:vfio_pci_core_enable; "
         "drivers/pci/pci.c:pci_set_power_state",
         {"d3cold", "power-state-unknown", "reset-failed"},
         VALUE_FOUND | VALUE_KERNEL},

        {"power-state-unknown", "the power state could not be read",
         "The file power_state is not there (it came with 5.10) or could not be read. Reading the "
         "configuration space instead would wake the device, which vfiod does not do.\n"
         "  cat /sys/bus/pci/devices/0000:01:00.0/power_state\n"
         "  cat /sys/bus/pci/devices/0000:01:00.0/power/runtime_status\n"
         "On a kernel before 5.10 nothing can be done but to look whether the device works. "
         "Otherwise run vfiod on the host:\n"
         "  sudo systemctl restart vfiod",
         "drivers/pci/pci-sysfs.c:power_state_show",
         {"power-state", "d3cold"},
         VALUE_FOUND | VALUE_KERNEL},

        {"d3cold", "the device may lose power and not come back",
         "In D3cold a device has no power at all. Waking it is up to the port above and the "
         "firmware, and that fails on some machines, often after a few starts of a VM: \"Unable "
         "to change power state from D3cold to D0, device inaccessible\".\n"
         "  cat /sys/bus/pci/devices/0000:01:00.0/{power_state,d3cold_allowed}\n"
         "  journalctl -k -b -g 'D3cold|currently in D3'\n"
         "Forbid it for this device, and keep its idle state shallow:\n"
         "  echo 0 | sudo tee /sys/bus/pci/devices/0000:01:00.0/d3cold_allowed\n"
         "  echo on | sudo tee /sys/bus/pci/devices/0000:01:00.0/power/control\n"
         "A device that is gone already needs a power cycle.",
         "drivers/pci/pci-sysfs.c:d3cold_allowed_store; "
         "drivers/vfio/pci/vfio_pci_core.c:vfio_pci_core_enable",
         {"power-state", "idle-d3"},
         VALUE_FOUND | VALUE_PARAMETERS | VALUE_KERNEL},

        {"coherency-unknown", "cache coherent DMA is not proven",
         "VFIO takes a device only if the IOMMU driver says that its DMA is coherent with the "
         "processor's caches; else binding vfio-pci fails with error -22. On x86 with VT-d or "
         "AMD-Vi that is so. No file tells it elsewhere, so it shows only once the device is on "
         "VFIO.\n"
         "  readlink /sys/bus/pci/devices/0000:01:00.0/iommu\n"
         "Try it, nothing is lost: a prepare that fails puts everything back.\n"
         "  vfioctl prepare 01:00.0\n"
         "  journalctl -k -b -g 'error -22'",
         "drivers/vfio/vfio_main.c:__vfio_register_dev (6.12; 6.1: vfio_group_find_or_alloc)",
         {"readiness-words"},
         VALUE_FOUND | VALUE_IOMMU | VALUE_KERNEL},

        {"dma-fault", "the IOMMU stopped a DMA of this device",
         "The device asked for an address that is not mapped for it, or not for writing. The "
         "IOMMU stopped it and memory was not touched. The kernel limits how often it says so: "
         "the count is a lower bound.\n"
         "In a VM it is a bug of the guest's driver, or a device that was still running when the "
         "VM started; on the host a driver's bug, or firmware that keeps using a device.\n"
         "  journalctl -k -b -g 'fault addr|IO_PAGE_FAULT'\n"
         "  vfioctl monitor\n"
         "Reset the device (a VM's end does), update its firmware and driver. INTR-REMAP in that "
         "line is a refused interrupt instead.",
         "drivers/iommu/intel/dmar.c:dmar_fault_do_one; "
         "drivers/iommu/amd/iommu.c:amd_iommu_report_page_fault",
         {"protection-without-passthrough", "no-reset", "intremap-nosid"},
         VALUE_FOUND | VALUE_IOMMU | VALUE_KERNEL},

        {"dma-mask-overflow", "the device cannot reach its buffers",
         "\"DMA addr ... overflow (mask ffffffff, bus limit 0)\": the device reaches 4 GiB only, "
         "the buffer lies above, nothing translates and there is no bounce buffer. The driver "
         "fails (a Wi-Fi card with \"hardware init failed\").\n"
         "It is what iommu=off does: it also leaves swiotlb out, which amd_iommu=off and "
         "intel_iommu=off do not.\n"
         "  journalctl -k -b -g 'DMA addr .* overflow'\n"
         "  sudo cat /sys/kernel/debug/swiotlb/io_tlb_nslabs      # 0 or none: no buffer\n"
         "Take iommu=off away and boot again.",
         "kernel/dma/direct.h:dma_direct_map_page; arch/x86/kernel/pci-dma.c:pci_swiotlb_detect",
         {"iommu-off-vs-amd-iommu-off", "pt-and-swiotlb"},
         VALUE_FOUND | VALUE_IOMMU | VALUE_PARAMETERS | VALUE_SWIOTLB},

        {"vfio-probe-failed", "a VFIO driver did not take the device",
         "vfio-pci (or a variant) was told to bind the device and refused. The number says why:\n"
         "  -22 EINVAL  no IOMMU group, a bridge, no cache coherency, or on the denylist\n"
         "  -16 EBUSY   virtual functions are enabled\n"
         "The line may be from before: what counts is the device's state now.\n"
         "  journalctl -k -b -g 'probe.* failed with error'\n"
         "  ls -l /sys/bus/pci/devices/0000:01:00.0/iommu_group\n"
         "drivers_probe reports success even if a driver refused; the file bind gives the error "
         "(5.15 and later). vfiod uses it and reads back what the kernel did:\n"
         "  vfioctl prepare 01:00.0",
         "drivers/vfio/group.c:vfio_group_find_or_alloc; "
         "drivers/vfio/pci/vfio_pci_core.c:vfio_pci_core_register_device; "
         "drivers/base/dd.c:call_driver_probe",
         {"no-iommu-group", "pf-with-vfs", "denylist", "coherency-unknown"},
         VALUE_FOUND | VALUE_IOMMU | VALUE_KERNEL},

        {"intx-shared", "the interrupt line is shared with a driver",
         "The guest uses the device's old interrupt line (INTx), the device cannot mask it by "
         "itself (DisINTx), and a driver of the host has the same line. VFIO then needs the line "
         "for itself and gets EBUSY: \"genirq: Flags mismatch irq\".\n"
         "  journalctl -k -b -g 'flags mismatch irq'\n"
         "  grep vfio-intx /proc/interrupts; lspci -vv -s 01:00.0 | grep -E 'INTx|MSI'\n"
         "Let the guest's driver use MSI or MSI-X, which is never shared, or take the other "
         "device on that line from its driver:\n"
         "  vfioctl prepare 02:00.0\n"
         "pci=nomsi forces INTx on all devices of the host; take it away.",
         "drivers/vfio/pci/vfio_pci_intrs.c (request_irq); kernel/irq/manage.c:__setup_irq",
         {"no-reset"},
         VALUE_FOUND | VALUE_INTERRUPTS | VALUE_PARAMETERS},

        {"driver-in-use", "the driver waits for its users to go",
         "NVIDIA's driver was told to let the device go while programs use it. It waits in the "
         "kernel and says \"Attempting to remove device ... with non-zero usage count\". The "
         "writer cannot be killed; stopping the users now may come too late, and then only a "
         "reboot helps.\n"
         "  journalctl -k -b -g 'usage count'\n"
         "  sudo fuser -v /dev/nvidia* /dev/dri/*\n"
         "Stop all of them before the next try: X or the compositor, CUDA programs, and\n"
         "  sudo systemctl stop nvidia-persistenced\n"
         "Other drivers wait alike: snd_hda_intel until every sound device is closed.",
         "kernel-open/nvidia/nv-pci.c:nv_pci_remove_helper (NVIDIA's module); "
         "sound/core/init.c:snd_card_free",
         {"detaching", "states"},
         VALUE_FOUND | VALUE_KERNEL},

        {"framebuffer", "the firmware's screen lies in this device",
         "This is the boot display, and the kernel's simple frame buffer (efifb, simpledrm) draws "
         "into one of its BARs. While it owns that range, VFIO cannot map the BAR.\n"
         "Since 6.1 vfio-pci evicts the frame buffer itself, from VGA controllers (class 0300) "
         "only.\n"
         "  cat /sys/bus/pci/devices/0000:01:00.0/boot_vga\n"
         "  sudo grep -i -E 'fb|framebuffer' /proc/iomem\n"
         "On an older kernel, or for class 0302 and 0380, boot with initcall_blacklist=sysfb_init "
         "(video=efifb:off does not stop simpledrm), or choose another display in the firmware.",
         "drivers/vfio/pci/vfio_pci_core.c:vfio_pci_vga_init; "
         "drivers/video/aperture.c:aperture_remove_conflicting_pci_devices",
         {"bar-busy"},
         VALUE_FOUND | VALUE_PARAMETERS | VALUE_KERNEL},

        {"bar-busy", "a part of the device's memory is taken",
         "\"BAR 1: can't reserve\": somebody on the host, mostly the firmware's frame buffer, "
         "owns an address range of this device. Binding works and the VM may start, but reading "
         "or mapping that BAR fails with EBUSY and the guest's driver does not come up.\n"
         "  journalctl -k -b -g \"can't reserve\"\n"
         "  sudo grep -i -B2 -E 'fb|framebuffer' /proc/iomem\n"
         "Take the frame buffer from the device until the next boot (one of the two is there):\n"
         "  cd /sys/bus/platform/drivers\n"
         "  echo efi-framebuffer.0 | sudo tee efi-framebuffer/unbind\n"
         "  echo simple-framebuffer.0 | sudo tee simple-framebuffer/unbind",
         "drivers/pci/pci.c:__pci_request_region; "
         "drivers/vfio/pci/vfio_pci_core.c:vfio_pci_core_mmap",
         {"framebuffer"},
         VALUE_FOUND | VALUE_PARAMETERS | VALUE_KERNEL},

        {"no-reset", "the kernel cannot reset this device alone",
         "VFIO resets a device when a VM opens and closes it. If that cannot be done the start "
         "goes on, with the device as its last user left it: a second start may fail, and a guest "
         "may find the former one's data in it. A reset of the whole slot or bus needs all "
         "devices on it to be owned by the same VM.\n"
         "  cat /sys/bus/pci/devices/0000:01:00.0/reset_method     # 5.15 and later\n"
         "  ls /sys/bus/pci/devices/0000:01:00.0/reset\n"
         "Give all functions of the slot to the same VM, so that a bus reset can be done. For "
         "some GPUs there is the module vendor-reset (out of tree).",
         "drivers/vfio/pci/vfio_pci_core.c:vfio_pci_core_enable, vfio_pci_dev_set_hot_reset",
         {"reset-failed"},
         VALUE_FOUND | VALUE_KERNEL},

        {"reset-failed", "the device did not come back from a reset",
         "\"not ready ... ms after FLR; giving up\": the device was reset and does not answer. It "
         "stays so for guest and host until it gets a reset that works, or loses its power.\n"
         "  journalctl -k -b -g 'not ready .* after'\n"
         "  cat /sys/bus/pci/devices/0000:01:00.0/reset_method\n"
         "With no user and no driver on it, try another method that is listed there:\n"
         "  echo bus | sudo tee /sys/bus/pci/devices/0000:01:00.0/reset_method\n"
         "  echo 1 | sudo tee /sys/bus/pci/devices/0000:01:00.0/reset\n"
         "If that fails, suspend the machine or switch it off; a reboot may not cut the power.",
         "drivers/pci/pci.c:pci_dev_wait, __pci_reset_function_locked",
         {"no-reset", "power-state"},
         VALUE_FOUND | VALUE_KERNEL},

        {"denylist", "VFIO refuses this device by its id",
         "vfio-pci keeps a list of devices with known errata that an untrusted user could "
         "exploit: Intel QAT C3XXX, C62X, DH895XCC and their VFs, DSA and IAX. Binding one fails "
         "with error -22 and \"exists in vfio-pci device denylist\".\n"
         "  lspci -nn -s 6b:00.0\n"
         "  cat /sys/module/vfio_pci/parameters/disable_denylist\n"
         "Use another device. Only if you trust the guest as you trust the host, with no device "
         "on vfio-pci:\n"
         "  echo 'options vfio_pci disable_denylist=1' | sudo tee /etc/modprobe.d/qat.conf\n"
         "  sudo modprobe -r vfio_pci && sudo modprobe vfio_pci",
         "drivers/vfio/pci/vfio_pci.c:vfio_pci_is_denylisted",
         {"readiness-words"},
         VALUE_FOUND | VALUE_PARAMETERS | VALUE_KERNEL},

        {"vfio-variant-driver", "there is a VFIO driver made for this device",
         "Some devices have a VFIO driver of their own (mlx5_vfio_pci, qat_vfio_pci, ...) which "
         "can do more than vfio-pci, above all migrate a running VM. Such a driver is found by "
         "aliases that begin with vfio_pci: and never binds by itself, only by driver_override. "
         "vfiod takes the one that fits best unless you name another.\n"
         "  grep '^alias vfio_pci:' /lib/modules/$(uname -r)/modules.alias\n"
         "  vfioctl plan 01:00.2\n"
         "To use the plain driver:\n"
         "  vfioctl prepare 01:00.2 --driver vfio-pci",
         "include/linux/pci.h:PCI_DRIVER_OVERRIDE_DEVICE_VFIO; "
         "drivers/pci/pci-driver.c:pci_match_device",
         {"foreign-override"},
         VALUE_FOUND | VALUE_KERNEL},
        {0},
};
