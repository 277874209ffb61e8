/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Every attribute vfiod reads, listed once with who may read it. What is not listed is worker-only.
 * Loop-safe means: takes no lock that a driver can hold, and does not wake the device (facts from
 * drivers/pci/pci-sysfs.c, drivers/base/core.c, drivers/iommu/iommu.c). tests/check-loop-safe
 * holds scan*.c against the first part of this list.
 */

/* Loop-safe: of a PCI device, below /sys/bus/pci/devices/ADDRESS */
#define ATTR_DRIVER               "driver"               /* link; kernfs only */
#define ATTR_IOMMU_GROUP          "iommu_group"          /* link */
#define ATTR_PHYSFN               "physfn"               /* link */
#define ATTR_SUBSYSTEM            "subsystem"            /* link */
#define ATTR_VENDOR               "vendor"               /* pci_config_attr: a field of pci_dev */
#define ATTR_DEVICE               "device"
#define ATTR_SUBSYSTEM_VENDOR     "subsystem_vendor"
#define ATTR_SUBSYSTEM_DEVICE     "subsystem_device"
#define ATTR_CLASS                "class"
#define ATTR_MODALIAS             "modalias"             /* modalias_show: the fields above */
#define ATTR_BOOT_VGA             "boot_vga"             /* boot_vga_show: compares pointers */
#define ATTR_NUMA_NODE            "numa_node"            /* numa_node_show: a field */
#define ATTR_SECONDARY_BUS_NUMBER "secondary_bus_number" /* existence only: header type is not 0 */
#define ATTR_VFIO_DEV             "vfio-dev"             /* directory; names in it */
#define ATTR_RESET                "reset"                /* existence only: writing it resets */
#define ATTR_DEV                  "dev"                  /* of vfio-dev/vfioN; existence only */

/* Worker-only */
#define ATTR_VIRTFN               "virtfn"               /* links of a PF, numbered; existence only */
#define ATTR_DRIVER_OVERRIDE      "driver_override"      /* device_lock up to 6.11 */
#define ATTR_UEVENT               "uevent"               /* device_lock up to 6.1; written: an event */
#define ATTR_POWER_STATE          "power_state"
#define ATTR_RESET_METHOD         "reset_method"
#define ATTR_D3COLD_ALLOWED       "d3cold_allowed"
#define ATTR_RESOURCE             "resource"
#define ATTR_GROUP_NAME           "name"                 /* of a group; group mutex for the rest */
#define ATTR_GROUP_TYPE           "type"
#define ATTR_GROUP_RESERVED       "reserved_regions"
#define ATTR_INTEL_CAPABILITY     "intel-iommu/cap"      /* of an IOMMU in /sys/class/iommu */
#define ATTR_AMD_FEATURES         "amd-iommu/features"
