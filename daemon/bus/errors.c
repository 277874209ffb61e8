/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "errors.h"

int bus_errors_register(void) {
        return sd_bus_error_add_map(bus_error_map);
}

const sd_bus_error_map bus_error_map[] = {
        SD_BUS_ERROR_MAP(VFIOD_ERROR_NO_SUCH_DEVICE,     ENODEV),
        SD_BUS_ERROR_MAP(VFIOD_ERROR_NO_SUCH_GROUP,      ENOENT),
        SD_BUS_ERROR_MAP(VFIOD_ERROR_NO_GROUP,           ENXIO),
        SD_BUS_ERROR_MAP(VFIOD_ERROR_NOT_SUPPORTED,      EOPNOTSUPP),
        SD_BUS_ERROR_MAP(VFIOD_ERROR_NOT_MANAGED,        ESRCH),
        SD_BUS_ERROR_MAP(VFIOD_ERROR_NEEDS_CONSENT,      EPERM),
        SD_BUS_ERROR_MAP(VFIOD_ERROR_HAZARD,             ECANCELED),
        SD_BUS_ERROR_MAP(VFIOD_ERROR_IN_USE,             EUSERS),
        SD_BUS_ERROR_MAP(VFIOD_ERROR_BUSY,               EBUSY),
        SD_BUS_ERROR_MAP(VFIOD_ERROR_STUCK,              ETIME),
        SD_BUS_ERROR_MAP(VFIOD_ERROR_HOST_NOT_READY,     EHOSTDOWN),
        SD_BUS_ERROR_MAP(VFIOD_ERROR_DRIVER_UNAVAILABLE, ELIBACC),
        SD_BUS_ERROR_MAP(VFIOD_ERROR_VERIFY_FAILED,      EREMOTEIO),
        SD_BUS_ERROR_MAP(VFIOD_ERROR_ROLLBACK_FAILED,    ENOTRECOVERABLE),
        SD_BUS_ERROR_MAP(VFIOD_ERROR_READ_ONLY,          EROFS),
        SD_BUS_ERROR_MAP_END
};
