/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hazards-table.h"

#include "finding-ids.h"

#define KIND(kind) (1u << USE_##kind)
#define LOOK(category) (1u << USES_##category)

/* The worst first: a list of devices shows the first finding. */
const Hazard hazards[] = {
        { FINDING_DISK_IN_USE, HAZARD_NEVER,
          KIND(MOUNT) | KIND(SWAP) | KIND(STACKED) | KIND(OPENED) | KIND(NEEDED) | KIND(CLAIM),
          LOOK(STORAGE) | LOOK(CLAIM), "It holds %s.",
          "Whether the host uses a disk of it could not be looked at.",
          "Unmount what is on it, take it out of /etc/fstab and close what is stacked on it." },
        { FINDING_LAST_CONSOLE, HAZARD_NEVER, KIND(LAST_CONSOLE), LOOK(CONSOLE),
          "It carries the host's last console: %s.",
          "Whether it carries the host's last console could not be looked at.",
          "Give the kernel another console, by console= on its command line." },
        { FINDING_OWN_CONNECTION, HAZARD_ACCEPT, KIND(CONNECTION), 0,
          "A remote login comes in over it: %s.", NULL,
          "Log in at the machine itself or over another interface." },
        { FINDING_NETWORK_STORAGE, HAZARD_ACCEPT, KIND(NETWORK_STORAGE), 0,
          "The host's storage comes over it: %s.", NULL, "Unmount or log out of that storage." },
        { FINDING_NETWORK_IN_USE, HAZARD_ACCEPT, KIND(NETWORK), LOOK(NETWORK),
          "The host's network runs over it: %s.",
          "Whether the host's network runs over it could not be looked at.",
          "Take its addresses, routes and masters away." },
        { FINDING_DISPLAY_IN_USE, HAZARD_ACCEPT, KIND(DISPLAY), LOOK(DISPLAY),
          "It is a display in use: %s.",
          "Whether it is a display in use could not be looked at.",
          "End the programs that use it and unplug its outputs." },
        { FINDING_BOOT_DISPLAY, HAZARD_ACCEPT, KIND(BOOT_DISPLAY), 0,
          "The firmware has chosen it as the display of this boot.", NULL,
          "Choose another one in the firmware's setup." },
        { FINDING_LAST_KEYBOARD, HAZARD_ACCEPT, KIND(LAST_KEYBOARD), LOOK(INPUT),
          "No keyboard is left without it: %s.",
          "Whether the last keyboard hangs on it could not be looked at.",
          "Plug a keyboard into another controller." },
        { FINDING_SOUND_IN_USE, HAZARD_ACCEPT, KIND(SOUND), LOOK(SOUND),
          "Its sound card is held open: %s.",
          "Whether its sound card is held open could not be looked at.",
          "End the programs that hold it, or the unbind waits for them." },
        { FINDING_SERIAL_CONSOLE, HAZARD_ACCEPT, KIND(SERIAL_CONSOLE), 0,
          "A console of the kernel is on it: %s.", NULL, "Take it out of console=." },
        { FINDING_TPM, HAZARD_ACCEPT, KIND(TPM), LOOK(SYSTEM), "It is a TPM of the host: %s.",
          "Whether it is a TPM or a watchdog of the host could not be looked at.", "" },
        { FINDING_WATCHDOG, HAZARD_ACCEPT, KIND(WATCHDOG), 0,
          "It is a watchdog of the host: %s.", NULL, "Stop what feeds the watchdog." },
        { FINDING_DISK_HOLDS_DATA, HAZARD_ACCEPT, KIND(DATA), LOOK(DATA),
          "There is data on it that nobody uses now: %s.",
          "Whether there is data on it could not be looked at.", "" },
};

const size_t n_hazards = sizeof(hazards) / sizeof(hazards[0]);
