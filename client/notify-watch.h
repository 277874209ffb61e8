/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <systemd/sd-bus.h>

#include "model.h"

/* Follows vfiod on the system bus. A signal says that something has changed, never what is: that is
 * read, a moment later and all of it at once. A vfiod that does not run is not started. */
typedef struct Watch Watch;

typedef struct WatchHandlers {
        /* This is how it is now. */
        void (*state)(const Model *model, const Host *host, void *userdata);
        /* A device's DMA was stopped. The model was read afterwards. */
        void (*fault)(const Model *model, const char *address, const char *message, void *userdata);
} WatchHandlers;

/** Begins to follow. Returns: 0 and the watch, or -errno. */
int watch_new(sd_bus *bus, const WatchHandlers *handlers, void *userdata, Watch **ret);

/** Frees it. NULL is taken. Returns: NULL. */
Watch *watch_free(Watch *w);
