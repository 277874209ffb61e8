/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "json.h"
#include "options.h"
#include "text.h"

/*
 * Explanations of finding ids and of topics: plain texts in tables, one table per area, and below
 * each the values that it speaks of as they are on this host.
 */

/* What an explanation shows of this host. */
enum {
        VALUE_IOMMU = 1 << 0,      /* state and kind of the IOMMU */
        VALUE_INTERRUPTS = 1 << 1, /* remapping, posting, the unsafe override */
        VALUE_GROUPS = 1 << 2,     /* how many, of what types; the default domain */
        VALUE_PARAMETERS = 1 << 3, /* the words of the command line that matter here */
        VALUE_KERNEL = 1 << 4,     /* release and VFIO interfaces */
        VALUE_SWIOTLB = 1 << 5,    /* size and use of the bounce buffer */
        VALUE_FOUND = 1 << 6       /* where the finding of this id stands now */
};

#define SEE_MAX 4

typedef struct Explanation {
        const char *id, *title;
        const char *text;   /* paragraphs; a line that begins with a blank is shown as it is */
        const char *source; /* where it can be checked */
        const char *see[SEE_MAX + 1];
        unsigned values;
} Explanation;

/* Each ends with an entry without an id. */
extern const Explanation explain_host[];    /* findings of the host: IOMMU, interrupts */
extern const Explanation explain_boot[];    /* findings of the host: parameters, log, modules */
extern const Explanation explain_groups[];  /* findings of groups, and of who owns their members */
extern const Explanation explain_devices[]; /* findings of single devices */
extern const Explanation explain_hazards[]; /* what the host would lose */
extern const Explanation explain_wishes[];  /* what has become of persisted devices */
extern const Explanation explain_topics[];  /* questions about the IOMMU */
extern const Explanation explain_words[];   /* the words that vfiod uses */

typedef struct ExplainArea {
        const char *heading;
        const Explanation *entries;
} ExplainArea;

/* All tables, in the order of the list; the last heading is NULL. */
extern const ExplainArea explain_areas[];

typedef struct ExplainCount {
        const char *type; /* into the model */
        size_t n;
} ExplainCount;

/* What is known of this host. */
typedef struct ExplainValues {
        bool known;    /* whether the daemon answered */
        char *missing; /* why not */
        Host host;
        Model model;
        char **parameters;
        ExplainCount *types;
        size_t n_types;
        int64_t swiotlb_slots, swiotlb_used; /* -1: not known */
        const char *swiotlb;                 /* what is said of it; NULL: nothing. Into the host */
} ExplainValues;

#define EXPLAIN_VALUES_INIT {.swiotlb_slots = -1, .swiotlb_used = -1}

/** Returns the explanation of an id or topic, or NULL. */
const Explanation *explain_find(const char *id);

/** Finds up to `max` names that a person may have meant, best first. Returns how many. */
size_t explain_nearest(const char *name, const char **ret, size_t max);

/** Writes one explanation: title, text, source, what to see, and this host's values. */
void explain_render(FILE *out, const Style *style, const Explanation *e, const ExplainValues *v);

/** Writes the part about this host alone. */
void explain_render_values(FILE *out, const Style *style, const Explanation *e,
                           const ExplainValues *v);

/** Writes every id and topic, one line each. */
void explain_render_list(FILE *out, const Style *style);

/** The JSON forms of one explanation and of the list: new references, or NULL. */
json_t *explain_json(const Explanation *e, const ExplainValues *v);
json_t *explain_json_list(void);

/** Returns the values as an object in which every key is there. */
json_t *explain_json_values(const Explanation *e, const ExplainValues *v);

/**
 * Returns, as new strings, where a finding stands: "host", "group N" or an address. NULL if there
 * is no memory.
 */
char **explain_where(const ExplainValues *v, const char *id);

/**
 * Derives from what the daemon said (`host`, `model`) what is shown: parameters, the types of groups
 * and the figures of the bounce buffer. Returns 0 or -ENOMEM.
 */
int explain_values_derive(ExplainValues *v);

/** Frees what the values own; for _cleanup_. */
void explain_values_done(ExplainValues *v);
