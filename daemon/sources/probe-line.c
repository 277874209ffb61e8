/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sources/probe-line.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

typedef enum Subject {
        SUBJECT_HOST,
        SUBJECT_DEVICE,
        SUBJECT_GROUP,
} Subject;

static const struct {
        const char *word;
        Subject subject;
} keys[PROBE_KEY_MAX_] = {
        [PROBE_KEY_SYMBOL] = {"symbol", SUBJECT_HOST},
        [PROBE_KEY_REMAPPING] = {"remapping", SUBJECT_HOST},
        [PROBE_KEY_IOMMU] = {"iommu", SUBJECT_HOST},
        [PROBE_KEY_TYPE1] = {"type1", SUBJECT_HOST},
        [PROBE_KEY_TYPE1_UNSAFE] = {"type1-unsafe", SUBJECT_HOST},
        [PROBE_KEY_IOMMUFD_UNSAFE] = {"iommufd-unsafe", SUBJECT_HOST},
        [PROBE_KEY_TYPE1_LOADED] = {"type1-loaded", SUBJECT_HOST},
        [PROBE_KEY_IOMMUFD_LOADED] = {"iommufd-loaded", SUBJECT_HOST},
        [PROBE_KEY_MODULE_OPTION] = {"module-option", SUBJECT_HOST},
        [PROBE_KEY_MODULE_OPTIONS] = {"module-options", SUBJECT_HOST},
        [PROBE_KEY_BOOT_WORDS] = {"boot-words", SUBJECT_HOST},
        [PROBE_KEY_DEBUG_VALUE] = {"debug-value", SUBJECT_HOST},
        [PROBE_KEY_IOMMUFD] = {"iommufd", SUBJECT_HOST},
        [PROBE_KEY_CDEV] = {"cdev", SUBJECT_HOST},
        [PROBE_KEY_CONTAINER] = {"container", SUBJECT_HOST},
        [PROBE_KEY_IDLE_D3] = {"idle-d3", SUBJECT_HOST},
        [PROBE_KEY_DENYLIST] = {"denylist", SUBJECT_HOST},
        [PROBE_KEY_NOIOMMU_MODE] = {"noiommu-mode", SUBJECT_HOST},
        [PROBE_KEY_FRAME_BUFFER] = {"frame-buffer", SUBJECT_DEVICE},
        [PROBE_KEY_FRAME_BUFFERS] = {"frame-buffers", SUBJECT_HOST},
        [PROBE_KEY_SCREENS] = {"screens", SUBJECT_HOST},
        [PROBE_KEY_VARIANT] = {"variant", SUBJECT_HOST},
        [PROBE_KEY_VARIANTS] = {"variants", SUBJECT_HOST},
        [PROBE_KEY_OWNER] = {"owner", SUBJECT_HOST},
        [PROBE_KEY_OWNERS] = {"owners", SUBJECT_HOST},
        [PROBE_KEY_LIMIT] = {"limit", SUBJECT_HOST},
        [PROBE_KEY_LIMITS] = {"limits", SUBJECT_HOST},
        [PROBE_KEY_OVERRIDE] = {"override", SUBJECT_DEVICE},
        [PROBE_KEY_POWER] = {"power", SUBJECT_DEVICE},
        [PROBE_KEY_RESET] = {"reset", SUBJECT_DEVICE},
        [PROBE_KEY_BELOW_BRIDGE] = {"below-bridge", SUBJECT_DEVICE},
        [PROBE_KEY_D3COLD] = {"d3cold", SUBJECT_DEVICE},
        [PROBE_KEY_DEVICE_NODE] = {"device-node", SUBJECT_DEVICE},
        [PROBE_KEY_AT] = {"at", SUBJECT_DEVICE},
        [PROBE_KEY_USE] = {"use", SUBJECT_DEVICE},
        [PROBE_KEY_LOOKED] = {"looked", SUBJECT_DEVICE},
        [PROBE_KEY_NAME] = {"name", SUBJECT_GROUP},
        [PROBE_KEY_TYPE] = {"type", SUBJECT_GROUP},
        [PROBE_KEY_RESERVED] = {"reserved", SUBJECT_GROUP},
        [PROBE_KEY_GROUP_NODE] = {"group-node", SUBJECT_GROUP},
        [PROBE_KEY_HOLDER] = {"holder", SUBJECT_GROUP},
        [PROBE_KEY_IN_USE] = {"in-use", SUBJECT_GROUP},
        [PROBE_KEY_END] = {"end", SUBJECT_HOST},
};

static const char *const fact_words[] = {
        [FACT_UNKNOWN] = "unknown",
        [FACT_ABSENT] = "no",
        [FACT_PRESENT] = "yes",
};

/* What is left of a line. */
typedef struct Rest {
        const char *text, *end;
} Rest;

/* Takes the next word, which a space must follow. Returns: true and the word. */
static bool next_word(Rest *rest, char *word, size_t size) {
        const char *space = memchr(rest->text, ' ', (size_t) (rest->end - rest->text));
        size_t n;

        if (!space)
                return false;
        n = (size_t) (space - rest->text);
        if (n == 0 || n >= size || memchr(rest->text, 0, n))
                return false;
        memcpy(word, rest->text, n);
        word[n] = 0;
        rest->text = space + 1;
        return true;
}

static bool parse_number(const char *word, unsigned *ret) {
        unsigned value = 0;

        for (const char *c = word; *c; c++) {
                unsigned digit = (unsigned) (*c - '0');

                if (*c < '0' || *c > '9' || value > (UINT_MAX - digit) / 10)
                        return false;
                value = 10 * value + digit;
        }
        *ret = value;
        return true;
}

static bool parse_subject(Subject subject, const char *word, ProbeLine *ret) {
        switch (subject) {
        case SUBJECT_HOST:
                return strcmp(word, "-") == 0;
        case SUBJECT_DEVICE:
                return address_parse(word, &ret->address) == 0;
        case SUBJECT_GROUP:
                return parse_number(word, &ret->group);
        }
        return false;
}

static bool parse_value(const Rest *rest, ProbeLine *ret) {
        size_t n = 0;

        for (const char *c = rest->text; c < rest->end; c++) {
                char plain = *c;

                if (plain == 0 || plain == '\n' || n + 1 >= sizeof(ret->value))
                        return false;
                if (plain == '\\') {
                        if (++c == rest->end || (*c != 'n' && *c != '\\'))
                                return false;
                        plain = *c == 'n' ? '\n' : '\\';
                }
                ret->value[n++] = plain;
        }
        ret->value[n] = 0;
        return true;
}

static int find_word(const char *word, ProbeLine *ret) {
        for (int i = 0; i < PROBE_KEY_MAX_; i++)
                if (strcmp(word, keys[i].word) == 0) {
                        ret->key = (ProbeKey) i;
                        return 0;
                }
        return -EINVAL;
}

static int find_fact(const char *word, ProbeLine *ret) {
        for (size_t i = 0; i < sizeof(fact_words) / sizeof(fact_words[0]); i++)
                if (strcmp(word, fact_words[i]) == 0) {
                        ret->fact = (Fact) i;
                        return 0;
                }
        return -EINVAL;
}

int probe_line_parse(const char *line, size_t n, ProbeLine *ret) {
        Rest rest = {line, line + n};
        char word[32];

        ret->address = (Address) {0};
        ret->group = 0;
        if (!next_word(&rest, word, sizeof(word)) || find_word(word, ret) < 0)
                return -EINVAL;
        if (!next_word(&rest, word, sizeof(word)) ||
            !parse_subject(keys[ret->key].subject, word, ret))
                return -EINVAL;
        if (!next_word(&rest, word, sizeof(word)) || find_fact(word, ret) < 0)
                return -EINVAL;
        if (!next_word(&rest, word, sizeof(word)) || !parse_number(word, &ret->number))
                return -EINVAL;
        return parse_value(&rest, ret) ? 0 : -EINVAL;
}

size_t probe_line_format(const ProbeLine *l, char buffer[static PROBE_LINE_MAX]) {
        char subject[32] = "-";
        size_t n;

        if (keys[l->key].subject == SUBJECT_DEVICE)
                address_format(&l->address, subject);
        else if (keys[l->key].subject == SUBJECT_GROUP)
                snprintf(subject, sizeof(subject), "%u", l->group);
        n = (size_t) snprintf(buffer, PROBE_LINE_MAX, "%s %s %s %u ", keys[l->key].word, subject,
                              fact_words[l->fact], l->number);
        for (const char *c = l->value; *c; c++) {
                if (*c == '\n' || *c == '\\')
                        buffer[n++] = '\\';
                buffer[n++] = *c == '\n' ? 'n' : *c;
        }
        buffer[n++] = '\n';
        buffer[n] = 0;
        return n;
}
