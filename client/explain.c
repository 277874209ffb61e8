/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "explain.h"

/* Longer names are no names. */
#define NAME_LENGTH_MAX 64
#define LIST_ID_WIDTH 30

const ExplainArea explain_areas[] = {
        {"Findings about the host", explain_host},
        {"Findings about how it was booted and set up", explain_boot},
        {"Findings about groups", explain_groups},
        {"Findings about devices", explain_devices},
        {"Findings about what the host would lose", explain_hazards},
        {"Findings about persisted devices", explain_wishes},
        {"Topics", explain_topics},
        {"Words", explain_words},
        {NULL, NULL}
};

const Explanation *explain_find(const char *id) {
        for (const ExplainArea *area = explain_areas; area->heading; area++)
                for (const Explanation *e = area->entries; e->id; e++)
                        if (streq(e->id, id))
                                return e;
        return NULL;
}

/* Levenshtein's distance; both names are short. */
static size_t distance(const char *a, const char *b) {
        size_t row[NAME_LENGTH_MAX + 1], n = strlen(b);

        for (size_t j = 0; j <= n; j++)
                row[j] = j;
        for (size_t i = 1; a[i - 1]; i++) {
                size_t diagonal = row[0];

                row[0] = i;
                for (size_t j = 1; j <= n; j++) {
                        size_t above = row[j];
                        size_t best = diagonal + (a[i - 1] != b[j - 1]);

                        if (above + 1 < best)
                                best = above + 1;
                        if (row[j - 1] + 1 < best)
                                best = row[j - 1] + 1;
                        row[j] = best;
                        diagonal = above;
                }
        }
        return row[n];
}

/* How far a name is from what was typed; a name that holds it, or the other way round, is near. */
static size_t score(const char *typed, const char *name) {
        size_t d = distance(typed, name), n = strlen(typed);

        if (n >= 2 && (strstr(name, typed) || strstr(typed, name)))
                return d < 2 ? d : 2;
        return d <= 2 || d <= n / 3 ? d + 1 : SIZE_MAX;
}

size_t explain_nearest(const char *name, const char **ret, size_t max) {
        size_t scores[8], n = 0;

        if (max > ARRAY_SIZE(scores))
                max = ARRAY_SIZE(scores);
        if (strlen(name) > NAME_LENGTH_MAX)
                return 0;
        for (const ExplainArea *area = explain_areas; area->heading; area++)
                for (const Explanation *e = area->entries; e->id; e++) {
                        size_t s = score(name, e->id), at = n;

                        while (at > 0 && scores[at - 1] > s)
                                at--;
                        if (s == SIZE_MAX || at == max)
                                continue;
                        n += n < max;
                        memmove(scores + at + 1, scores + at, (n - at - 1) * sizeof(*scores));
                        memmove(ret + at + 1, ret + at, (n - at - 1) * sizeof(*ret));
                        scores[at] = s;
                        ret[at] = e->id;
                }
        return n;
}

/* Prose is wrapped; a command is there to be copied: whole, on a line of its own. */
static void render_text(FILE *out, const Style *style, const char *text) {
        while (*text) {
                size_t length = strcspn(text, "\n");
                _cleanup_(freep) char *line = strndup(text, length);

                if (line && *line == ' ')
                        fprintf(out, "%s\n", line);
                else if (line)
                        text_wrap(out, style, line, 0, 0);
                text += length;
                text += *text == '\n';
        }
}

static void render_see(FILE *out, const Style *style, const Explanation *e) {
        static const char lead[] = "See: vfioctl explain ";
        _cleanup_(freep) char *names = NULL;
        size_t size, indent = strlen(lead);
        FILE *list;

        if (!e->see[0])
                return;
        list = open_memstream(&names, &size);
        if (!list)
                return;
        for (const char *const *see = e->see; *see; see++)
                fprintf(list, "%s%s", see == e->see ? "" : " | ", *see);
        fclose(list);
        fputs(lead, out);
        if (names)
                text_wrap(out, style, names, indent, indent);
}

void explain_render(FILE *out, const Style *style, const Explanation *e, const ExplainValues *v) {
        fprintf(out, "%s%s%s: ", colour_on(style, COLOUR_BOLD), e->id,
                colour_off(style, COLOUR_BOLD));
        text_wrap(out, style, e->title, text_width(e->id) + 2, 2);
        fputc('\n', out);
        render_text(out, style, e->text);
        fprintf(out, "%sSource: ", colour_on(style, COLOUR_DIM));
        text_wrap(out, style, e->source, strlen("Source: "), strlen("Source: "));
        fputs(colour_off(style, COLOUR_DIM), out);
        render_see(out, style, e);
        fputc('\n', out);
        explain_render_values(out, style, e, v);
}

void explain_render_list(FILE *out, const Style *style) {
        for (const ExplainArea *area = explain_areas; area->heading; area++) {
                fprintf(out, "%s%s%s%s:\n", area == explain_areas ? "" : "\n",
                        colour_on(style, COLOUR_BOLD), area->heading,
                        colour_off(style, COLOUR_BOLD));
                for (const Explanation *e = area->entries; e->id; e++) {
                        fprintf(out, "  %-*s  ", LIST_ID_WIDTH, e->id);
                        text_wrap(out, style, e->title, LIST_ID_WIDTH + 4, LIST_ID_WIDTH + 4);
                }
        }
        fprintf(out, "\n%s vfioctl explain NAME\n", text_arrow(style));
}

json_t *explain_json(const Explanation *e, const ExplainValues *v) {
        _cleanup_(freep) char *text = NULL;
        json_t *object = json_object(), *see = json_array();

        if (asprintf(&text, "%s\nSource: %s", e->text, e->source) < 0)
                text = NULL;
        for (const char *const *name = e->see; *name; name++)
                json_array_append_new(see, json_string(*name));
        json_object_set_new(object, "id", json_string(e->id));
        json_object_set_new(object, "title", json_string(e->title));
        json_object_set_new(object, "text", json_text(text));
        json_object_set_new(object, "see", see);
        json_object_set_new(object, "values", explain_json_values(e, v));
        return object;
}

json_t *explain_json_list(void) {
        json_t *array = json_array();

        for (const ExplainArea *area = explain_areas; area->heading; area++)
                for (const Explanation *e = area->entries; e->id; e++) {
                        json_t *object = json_object();

                        json_object_set_new(object, "id", json_string(e->id));
                        json_object_set_new(object, "title", json_string(e->title));
                        json_array_append_new(array, object);
                }
        return array;
}
