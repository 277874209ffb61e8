/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs a fuzz target over the files it is given, and over the files in the directories it is given:
 * the corpus as an ordinary test, without libFuzzer. Without any file it fails: a corpus that is
 * not found must not look like one that passes.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned n_inputs;

static int run_file(const char *path) {
        FILE *f = fopen(path, "re");
        uint8_t *data = NULL, *grown;
        size_t n = 0, size = 0;

        if (!f)
                goto fail;
        do {
                size += 65536;
                grown = realloc(data, size);
                if (!grown)
                        goto fail;
                data = grown;
                n += fread(data + n, 1, size - n, f);
        } while (n == size);
        if (ferror(f))
                goto fail;
        fclose(f);
        /* A block of exactly this size lets the sanitizer see one byte too many. */
        grown = malloc(n ? n : 1);
        if (grown)
                memcpy(grown, data, n);
        free(data);
        if (!grown)
                return 1;
        LLVMFuzzerTestOneInput(grown, n);
        free(grown);
        n_inputs++;
        return 0;
fail:
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        free(data);
        if (f)
                fclose(f);
        return 1;
}

static int run(const char *path) {
        struct stat st;
        struct dirent *entry;
        int failed = 0;
        DIR *d;

        if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode))
                return run_file(path);
        d = opendir(path);
        if (!d) {
                fprintf(stderr, "%s: %s\n", path, strerror(errno));
                return 1;
        }
        while ((entry = readdir(d))) {
                char *below;

                if (entry->d_name[0] == '.')
                        continue;
                if (asprintf(&below, "%s/%s", path, entry->d_name) < 0) {
                        failed = 1;
                        break;
                }
                failed |= run(below);
                free(below);
        }
        closedir(d);
        return failed;
}

int main(int argc, char *argv[]) {
        int failed = 0;

        for (int i = 1; i < argc; i++)
                failed |= run(argv[i]);
        printf("%u inputs\n", n_inputs);
        return failed || n_inputs == 0;
}
