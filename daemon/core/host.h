/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "address.h"
#include "boot-guard.h"
#include "boot-words.h"
#include "fact.h"
#include "module-options.h"
#include "setup.h"
#include "uses.h"

/*
 * The snapshot of a host: a plain value that sources fill and the evaluator reads. Devices and
 * groups are immutable once they are in a host: what changes is replaced, and whoever still
 * compares with the old value holds a reference to it.
 */

/* Class children of a device directory. While one is left after the driver link went, the driver's
 * remove() has not returned (drivers/base/dd.c, __device_release_driver()). */
typedef enum DeviceChild {
        DEVICE_CHILD_NET   = 1 << 0,
        DEVICE_CHILD_NVME  = 1 << 1,
        DEVICE_CHILD_SOUND = 1 << 2,
        DEVICE_CHILD_DRM   = 1 << 3,
        DEVICE_CHILD_USB   = 1 << 4,
} DeviceChild;

typedef struct Device {
        unsigned n_ref;
        Address address;

        /* Read on the event loop: no attribute here can block or wake the device. */
        Fact ids; /* present: the five below were read */
        uint16_t vendor_id, device_id, subsystem_vendor_id, subsystem_device_id;
        uint32_t class_code; /* 24 bits */
        Fact bridge;         /* header type is not 0: secondary_bus_number exists */
        Text driver;         /* name of the driver link's target */
        Fact grouped;        /* the iommu_group link is there */
        unsigned group;      /* valid if grouped is present */
        Fact vfio_device;    /* registered with VFIO: vfio-dev/ exists (6.1 and later) */
        Text vfio_device_name;
        unsigned children;   /* DeviceChild bits */
        Fact children_known;
        Fact virtual_function; /* physfn link is there */
        Address physical_function;
        Fact boot_vga;
        Fact reset;    /* the kernel can reset this function alone: the file "reset" is there */
        int numa_node; /* -1: none or not known */

        /* Names for people, owned by the table of names, which outlives every host. May be NULL. */
        const char *vendor_name, *device_name, *class_name;

        /* Read by the probe, apart from the loop: reading these can hang with a stuck unbind. */
        Text driver_override;
        Text power_state;   /* as the kernel says: D0, D3hot, D3cold, unknown, error */
        Text reset_methods; /* words with a space between */
        Fact below_bridge;  /* it is not on a root bus */
        Fact d3cold_allowed;
        Text node_access;   /* of its character device: "0600 root root"; absent: no such node */
        Uses uses;          /* what the host needs it for */
        bool remembered;    /* a reading of it hangs: what is read apart is as it was before */
} Device;

/* A member of a group that is no PCI function. */
typedef struct OtherMember {
        char *name;
        char *bus; /* subsystem, e.g. "platform"; NULL if not known */
        Text driver;
} OtherMember;

/* One process that holds a group or a device of it. */
typedef struct Holder {
        pid_t pid;
        char *command; /* comm */
} Holder;

typedef struct Group {
        unsigned n_ref;
        unsigned id;

        /* Read on the event loop. */
        Fact vfio_node;        /* /sys/class/vfio/ID or noiommu-ID exists */
        Fact others_known;     /* present: other_members is complete */
        OtherMember *other_members;
        size_t n_other_members;

        /* Read by the probe: these attributes take the group's lock (drivers/iommu/iommu.c). */
        Text name; /* "vfio-noiommu" for a group without an IOMMU */
        Text type; /* identity, DMA, DMA-FQ, blocked, unmanaged, unknown */
        Text node_access; /* of /dev/vfio/ID: "0600 root root"; absent: no such node */
        Fact reserved_known;   /* present: n_direct counts reserved_regions */
        unsigned n_direct;     /* regions of type exactly "direct" */
        char *direct_region;   /* the first such line; NULL if none */
        Fact in_use;           /* a process has the group or one of its devices open */
        Holder *holders;
        size_t n_holders;
} Group;

/* What vfiod did to one device and what it was before: one member of a managed set. */
typedef struct Managed {
        Address address;
        Text driver;          /* driver before, or absent: none. Never unknown. */
        Text driver_override; /* override before, or absent: none. Never unknown. */
        char *moved_to;       /* driver vfiod bound it to; "" for a bridge that was only unbound */
        unsigned set;         /* id of the set */
        uint16_t vendor_id, device_id, subsystem_vendor_id, subsystem_device_id;
        uint32_t class_code;
} Managed;

/* Somebody wants a device to be with VFIO; see claims.h. */
typedef struct Claim {
        Address device;
        char *name; /* "": nobody in particular */
} Claim;

/* Members of one group that were moved, and who wants them moved. */
typedef struct ManagedSet {
        unsigned id;
        Managed *members; /* in the order they were moved */
        size_t n_members;
        Address *asked; /* devices that were asked for and did not have to move themselves */
        size_t n_asked;
        Claim *claims;
        size_t n_claims;
} ManagedSet;

/* An unbind that a worker of vfiod has begun and that has not returned. */
typedef struct Unbinding {
        Address address;
        char *driver; /* the driver it is taken from */
} Unbinding;

/* What the driver of an IOMMU says its hardware can do. */
typedef struct Iommu {
        char *name;    /* dmar0, ivhd0 */
        Text features; /* of Intel the register cap, of AMD the extended features */
} Iommu;

/* A figure from debugfs, that nothing depends on. */
#define DEBUG_SWIOTLB_SLOTS "/sys/kernel/debug/swiotlb/io_tlb_nslabs"
#define DEBUG_SWIOTLB_USED  "/sys/kernel/debug/swiotlb/io_tlb_used"
#define DEBUG_VTD_REGISTERS "/sys/kernel/debug/iommu/intel/iommu_regset" /* "dmar0 GSTS 0x..." */
typedef struct DebugValue {
        char *file, *value;
} DebugValue;

/* The members of one group when this kernel was last booted, sorted. */
typedef struct GroupBefore {
        Address *members;
        size_t n_members;
} GroupBefore;

/* What came of meeting a wish in this boot. */
typedef struct WishResult {
        Address address;
        bool late;     /* its host driver had it when the daemon came */
        char *message; /* why it is not met; NULL: it is */
} WishResult;

struct KernelLog;
struct Wish;

typedef struct Host {
        const struct KernelLog *log; /* borrowed from whoever reads it; NULL: nothing is known */
        Text kernel_release;
        Text command_line;

        /* Which viability rule the running kernel follows: present when kallsyms names
         * iommu_device_use_default_domain (drivers/iommu/iommu.c, 5.19 and backports), absent when
         * it was read and does not, unknown when it could not be read. */
        Fact dma_ownership_symbol;

        Fact iommu; /* /sys/class/iommu has entries */
        char **iommu_names; /* dmar0, ivhd0, smmu3.*, virtio0 ... */
        size_t n_iommu_names;
        Iommu *iommus;             /* those of the same directory that say what they can do */
        size_t n_iommus;
        Fact interrupt_remapping;        /* a chip in /proc/interrupts is called IR-* or vIR-* */
        Fact type1_unsafe_interrupts;    /* vfio_iommu_type1.allow_unsafe_interrupts */
        Fact iommufd_unsafe_interrupts;  /* iommufd.allow_unsafe_interrupts */
        Fact type1_loaded, iommufd_loaded; /* absent: the module has not been told anything yet */
        Fact type1;    /* the type1 back end is loaded or can be */
        Fact iommufd;  /* iommufd is loaded or can be */
        Fact cdev;     /* VFIO devices have character devices of their own */
        Fact acpi_dmar, acpi_ivrs; /* ACPI tables that describe an IOMMU */
        Setup *setup;  /* reference; NULL: nothing is known, see host_setup() */

        Fact module_options_known;     /* present: the list has all that modprobe.d says */
        ModuleOption *module_options; /* in kmod's order */
        size_t n_module_options;

        BootWords *boot_words; /* of the next boot, as far as they could be read */
        size_t n_boot_words;

        DebugValue *debug_values;
        size_t n_debug_values;

        char **drivers; /* registered VFIO drivers: those in /sys/bus/pci/drivers we know of */
        size_t n_drivers;
        Fact drivers_known;

        Device **devices; /* sorted by address */
        size_t n_devices;
        Device **by_group; /* those in a group, sorted by group, then address */
        size_t n_by_group;
        Device **by_physical_function; /* virtual functions, sorted by theirs, then address */
        size_t n_by_physical_function;
        Group **groups; /* sorted by id */
        size_t n_groups;

        ManagedSet *sets; /* what vfiod moved */
        size_t n_sets;
        Unbinding *unbindings;
        size_t n_unbindings;

        Fact wishes_known; /* present: the list is all there are */
        struct Wish *wishes; /* written down by `prepare` with `persist`; wish.h */
        size_t n_wishes;
        BootVerdict boot_verdict; /* whether they are met in this boot */
        WishResult *wish_results; /* what came of trying */
        size_t n_wish_results;
        const struct Wish *configured; /* those of vfiod.conf; borrowed from the settings */
        size_t n_configured;
        Fact groups_before_known; /* absent: this kernel has not been booted before */
        GroupBefore *groups_before;
        size_t n_groups_before;
} Host;

/* Returns: a zeroed device with one reference, or NULL when memory is short. */
Device *device_new(const Address *address);
/* Returns: d, with one more reference. */
Device *device_ref(Device *d);
/* Drops a reference; frees with the last. NULL is taken. Returns: NULL. */
Device *device_unref(Device *d);
/* Returns: a deep copy with one reference, or NULL when memory is short. */
Device *device_copy(const Device *d);
/* Returns: true if ids and class of both are known and the same: still the same device. */
bool device_same_identity(const Device *a, const Device *b);

Group *group_new(unsigned id);
Group *group_ref(Group *g);
Group *group_unref(Group *g);
Group *group_copy(const Group *g);
/* Appends a copy. bus may be NULL. Returns: 0 or -ENOMEM. */
int group_add_other(Group *g, const char *name, const char *bus, const Text *driver);
/* Appends a copy. Returns: 0 or -ENOMEM. */
int group_add_holder(Group *g, pid_t pid, const char *command);

/* Returns: an empty host, everything unknown, or NULL when memory is short. */
Host *host_new(void);
/* NULL is taken. Returns: NULL. */
Host *host_free(Host *h);

/* Puts copies of what the probe alone reads of the host itself (modprobe.d, boot
 * configuration, features of IOMMUs, debugfs) in
 * place of what h has. Returns: 0 or -ENOMEM. */
int host_copy_probed(Host *h, const Host *from);
/* Appends a copy. Returns: 0 or -ENOMEM. */
int host_add_iommu(Host *h, const char *name, const Text *features);
int host_add_debug_value(Host *h, const char *file, const char *value);

/* Returns: how the host is set up, borrowed from h; never NULL. */
const Setup *host_setup(const Host *h);

/* Returns: the device or group, borrowed from h, or NULL if h has none. */
Device *host_find_device(const Host *h, const Address *a);
Group *host_find_group(const Host *h, unsigned id);
/* Finds the members of a group, or the virtual functions of a physical one, sorted by address.
 * Return: how many; *ret is borrowed from h and valid until it changes. */
size_t host_group_members(const Host *h, unsigned id, Device *const **ret);
size_t host_virtual_functions(const Host *h, const Address *physical, Device *const **ret);
/* Finds the devices that an IOMMU means by an address: the one there, or, where there is none and it
 * is the first of its bus, all on that bus. A bridge to conventional PCI speaks for those behind it
 * as function 0 of slot 0 of its secondary bus (PCI Express to PCI/PCI-X Bridge Specification 1.0,
 * section 2.3; drivers/pci/search.c, pci_for_each_dma_alias()). Returns: as above. */
size_t host_requesters(const Host *h, const Address *a, Device *const **ret);
/* Finds the devices on the bus of an address. Returns: as above. */
size_t host_bus_devices(const Host *h, const Address *a, Device *const **ret);
/* Puts d or g in (taking over the caller's reference), replacing what had its address or id.
 * Returns: 0, or -ENOMEM with the caller's reference still the caller's. */
int host_put_device(Host *h, Device *d);
int host_put_group(Host *h, Group *g);
/* Takes it out and drops its reference. Returns: true if it was there. */
bool host_remove_device(Host *h, const Address *a);
bool host_remove_group(Host *h, unsigned id);

/* Returns: true if both records are of the same device. */
bool managed_same_identity(const Managed *a, const Managed *b);
/* Returns: false if another device stands at the record's address now; true if it is the same, is
 * gone, or could not be identified. */
bool managed_is_same(const Host *h, const Managed *m);
/* Returns: the device's entry in a managed set, borrowed, or NULL; a record of another device that
 * was at the address before does not count. */
const Managed *host_find_managed(const Host *h, const Address *a);
/* Returns: the set that was made for the device, as a member or because it was asked for; borrowed,
 * or NULL. */
const ManagedSet *host_find_set(const Host *h, const Address *a);
/* Returns: a set that has members in that group, borrowed, or NULL. */
const ManagedSet *host_find_group_set(const Host *h, unsigned group);
/* Returns: the wish for the device that is at the address now, borrowed, or NULL. */
const struct Wish *host_find_wish(const Host *h, const Address *a);
/* Returns: the wish that was written down for the address, whatever stands there now, borrowed, or
 * NULL. */
const struct Wish *host_find_address_wish(const Host *h, const Address *a);
/* The same as host_find_wish(), of those of vfiod.conf only. */
const struct Wish *host_find_configured(const Host *h, const Address *a);
/* Returns: the i-th wish, those that were written down first, then those of vfiod.conf; borrowed, or
 * NULL if there are no more. */
const struct Wish *host_wish(const Host *h, size_t i);
/* Returns: what came of the wish for the device at the address, borrowed, or NULL. */
const WishResult *host_find_wish_result(const Host *h, const Address *a);
/* Notes it, in place of what was noted for the address. message: NULL if the wish is met. Returns: 0
 * or -ENOMEM. */
int host_set_wish_result(Host *h, const Address *a, bool late, const char *message);
/* Forgets it. Returns: true if there was one. */
bool host_drop_wish_result(Host *h, const Address *a);
/* Frees it and all in it. Return: NULL. */
WishResult *wish_results_free(WishResult *results, size_t n);
struct Wish *wishes_free(struct Wish *wishes, size_t n);
GroupBefore *groups_before_free(GroupBefore *groups, size_t n);
/* Returns: the driver a worker is still taking the device from, borrowed, or NULL. */
const char *host_find_unbinding(const Host *h, const Address *a);
/* Appends a copy. Returns: 0 or -ENOMEM. */
int host_add_unbinding(Host *h, const Address *a, const char *driver);
void host_clear_unbindings(Host *h);
/* Appends a copy of name to an array of n names. Returns: 0 or -ENOMEM. */
int names_add(char ***names, size_t *n, const char *name);
/* Frees an array of names and its strings. Returns: NULL. */
char **names_free(char **names, size_t n);
