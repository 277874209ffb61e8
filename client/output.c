/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "output.h"

int output_begin(Output *output) {
        *output = (Output){.style = style_for_stdout()};
        output->file = open_memstream(&output->text, &output->size);
        return output->file ? 0 : -ENOMEM;
}

static bool is_longer_than_screen(const Output *output) {
        struct winsize size;
        size_t lines = 0;

        if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0)
                return false;
        for (size_t i = 0; i < output->size; i++)
                lines += output->text[i] == '\n';
        /* The prompt that follows takes a line, too. */
        return size.ws_row > 0 && lines + 1 > size.ws_row;
}

/* Returns whether a pager showed it. */
static bool page(const Output *output) {
        const char *pager = getenv("PAGER");
        FILE *pipe;
        int r;

        if (!pager)
                pager = "less";
        if (!*pager || streq(pager, "cat"))
                return false;
        setenv("LESS", "FRX", 0);
        setenv("LESSCHARSET", output->style.utf8 ? "utf-8" : "latin1", 0);
        /* Who may run only this program as root must not get a shell from the pager. */
        if (getenv("SUDO_UID"))
                setenv("LESSSECURE", "1", 1);
        fflush(stdout);
        pipe = popen(pager, "we");
        if (!pipe)
                return false;
        fwrite(output->text, 1, output->size, pipe);
        r = pclose(pipe);
        /* 126, 127: the shell could not run it */
        return r >= 0 && WEXITSTATUS(r) != 126 && WEXITSTATUS(r) != 127;
}

int output_end(Output *output, const Options *options) {
        fclose(output->file);
        output->file = NULL;
        if (!output->text)
                return -ENOMEM;
        if (!options->no_pager && is_longer_than_screen(output) && page(output))
                return 0;
        if (fwrite(output->text, 1, output->size, stdout) != output->size || fflush(stdout) == EOF)
                return -EIO;
        return 0;
}

void output_done(Output *output) {
        if (output->file)
                fclose(output->file);
        free(output->text);
}
