/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

#include "rebind/job.h"

/*
 * What an administrator finds in the journal afterwards: records with fields and a message id
 * (include/message-ids.h). Where the program does not run as a service the same line goes to stderr:
 * a daemon that was started by hand, or by a test, leaves the machine's journal alone.
 * None of these can fail in a way that anybody could do something about.
 */

/* A job has ended with the transaction it has now. */
void notice_job_ended(const Job *job);
/* A job is past its deadline; its write goes on. */
void notice_job_stuck(const Job *job);
/* message is the kernel's line. */
void notice_device_fault(const Address *a, const char *message);
/* A line of the configuration is passed over. line 0: the file as such. */
void notice_configuration(const char *file, unsigned line, const char *message);
/* A persisted device was not moved; message says why. */
void notice_wish_refused(const Address *a, const char *message);
