/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdint.h>
#include <stdio.h>

#include "sources/uses-tables.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* mountinfo, swaps and fstab are libmount's to parse; what comes out is taken apart as a look
 * does. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct libmnt_iter *iterator;
        struct libmnt_table *table;
        struct libmnt_fs *fs;
        unsigned bad;
        FILE *f;

        if (size == 0)
                return 0;
        f = fmemopen((void *) data, size, "r");
        if (!f)
                return 0;
        if (table_parse(f, "table", &table, &bad) == 0) {
                iterator = mnt_new_iter(MNT_ITER_FORWARD);
                while (iterator && mnt_table_next_fs(table, iterator, &fs) == 0) {
                        (void) mnt_fs_get_devno(fs);
                        (void) mnt_fs_get_target(fs);
                        (void) mnt_fs_get_source(fs);
                        (void) mnt_fs_get_fs_options(fs);
                }
                mnt_free_iter(iterator);
                mnt_unref_table(table);
        }
        fclose(f);
        return 0;
}
