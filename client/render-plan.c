/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "action-names.h"
#include "render.h"

bool steps_one_domain(const StepList *steps) {
        for (size_t i = 0; i < steps->n; i++)
                if (steps->items[i].address && !startswith(steps->items[i].address, "0000:"))
                        return false;
        return true;
}

/*
 * What a step says: a sentence for a plan, with %a for the address and %v for the value; and what
 * stands between action and value while it is done. The second pair is for an empty value.
 */
static const struct Words {
        const char *action, *sentence, *empty_sentence, *preposition, *empty;
} words_table[] = {
        { ACTION_LOAD_MODULE, "Load the kernel module %v", "Load the kernel module", "", "" },
        { ACTION_SET_OVERRIDE, "Reserve %a for %v", "Let any driver have %a again", "to ",
          "cleared" },
        { ACTION_UNBIND, "Take %a away from %v", "Take %a away from its driver", "from ", "" },
        { ACTION_BIND, "Give %a to %v", "Give %a to its driver", "to ", "" },
        { ACTION_PROBE, "Let the kernel choose a driver for %a (%v)",
          "Let the kernel choose a driver for %a", "", "by the kernel" },
        { ACTION_VERIFY, "Check that %a is on %v", "Check that %a has no driver", "is on ",
          "has no driver" },
};

static const struct Words *words_find(const char *action) {
        for (size_t i = 0; i < ARRAY_SIZE(words_table); i++)
                if (streq(words_table[i].action, action))
                        return words_table + i;
        return NULL;
}

static char *sentence_make(const Step *step, const char *address) {
        const struct Words *words = words_find(step->action);
        char *text = NULL;
        size_t size;
        FILE *out;

        if (!words)
                return asprintf(&text, "%s %s %s", or_empty(step->action), address,
                                or_empty(step->value)) < 0 ? NULL : text;
        out = open_memstream(&text, &size);
        if (!out)
                return NULL;
        for (const char *p = step->value ? words->sentence : words->empty_sentence; *p; p++) {
                if (p[0] == '%' && (p[1] == 'a' || p[1] == 'v')) {
                        p++;
                        fputs(*p == 'a' ? address : step->value, out);
                } else
                        fputc(*p, out);
        }
        fclose(out);
        return text;
}

void render_plan(FILE *out, const Style *style, const StepList *steps, const Model *model) {
        bool drop = steps_one_domain(steps);
        int width = steps->n > 9 ? 3 : 2;

        for (size_t i = 0; i < steps->n; i++) {
                const Step *step = steps->items + i;
                const Device *device = model_find(model, or_empty(step->address));
                _cleanup_(freep) char *sentence = NULL, *name = NULL;
                size_t used;

                sentence = sentence_make(step, label_address(step->address, drop));
                if (!sentence)
                        return;
                used = (size_t) width + 2 + text_width(sentence);
                fprintf(out, "%*zu. %s", width, i + 1, sentence);
                /* Who it is stands once, where it loses its driver; repeated it hides the verbs. */
                if (device && streq(step->action, ACTION_UNBIND) && used + 12 < style->columns) {
                        name = label_device(style, device, style->columns - used - 3);
                        fprintf(out, "  %s%s%s", colour_on(style, COLOUR_DIM), or_empty(name),
                                colour_off(style, COLOUR_DIM));
                }
                fputc('\n', out);
        }
}

void render_step(FILE *out, const Style *style, const Step *step, bool drop) {
        const struct Words *words = words_find(step->action);
        const char *address = label_address(step->address, drop);

        fprintf(out, "  %-13s %s%s", or_empty(step->action), address, *address ? "  " : "");
        if (step->value)
                fprintf(out, "%s%s", words ? words->preposition : "", step->value);
        else if (words)
                fputs(words->empty, out);
        fputs(style->utf8 ? " …" : " ...", out);
}
