/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "explain.h"

const Explanation explain_wishes[] = {
        {"wish-refused", "a persisted device was not moved at boot",
         "The device is to be on VFIO from boot on. When vfiod looked at it, something spoke "
         "against that, as it would have against vfioctl prepare: a disk of it is in use, its "
         "group cannot be had, a hazard is not accepted. Nothing was changed. The message has "
         "the cause.\n"
         "  vfioctl plan 01:00.0\n"
         "Put the cause right and boot again, or move it now with vfioctl prepare. What the wish "
         "may accept is said when it is made: vfioctl prepare --persist --accept ID, or Accept= in "
         "vfiod.conf(5). If it is not wanted any more:\n"
         "  vfioctl release --persist 01:00.0",
         "vfiod.conf(5); drivers/pci/pci-driver.c:pci_match_device",
         {"held", "persisted-late", "wish-device-missing"},
         VALUE_FOUND},

        {"wish-device-missing", "no device is as a persisted one was",
         "A wish names an address and what stands there. Addresses move when hardware is added "
         "or taken out, and then the host's own disk may stand there next: so a wish is met only "
         "if both are right.\n"
         "  vfioctl list\n"
         "Take out the old wish, and persist the device where it is now; the wish of a file is a "
         "[device] section of vfiod.conf(5):\n"
         "  vfioctl release --persist 01:00.0\n"
         "  vfioctl prepare --persist 02:00.0",
         "vfiod.conf(5); drivers/pci/pci-driver.c:pci_match_device",
         {"wish-refused"},
         VALUE_FOUND},

        {"wish-boots-incomplete", "boots did not end well: nothing was taken",
         "A boot is counted when it begins and forgotten when it has reached multi-user.target. "
         "After two in a row that did not, vfiod takes no persisted device: what it took may have "
         "been the reason. Once a boot has come to its end, the next one takes them again.\n"
         "  journalctl -b -1\n"
         "  cat /var/lib/vfiod/boots\n"
         "Take the device at fault out with vfioctl release --persist, or its section out of "
         "vfiod.conf. vfiod.disable on the kernel command line does the same for one boot.",
         "vfiod(8); drivers/pci/pci-driver.c:pci_match_device",
         {"wish-uncounted", "persistence-disabled"},
         VALUE_FOUND},

        {"wish-uncounted", "no boot could be counted: nothing was taken",
         "Before persisted devices are taken, vfiod writes down that a boot has begun. Where that "
         "fails, or vfiod-boot.service has not run, nobody would notice that every boot fails, so "
         "nothing is taken.\n"
         "  journalctl -b -u vfiod-boot.service\n"
         "/var/lib/vfiod must be there and writable before sysinit.target. A file \"boots\" in it "
         "that cannot be read is put right at the end of this boot.",
         "vfiod(8); drivers/pci/pci-driver.c:pci_match_device",
         {"wish-boots-incomplete"},
         VALUE_FOUND},

        {"wishes-unknown", "what was persisted could not be read",
         "The file with the wishes of vfioctl prepare --persist is damaged or cannot be read. "
         "None of them is met, and none can be added, until it is right again; [device] sections "
         "of vfiod.conf are not touched by that.\n"
         "  journalctl -u vfiod\n"
         "  sudo ls -l /var/lib/vfiod/wishes\n"
         "If it cannot be mended, take the file away, restart vfiod, and persist anew.",
         "vfiod(8); drivers/pci/pci-driver.c:pci_match_device",
         {"wish-refused"},
         VALUE_FOUND},

        {"persistence-disabled", "vfiod.disable is on the command line",
         "No persisted device is kept from its driver or moved in this boot; everything else "
         "works, vfioctl prepare too.\n"
         "  cat /proc/cmdline\n"
         "Take the word away and boot again.",
         "vfiod(8); drivers/pci/pci-driver.c:pci_match_device",
         {"wish-boots-incomplete"},
         VALUE_FOUND | VALUE_PARAMETERS},

        {"held", "a persisted device waits to be moved",
         "From the moment it appears, no driver takes a persisted device: its driver_override is "
         "vfiod-boot, which is no driver's name. vfiod moves it as soon as it has looked at "
         "everything that speaks against that. What is not moved, whatever the reason, is given "
         "back to its driver after ten seconds. Where it stays held, vfiod has not started.\n"
         "  systemctl status vfiod vfiod-boot\n"
         "To give it to its driver: vfioctl release 01:00.0",
         "drivers/pci/pci-driver.c:pci_match_device",
         {"wish-refused"},
         VALUE_FOUND},

        {"persisted-late", "a host driver had a persisted device first",
         "The driver was on it already: it was loaded from an initramfs that was made before the "
         "wish, is built into the kernel, or was there when the device was plugged in. vfiod has "
         "moved it with all checks. Most devices do not mind; for those that do not come back from their host "
         "driver, such as many graphics cards, make the initramfs anew:\n"
         "  sudo update-initramfs -u\n"
         "  sudo dracut --force",
         "vfiod.conf(5); drivers/pci/pci-driver.c:pci_match_device",
         {"held", "no-reset"},
         VALUE_FOUND},
        {0},
};
