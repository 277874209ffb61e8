/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Points at which a test lets the process die: before and after every write to the host and every
 * line of a record. Only there in a build with -DVFIOD_FAULT_POINTS; a build without it has no way
 * to be told to die.
 *
 * VFIOD_FAULT_POINT=N in the environment kills the process (SIGKILL) at its Nth point, counted from
 * one, VFIOD_FAULT_NAME=NAME at every point of that name. VFIOD_FAULT_WHO=parent kills the process
 * that started it instead, =both that one first; =stop stops the process (SIGSTOP).
 * VFIOD_FAULT_TOKEN=FILE: whoever can delete that file is struck, so that it happens once.
 * VFIOD_FAULT_LOG=FILE has the name of each point that is passed appended to FILE.
 */
#ifdef VFIOD_FAULT_POINTS
void fault_point(const char *name);
/* As VFIOD_FAULT_POINT, counted from here; 0: never. */
void fault_arm(unsigned point);
/* Returns: how many points were passed since fault_arm(). */
unsigned fault_count(void);
#else
#define fault_point(name) ((void) 0)
#endif
