/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "account.h"

/*
 * Whose the connections are that call us. The bus is asked once for each, and never waited for. It
 * gives a unique name to one connection only, ever, so what is known of one stays true; the table is
 * bounded by forgetting who has not called for longest.
 */

typedef struct Peers Peers;

typedef struct Peer {
        struct Peer *chain;        /* of the same hash */
        struct Peer *newer, *older; /* by last use */
        struct Peers *owner;
        char *name;        /* "" on a connection without a bus: the only one there is */
        Account *account;  /* NULL: not known yet */
        sd_bus_slot *slot; /* of the question */
        MessageQueue held; /* what came before the answer */
        uint64_t trusted_usec; /* until then it sees what root sees: polkit has let it change
                                * something */
} Peer;

/* What came of a question: the peer's account is set, or, if it could not be learned, NULL. Who is
 * told takes what is held; a peer without account is freed afterwards. */
typedef void (*PeersLearned)(Peer *p, void *userdata);

int peers_new(sd_bus *bus, PeersLearned learned, void *userdata, Peers **ret);
Peers *peers_free(Peers *p);

/* Finds the sender of a call, or enters it and asks the bus who it is. now_usec: of the monotonic
 * clock. Returns: 0 and the peer, borrowed until the next call; or -errno. */
int peers_get(Peers *p, sd_bus_message *m, uint64_t now_usec, Peer **ret);
/* As peers_get(), but asks and enters nothing. Returns: the peer or NULL. */
Peer *peers_find(const Peers *p, sd_bus_message *m);
/* Returns: the first of all accounts, or NULL. */
Account *peers_accounts(const Peers *p);
