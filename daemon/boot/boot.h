/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/boot-guard.h"
#include "core/host.h"
#include "sources/root.h"

/*
 * vfiod-boot: what has to be done before there is a daemon, in the initramfs as well. It only keeps
 * devices from drivers (core/hold.h) or lets them go; it never binds one.
 */

#define BOOT_STATE_DIRECTORY "/var/lib/vfiod"
#define BOOT_COUNT           "boots"

/* Each returns 0 or -errno, after saying what it did and why. */

/* For udev: holds the device that has appeared if it is wished for. */
int boot_hold(const Root *root, const Address *a);
/* Lets go of every held device (storage_only: of every controller of disks), and has the kernel find
 * their drivers. */
int boot_give_back(const Root *root, bool storage_only);
/* Lets go of every held device that none of the host's wishes is about. All devices are read into it. */
int boot_give_back_unwished(const Root *root, Host *h);
/* Counts the boot, writes the verdict, and lets go of what is held and is not to be moved. Once a
 * boot: where a verdict stands, nothing is done. */
int boot_begin(const Root *root);
/* The boot has come to its end. */
int boot_complete(const Root *root);

/* Tells people: the kernel's log in the live system, where the initramfs has no other, and stderr. */
__attribute__((format(printf, 2, 3))) void boot_say(const Root *root, const char *format, ...);

/* Reads the verdict of this boot. Returns: it; BOOT_UNDECIDED if there is none. */
BootVerdict boot_verdict(const Root *root);
/* Reads the kernel's command line. Returns: true if it says that nothing is to be held, or if it cannot
 * be read, which is said. */
bool boot_is_switched_off(const Root *root);
/* Puts the wishes of both kinds into the host. The settings own those of vfiod.conf and are to be
 * freed after it. Returns: 0 or -ENOMEM; what could not be read is said. */
struct Settings;
int boot_load_wishes(const Root *root, Host *h, struct Settings **ret);
/* Reads a device with its override into the host. Returns: 1, 0 if it is not there, or -ENOMEM. */
int boot_load_device(const Root *root, const Address *a, Host *h);
/* Writes an attribute of a device. Returns: 0 or -errno. */
int boot_write(const Root *root, const Address *a, const char *attribute, const char *value);
/* Lets go of one device. Returns: 0 or -errno. */
int boot_let_go(const Root *root, const Address *a);
