/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <libmount.h>
#include <stdio.h>

#include "sources/root.h"

/* Tables of file systems, through libmount: mountinfo, fstab, swaps. A line that makes no sense is
 * left out and counted. Return: 0 and the table, which the caller drops, or -errno. */
int table_parse(FILE *f, const char *name, struct libmnt_table **ret, unsigned *ret_bad);
int table_read(const Root *root, const char *path, struct libmnt_table **ret, unsigned *ret_bad);

/* Reads the next line of words of a table that libmount does not know (crypttab, kdump.conf): words
 * with blanks between, "#" begins a comment where a word could. Moves *text behind the line. At
 * most max words are filled; they are cut out of the text. Pure. Returns: how many there are, or -1
 * at the end. */
int table_words(char **text, char *words[], size_t max);
