/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <systemd/sd-bus.h>

#include "notify-queue.h"

/*
 * The desktop's notification server, org.freedesktop.Notifications on the user's bus (Desktop
 * Notifications Specification 1.2). It may come, go and be another one at any time.
 */
typedef struct Server Server;

typedef struct ServerHandlers {
        /* What server_show() was called for is on the screen. */
        void (*shown)(uint32_t id, void *userdata);
        /* The same, but it was not shown. absent: there is no server, and none could be started. */
        void (*failed)(bool absent, void *userdata);
        void (*gone)(uint32_t id, void *userdata); /* that one was taken off the screen */
        void (*changed)(void *userdata);           /* there is another server: ids are void */
} ServerHandlers;

/** Begins to listen. Returns: 0 and the server, or -errno. */
int server_new(sd_bus *bus, const ServerHandlers *handlers, void *userdata, Server **ret);

/** Frees it. NULL is taken. Returns: NULL. */
Server *server_free(Server *s);

/**
 * Has the bubble shown; shown() or failed() is called later, once. If there is no server the bus
 * may start one. Returns: 0, or -errno if it was not even sent: then neither is called.
 */
int server_show(Server *s, const Bubble *bubble);

/** Takes a notification off the screen, if it still is there. */
void server_close(Server *s, uint32_t id);

/** Returns: the text as it may stand in a body with markup, as a new string, or NULL. */
char *server_escape(const char *text);
