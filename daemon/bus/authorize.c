/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "objects.h"

/*
 * Root only: polkit is not asked yet. The uid must be what the bus (or the socket) itself says of
 * the sender: an augmented one would be read from /proc of a process that may be another by then.
 * That is why neither capabilities nor sd_bus_query_sender_privilege() are asked.
 */
static bool sender_is_root(sd_bus_message *m) {
        sd_bus_creds *creds = NULL;
        uid_t uid = (uid_t) -1;
        bool root;

        root = sd_bus_query_sender_creds(m, SD_BUS_CREDS_EUID, &creds) >= 0 &&
               !(sd_bus_creds_get_augmented_mask(creds) & SD_BUS_CREDS_EUID) &&
               sd_bus_creds_get_euid(creds, &uid) >= 0 && uid == 0;
        sd_bus_creds_unref(creds);
        return root;
}

int bus_authorize(sd_bus_message *m, const char *what, const Address *a, sd_bus_error *error) {
        char text[ADDRESS_TEXT_MAX];

        if (sender_is_root(m))
                return 0;
        return sd_bus_error_setf(error, SD_BUS_ERROR_ACCESS_DENIED,
                                 "Only root may %s %s; try sudo", what, address_format(a, text));
}
