/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "model.h"
#include "options.h"

/*
 * Every function returns 0 (or more) or a negative errno. Where there is an `error`, it is set when
 * the daemon or the bus answered with one.
 */

/** Connects to the bus that the options name. */
int bus_open(const Options *options, sd_bus **ret_bus, sd_bus_error *error);

/** Read the properties of one object. */
int bus_get_host(sd_bus *bus, Host *host, sd_bus_error *error);
int bus_get_device(sd_bus *bus, const char *path, Device *device, sd_bus_error *error);
int bus_get_group(sd_bus *bus, const char *path, Group *group, sd_bus_error *error);
int bus_get_job(sd_bus *bus, const char *path, Job *job, sd_bus_error *error);

/** Reads all devices and groups with one call. */
int bus_get_model(sd_bus *bus, Model *model, sd_bus_error *error);

/** Asks the daemon which device a person means. With `start` off, a stopped daemon stays so. */
int bus_find_device(sd_bus *bus, const char *name, bool start, sd_bus_error *error,
                    char **ret_path);

/** Asks the daemon for a group. */
int bus_find_group(sd_bus *bus, uint32_t id, sd_bus_error *error, char **ret_path);

/**
 * Has the daemon read again what no event tells. Whether it could is of no concern: what it does
 * not know it calls unknown.
 */
void bus_refresh_device(sd_bus *bus, const char *path);

/** Returns a device's or job's address from its object path as a new string, or NULL. */
char *bus_path_address(const char *path);

/**
 * Makes a call to Plan, Prepare or Release, with the options that were given. The device may be
 * moved along with those in `with` and --with.
 */
int bus_new_request(sd_bus *bus, const char *method, const char *address, char *const *with,
                    const Options *options, sd_bus_message **ret_call);

/**
 * Returns how long to wait for the answer to a request, in microseconds; UINT64_MAX for as long as
 * the daemon takes.
 */
uint64_t bus_request_timeout(const Options *options);
