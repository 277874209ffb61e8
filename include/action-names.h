/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What a step of a plan does */
#define ACTION_LOAD_MODULE   "load-module"   /* value: module */
#define ACTION_SET_OVERRIDE  "set-override"  /* value: driver name, empty = cleared */
#define ACTION_UNBIND        "unbind"        /* value: driver it is taken from */
#define ACTION_BIND          "bind"          /* value: driver it is given to */
#define ACTION_PROBE         "probe"         /* value: empty; the kernel chooses the driver */
#define ACTION_VERIFY        "verify"        /* value: driver expected, empty = none */

/* States of a step */
#define STEP_PENDING  "pending"
#define STEP_RUNNING  "running"
#define STEP_DONE     "done"
#define STEP_FAILED   "failed"
#define STEP_UNDONE   "undone"

/* States of a job */
#define JOB_WAITING          "waiting"
#define JOB_RUNNING          "running"
#define JOB_STUCK            "stuck"
#define JOB_DONE             "done"
#define JOB_FAILED           "failed"
#define JOB_ROLLED_BACK      "rolled-back"
#define JOB_ROLLBACK_FAILED  "rollback-failed"

/* Kinds of a job */
#define JOB_KIND_PREPARE  "prepare"
#define JOB_KIND_RELEASE  "release"
