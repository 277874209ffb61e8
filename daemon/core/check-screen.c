/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "checks.h"
#include "finding-ids.h"
#include "text.h"

#define UNBIND "Unbind it in /sys/bus/platform/drivers (efi-framebuffer, simple-framebuffer), or "
#define BLACKLIST "boot with initcall_blacklist=sysfb_init (video=efifb:off does not stop simpledrm)."

/* Since 6.1 vfio-pci takes the firmware's screen from a VGA controller when it takes the device
 * (drivers/vfio/pci/vfio_pci_core.c, vfio_pci_vga_init()). */
static bool is_evicted(const Check *c) {
        return c->d->device->ids == FACT_PRESENT && c->d->device->class_code >> 8 == 0x0300 &&
               kernel_version(&c->h->kernel_release) >= 6001;
}

static int find_overlap(const Check *c, const FrameBuffer *f) {
        const Text *screens = &host_setup(c->h)->screens;
        const Address *a = &c->d->device->address;
        int r;

        if (is_evicted(c) && !on_vfio(c->d))
                r = findings_addf(&c->d->findings, FINDING_FRAMEBUFFER, SEVERITY_INFO, a, "",
                                  "The firmware's screen (%s) lies in BAR %u; vfio-pci takes it "
                                  "away, and the console goes dark.", f->owner, f->bar);
        else
                r = findings_addf(&c->d->findings, FINDING_FRAMEBUFFER, SEVERITY_WARNING, a,
                                  UNBIND BLACKLIST,
                                  "The firmware's screen (%s) owns a part of BAR %u: VFIO cannot "
                                  "map it, and the guest's driver does not come up.", f->owner,
                                  f->bar);
        if (r >= 0)
                r = findings_evidence(&c->d->findings, "/proc/iomem: %s : %s", f->range, f->owner);
        return r < 0 || screens->fact != FACT_PRESENT
                       ? r
                       : findings_evidence(&c->d->findings, "it draws on %s", screens->value);
}

/* A BAR that somebody has claimed fails with "can't reserve" when it is mapped or read
 * (drivers/pci/pci.c, __pci_request_region()): the VM starts all the same, without its memory. */
int check_frame_buffer(const Check *c) {
        const Setup *setup = host_setup(c->h);
        const Device *d = c->d->device;
        int r;

        if (d->grouped == FACT_ABSENT)
                return 0;
        for (size_t i = 0; i < setup->n_frame_buffers; i++)
                if (address_compare(&setup->frame_buffers[i].device, &d->address) == 0)
                        return find_overlap(c, &setup->frame_buffers[i]);
        /* Not measured: worth a word for the boot display, if something of the firmware's may draw
         * there and nobody would take it away. */
        if (setup->frame_buffers_known != FACT_UNKNOWN || d->boot_vga != FACT_PRESENT ||
            setup->screens.fact == FACT_ABSENT || is_evicted(c))
                return 0;
        r = findings_addf(&c->d->findings, FINDING_FRAMEBUFFER, SEVERITY_INFO, &d->address,
                          "Run vfiod as root: it needs the addresses in /proc/iomem.",
                          "Whether the firmware's screen lies in the memory of this boot display "
                          "could not be read.");
        return r < 0 || setup->screens.fact != FACT_PRESENT
                       ? r
                       : findings_evidence(&c->d->findings, "screens of the firmware: %s",
                                           setup->screens.value);
}
