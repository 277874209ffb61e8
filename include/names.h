/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The names that daemon and client must agree on. Nothing here is code; a name that stands here is
 * part of the interface and never changes its meaning.
 */

/* Bus name, paths and interfaces */
#define VFIOD_BUS_NAME           "org.vfiod1"
#define VFIOD_PATH_MANAGER       "/org/vfiod1"
#define VFIOD_PATH_GROUPS        "/org/vfiod1/group"
#define VFIOD_PATH_DEVICES       "/org/vfiod1/device"
#define VFIOD_PATH_JOBS          "/org/vfiod1/job"
#define VFIOD_INTERFACE_MANAGER  "org.vfiod1.Manager"
#define VFIOD_INTERFACE_GROUP    "org.vfiod1.Group"
#define VFIOD_INTERFACE_DEVICE   "org.vfiod1.Device"
#define VFIOD_INTERFACE_JOB      "org.vfiod1.Job"

/* D-Bus signature of one finding: id, severity, message, evidence, remedy, details.
 * Details: "address" s, "class" s (safe, accept, never), "count" t; each only where it applies. */
#define VFIOD_SIGNATURE_FINDING  "(sssassa{sv})"

/* What the ids of findings begin with that say of a persisted device that its wish is not met, and
 * why. A desktop shows them. */
#define VFIOD_FINDING_OF_WISH  "wish-"

/* Errors */
#define VFIOD_ERROR_PREFIX              "org.vfiod1.Error."
#define VFIOD_ERROR_NO_SUCH_DEVICE      "org.vfiod1.Error.NoSuchDevice"
#define VFIOD_ERROR_NO_SUCH_GROUP       "org.vfiod1.Error.NoSuchGroup"
#define VFIOD_ERROR_NO_GROUP            "org.vfiod1.Error.NoGroup"
#define VFIOD_ERROR_NOT_SUPPORTED       "org.vfiod1.Error.NotSupported"
#define VFIOD_ERROR_NOT_MANAGED         "org.vfiod1.Error.NotManaged"
#define VFIOD_ERROR_NEEDS_CONSENT       "org.vfiod1.Error.NeedsConsent"
#define VFIOD_ERROR_HAZARD              "org.vfiod1.Error.Hazard"
#define VFIOD_ERROR_IN_USE              "org.vfiod1.Error.InUse"
#define VFIOD_ERROR_BUSY                "org.vfiod1.Error.Busy"
#define VFIOD_ERROR_STUCK               "org.vfiod1.Error.Stuck"
#define VFIOD_ERROR_HOST_NOT_READY      "org.vfiod1.Error.HostNotReady"
#define VFIOD_ERROR_DRIVER_UNAVAILABLE  "org.vfiod1.Error.DriverUnavailable"
#define VFIOD_ERROR_VERIFY_FAILED       "org.vfiod1.Error.VerifyFailed"
#define VFIOD_ERROR_ROLLBACK_FAILED     "org.vfiod1.Error.RollbackFailed"
#define VFIOD_ERROR_READ_ONLY           "org.vfiod1.Error.ReadOnly"

/* Options of Plan, Prepare and Release */
#define VFIOD_OPTION_WITH      "with"         /* as: addresses that may be moved along */
#define VFIOD_OPTION_GROUP     "group"        /* b: every member of the group may be moved */
#define VFIOD_OPTION_ACCEPT    "accept"       /* as: hazards, by finding id or id@address */
#define VFIOD_OPTION_DRIVER    "driver"       /* s: the driver to bind to */
#define VFIOD_OPTION_FOR       "for"          /* s: who claims the device */
#define VFIOD_OPTION_PERSIST   "persist"      /* b: at every boot (prepare), not any more (release) */
#define VFIOD_OPTION_NO_BLOCK  "no-block"     /* b: answer "queued" at once */
#define VFIOD_OPTION_WAIT      "wait"         /* b: for a process that holds the device to go */
#define VFIOD_OPTION_FOREIGN   "foreign"      /* b: release what somebody else has put on VFIO */
#define VFIOD_OPTION_TIMEOUT   "timeout-usec" /* t: how long the work may take, microseconds */

/* Results of Prepare and Release */
#define VFIOD_RESULT_DONE       "done"
#define VFIOD_RESULT_UNCHANGED  "unchanged"
#define VFIOD_RESULT_KEPT       "kept"
#define VFIOD_RESULT_QUEUED     "queued"

/* polkit actions: what of it a caller who is not root has to be allowed */
#define VFIOD_POLKIT_PREPARE        "org.vfiod1.prepare"
#define VFIOD_POLKIT_RELEASE        "org.vfiod1.release"
#define VFIOD_POLKIT_PERSIST        "org.vfiod1.persist"
#define VFIOD_POLKIT_ACCEPT_HAZARD  "org.vfiod1.accept-hazard"

/* How long polkit may take for its answer, microseconds: where a person may be asked, and where
 * nobody is. Not part of the time that the work may take. */
#define VFIOD_POLKIT_INTERACTIVE_USEC  UINT64_C(120000000)
#define VFIOD_POLKIT_USEC              UINT64_C(5000000)

/* Limits on what a caller may hand over */
#define VFIOD_STRING_MAX  4096
#define VFIOD_ARRAY_MAX   4096

/* How long a prepare or release may take unless the caller says otherwise, microseconds */
#define VFIOD_TIMEOUT_DEFAULT_USEC  UINT64_C(20000000)

/* So much later than that the caller is told at the latest that it is stuck: a worker that rolls
 * back when the time is over is given this long. */
#define VFIOD_STUCK_SLACK_USEC  UINT64_C(1000000)
