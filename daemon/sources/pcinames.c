/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sources/pcinames.h"

#include <errno.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* libpci's types use names that ours must not meet: its header stays in this file. */
#include <pci/pci.h>

typedef enum NameKind {
        NAME_VENDOR,
        NAME_DEVICE,
        NAME_CLASS,
} NameKind;

typedef struct Name {
        uint64_t key;
        char *text; /* NULL: looked up, and there is none */
} Name;

struct PciNames {
        struct pci_access *access; /* NULL while nothing is loaded */
        Name *names;               /* sorted by key */
        size_t n_names, size;
};

/* libpci's error handler must not return, and takes no pointer of ours. The loop has one thread. */
static jmp_buf *on_error;

__attribute__((format(printf, 1, 2), noreturn)) static void handle_error(char *format, ...) {
        /* Errors outside a look-up would be one of pci_cleanup(), which has none. */
        if (!on_error)
                abort();
        longjmp(*on_error, 1);
}

__attribute__((format(printf, 1, 2))) static void handle_message(char *format, ...) {
}

int pci_names_new(PciNames **ret) {
        PciNames *n = calloc(1, sizeof(*n));

        if (!n)
                return -ENOMEM;
        *ret = n;
        return 0;
}

PciNames *pci_names_free(PciNames *n) {
        if (!n)
                return NULL;
        if (n->access)
                pci_cleanup(n->access);
        for (size_t i = 0; i < n->n_names; i++)
                free(n->names[i].text);
        free(n->names);
        free(n);
        return NULL;
}

/* pci_init() is not called: it would look for a way to PCI itself, which a name does not need and
 * a machine without PCI does not have. What it sets besides are the handlers set here. */
static struct pci_access *open_names(void) {
        struct pci_access *a = pci_alloc();

        a->error = handle_error;
        a->warning = handle_message;
        a->debug = handle_message;
        return a;
}

/* Asks libpci. Returns: true and the name in buffer, or false if there is none. */
static bool ask(PciNames *n, NameKind kind, int first, int second, char *buffer, int size) {
        jmp_buf here;
        const char *name = NULL;

        if (!n->access)
                n->access = open_names();
        on_error = &here;
        if (setjmp(here) == 0) {
                if (kind == NAME_VENDOR)
                        name = pci_lookup_name(n->access, buffer, size,
                                               PCI_LOOKUP_VENDOR | PCI_LOOKUP_NO_NUMBERS, first);
                else if (kind == NAME_DEVICE)
                        name = pci_lookup_name(n->access, buffer, size,
                                               PCI_LOOKUP_DEVICE | PCI_LOOKUP_NO_NUMBERS, first,
                                               second);
                else
                        name = pci_lookup_name(n->access, buffer, size,
                                               PCI_LOOKUP_CLASS | PCI_LOOKUP_NO_NUMBERS, first);
                on_error = NULL;
                /* A name that does not fit is replaced by a note in angle brackets. */
                return name == buffer && buffer[0] && buffer[0] != '<';
        }
        on_error = NULL;
        /* In whatever state the error left it: libpci's memory is given up rather than freed. */
        n->access = NULL;
        return false;
}

/* Returns: the place of key in the sorted table, whether it is there or would be. */
static size_t find_place(const PciNames *n, uint64_t key) {
        size_t low = 0, high = n->n_names;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (n->names[middle].key < key)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

static const char *look_up(PciNames *n, NameKind kind, uint16_t first, uint16_t second) {
        uint64_t key = (uint64_t) kind << 32 | (uint64_t) first << 16 | second;
        size_t i = find_place(n, key);
        char buffer[256], *text = NULL;

        if (i < n->n_names && n->names[i].key == key)
                return n->names[i].text;
        if (n->n_names == n->size) {
                size_t size = n->size ? 2 * n->size : 32;
                Name *names = reallocarray(n->names, size, sizeof(*names));

                if (!names)
                        return NULL;
                n->names = names;
                n->size = size;
        }
        if (ask(n, kind, first, second, buffer, sizeof(buffer))) {
                text = strdup(buffer);
                if (!text)
                        return NULL;
        }
        memmove(n->names + i + 1, n->names + i, (n->n_names - i) * sizeof(*n->names));
        n->names[i] = (Name) {key, text};
        n->n_names++;
        return text;
}

const char *pci_names_vendor(PciNames *n, uint16_t vendor) {
        return look_up(n, NAME_VENDOR, vendor, 0);
}

const char *pci_names_device(PciNames *n, uint16_t vendor, uint16_t device) {
        return look_up(n, NAME_DEVICE, vendor, device);
}

const char *pci_names_class(PciNames *n, uint32_t class_code) {
        return look_up(n, NAME_CLASS, (uint16_t) (class_code >> 8), 0);
}

void pci_names_trim(PciNames *n) {
        if (!n->access)
                return;
        pci_cleanup(n->access);
        n->access = NULL;
        malloc_trim(0);
}
