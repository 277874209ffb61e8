/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "peers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PEERS_MAX   1024
#define HASH_SIZE   256

struct Peers {
        sd_bus *bus;
        PeersLearned learned;
        void *userdata;
        Peer *hash[HASH_SIZE];
        Peer *newest, *oldest;
        size_t n;
        Account *accounts;
};

static const char *sender_of(sd_bus_message *m) {
        const char *sender = sd_bus_message_get_sender(m);

        return sender ? sender : "";
}

static Peer **bucket(const Peers *p, const char *name) {
        unsigned h = 5381;

        while (*name)
                h = h * 33 + (unsigned char) *name++;
        return (Peer **) &p->hash[h % HASH_SIZE];
}

Account *peers_accounts(const Peers *p) {
        return p->accounts;
}

static Peer *find(const Peers *p, const char *name) {
        for (Peer *i = *bucket(p, name); i; i = i->chain)
                if (strcmp(i->name, name) == 0)
                        return i;
        return NULL;
}

Peer *peers_find(const Peers *p, sd_bus_message *m) {
        return find(p, sender_of(m));
}

static void unlink_by_use(Peer *i) {
        Peers *p = i->owner;

        *(i->newer ? &i->newer->older : &p->newest) = i->older;
        *(i->older ? &i->older->newer : &p->oldest) = i->newer;
        i->newer = i->older = NULL;
}

static void link_newest(Peer *i) {
        Peers *p = i->owner;

        i->older = p->newest;
        *(p->newest ? &p->newest->newer : &p->oldest) = i;
        p->newest = i;
}

static void peer_free(Peer *i) {
        Peer **at = bucket(i->owner, i->name);

        while (*at != i)
                at = &(*at)->chain;
        *at = i->chain;
        unlink_by_use(i);
        i->owner->n--;
        if (i->account)
                i->account->n_peers--;
        sd_bus_slot_unref(i->slot);
        message_queue_clear(&i->held);
        free(i->name);
        free(i);
}

/* Makes room. Who is being asked about stays: calls of it wait. */
static void forget_oldest(Peers *p) {
        for (Peer *i = p->oldest, *newer; i && p->n >= PEERS_MAX; i = newer) {
                newer = i->newer;
                if (!i->slot)
                        peer_free(i);
        }
}

static void forget_idle_accounts(Peers *p, uint64_t now_usec) {
        for (Account **i = &p->accounts; *i;) {
                Account *a = *i;

                if (account_is_idle(a, now_usec)) {
                        *i = a->next;
                        free(a);
                } else {
                        i = &a->next;
                }
        }
}

/* Returns: the account of the user, or NULL when memory is short. */
static Account *account_of(Peers *p, uid_t uid, uint64_t now_usec) {
        Account *a = p->accounts;

        while (a && a->uid != uid)
                a = a->next;
        if (a)
                return a;
        forget_idle_accounts(p, now_usec);
        a = calloc(1, sizeof(*a));
        if (!a)
                return NULL;
        *a = (Account) { .next = p->accounts, .uid = uid, .points = ACCOUNT_POINTS_MAX,
                         .counted_usec = now_usec };
        p->accounts = a;
        return a;
}

static uint64_t now(Peers *p) {
        uint64_t usec = 0;

        (void) sd_event_now(sd_bus_get_event(p->bus), CLOCK_MONOTONIC, &usec);
        return usec;
}

static int set_account(Peer *i, uid_t uid, uint64_t now_usec) {
        Account *a = account_of(i->owner, uid, now_usec);

        if (!a)
                return -ENOMEM;
        a->n_peers++;
        i->account = a;
        return 0;
}

/* Finds UnixUserID in a{sv}. Returns: 0, or -errno; an answer without it is -ENODATA. */
static int read_uid(sd_bus_message *reply, uid_t *ret) {
        const char *key;
        uint32_t uid;
        int r = sd_bus_message_enter_container(reply, 'a', "{sv}");

        while (r >= 0 && (r = sd_bus_message_enter_container(reply, 'e', "sv")) > 0) {
                r = sd_bus_message_read_basic(reply, 's', &key);
                if (r >= 0 && strcmp(key, "UnixUserID") == 0) {
                        r = sd_bus_message_read(reply, "v", "u", &uid);
                        if (r < 0)
                                return r;
                        *ret = uid;
                        return 0;
                }
                if (r >= 0)
                        r = sd_bus_message_skip(reply, "v");
                if (r >= 0)
                        r = sd_bus_message_exit_container(reply);
        }
        return r < 0 ? r : -ENODATA;
}

static int on_credentials(sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        Peer *i = userdata;
        Peers *p = i->owner;
        uid_t uid = (uid_t) -1;

        (void) error;
        i->slot = sd_bus_slot_unref(i->slot);
        if (!sd_bus_message_get_error(reply) && read_uid(reply, &uid) >= 0 && uid != (uid_t) -1)
                (void) set_account(i, uid, now(p));
        p->learned(i, p->userdata);
        if (!i->account)
                peer_free(i);
        return 1;
}

static int ask(Peer *i) {
        return sd_bus_call_method_async(i->owner->bus, &i->slot, "org.freedesktop.DBus",
                                        "/org/freedesktop/DBus", "org.freedesktop.DBus",
                                        "GetConnectionCredentials", on_credentials, i, "s",
                                        i->name);
}

/* Without a bus the other end of the socket is the sender; the kernel has said who that is. It must
 * not be an augmented answer, read from /proc of a process that may be another by then: that is why
 * neither capabilities nor sd_bus_query_sender_privilege() are asked. */
static int look_at_socket(Peer *i, sd_bus_message *m, uint64_t now_usec) {
        sd_bus_creds *creds = NULL;
        uid_t uid = (uid_t) -1;
        int r = sd_bus_query_sender_creds(m, SD_BUS_CREDS_EUID, &creds);

        if (r >= 0)
                r = sd_bus_creds_get_augmented_mask(creds) & SD_BUS_CREDS_EUID
                            ? -EPERM
                            : sd_bus_creds_get_euid(creds, &uid);
        sd_bus_creds_unref(creds);
        return r < 0 ? r : set_account(i, uid, now_usec);
}

static int enter(Peers *p, sd_bus_message *m, uint64_t now_usec, Peer **ret) {
        Peer *i = calloc(1, sizeof(*i)), **at;
        int r;

        if (!i)
                return -ENOMEM;
        *i = (Peer) { .owner = p, .name = strdup(sender_of(m)) };
        if (!i->name) {
                free(i);
                return -ENOMEM;
        }
        at = bucket(p, i->name);
        i->chain = *at;
        *at = i;
        link_newest(i);
        p->n++;
        r = i->name[0] ? ask(i) : look_at_socket(i, m, now_usec);
        if (r < 0) {
                peer_free(i);
                return r;
        }
        *ret = i;
        return 0;
}

int peers_get(Peers *p, sd_bus_message *m, uint64_t now_usec, Peer **ret) {
        Peer *i = peers_find(p, m);

        if (i) {
                if (p->newest != i) {
                        unlink_by_use(i);
                        link_newest(i);
                }
                *ret = i;
                return 0;
        }
        forget_oldest(p);
        return p->n >= PEERS_MAX ? -EBUSY : enter(p, m, now_usec, ret);
}

int peers_new(sd_bus *bus, PeersLearned learned, void *userdata, Peers **ret) {
        Peers *p = calloc(1, sizeof(*p));

        if (!p)
                return -ENOMEM;
        p->bus = bus;
        p->learned = learned;
        p->userdata = userdata;
        *ret = p;
        return 0;
}

Peers *peers_free(Peers *p) {
        if (!p)
                return NULL;
        while (p->newest)
                peer_free(p->newest);
        while (p->accounts) {
                Account *a = p->accounts;

                p->accounts = a->next;
                message_queue_clear(&a->reading);
                message_queue_clear(&a->work);
                message_queue_clear(&a->refused);
                free(a);
        }
        free(p);
        return NULL;
}
