/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * libvirt runs this before it starts a guest and after the guest has ended, with the guest's XML on
 * standard input. It asks vfiod for the devices and nothing else: it never calls libvirt, which
 * waits for it, starts nothing, and ends in time whatever others do. What it says on standard error
 * when it fails is what libvirt shows.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <syslog.h>
#include <unistd.h>
#include <systemd/sd-journal.h>

#include "libvirt-request.h"
#include "model.h" /* text_clean() */
#include "util.h"

#define CLAIM_PREFIX "libvirt:"
#define CLAIM_MAX 255 /* bytes; what the daemon takes */

/* A call to libvirt that needs the guest waits 30 s for the one that starts it
 * (QEMU_JOB_WAIT_TIME). */
#define SECONDS_DEFAULT 25
#define SECONDS_MAX 3600

typedef struct Hook {
        const char *guest;
        DomainParser *parser;
        char claim[CLAIM_MAX + 1];
        unsigned seconds;
} Hook;

static bool use_journal;
static const char *guest_name = "";

static void tell(int priority, const char *format, ...) _printf_(2, 3);

/* On success libvirt drops standard error, so what a person should know is in the journal, too. */
static void tell(int priority, const char *format, ...) {
        _cleanup_(freep) char *text = NULL;
        va_list ap;
        int r;

        va_start(ap, format);
        r = vasprintf(&text, format, ap);
        va_end(ap);
        if (r < 0)
                return;
        text_clean(text);
        fprintf(stderr, "vfiod: %s\n", text);
        if (use_journal)
                sd_journal_send("MESSAGE=%s: %s", guest_name, text, "PRIORITY=%i", priority,
                                "SYSLOG_IDENTIFIER=vfiod-libvirt-hook", "VFIOD_GUEST=%s",
                                guest_name, NULL);
}

/* The last resort: neither reading nor the bus can be told to stop in every case. */
static void on_alarm(int number) {
        static const char words[] =
                "vfiod: the guest's XML did not come, or the system bus did not answer, in time. "
                "See: systemctl status dbus vfiod\n";

        (void) number;
        if (write(STDERR_FILENO, words, sizeof(words) - 1) < 0)
                _exit(2);
        _exit(1);
}

static int read_domain(Hook *hook) {
        _cleanup_(freep) char *buffer = malloc(65536);
        ssize_t n;
        int r;

        if (!buffer)
                return -ENOMEM;
        do {
                n = read(STDIN_FILENO, buffer, 65536);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0) {
                        r = -errno;
                        tell(LOG_ERR, "the guest's XML could not be read: %s", strerror(-r));
                        return r;
                }
                r = domain_parser_feed(hook->parser, buffer, (size_t) n, n == 0);
                if (r < 0) {
                        tell(LOG_ERR, "the guest's XML cannot be used: %s. Check it with: virsh "
                             "dumpxml %s", domain_parser_error(hook->parser), hook->guest);
                        return r;
                }
        } while (n != 0);
        return 0;
}

static bool is_plain(const char *text) {
        for (; *text; text++)
                if ((unsigned char) *text < ' ' || (unsigned char) *text >= 0x7f)
                        return false;
        return true;
}

/* Whose the devices are. The name is what people know the guest by, and libvirt renames only guests
 * that are shut off (virDomainRename), which hold nothing; the UUID stands for a name that the
 * daemon would not take. */
static int make_claim(Hook *hook) {
        const char *who = hook->guest;
        int n;

        if (!*who || strlen(who) > CLAIM_MAX - strlen(CLAIM_PREFIX) || !is_plain(who))
                who = domain_parser_uuid(hook->parser);
        if (!*who) {
                tell(LOG_ERR, "the guest's XML has no uuid");
                return -EBADMSG;
        }
        n = snprintf(hook->claim, sizeof(hook->claim), CLAIM_PREFIX "%s", who);
        return n < (int) sizeof(hook->claim) ? 0 : -ENAMETOOLONG;
}

/* Returns: how many devices are not libvirt's own business. */
static size_t count_unmanaged(const HostDevice *devices, size_t n) {
        size_t unmanaged = 0;

        for (size_t i = 0; i < n; i++)
                unmanaged += !devices[i].managed;
        return unmanaged;
}

static int ask(Hook *hook, int (*request)(const HookRequest *), const HostDevice *devices,
               size_t n_devices) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        uint64_t now = hook_now(), usec = hook->seconds * USEC_PER_SEC;
        HookRequest q = {.claim = hook->claim, .devices = devices, .n_devices = n_devices,
                         /* The rest is for a bus that does not answer: on_alarm(). */
                         .work_until = now + usec * 7 / 10, .undo_until = now + usec * 9 / 10,
                         .tell = tell};
        int r;

        r = make_claim(hook);
        if (r < 0)
                return r;
        r = sd_bus_open_system(&bus);
        if (r < 0) {
                tell(LOG_ERR, "the system bus cannot be reached: %s. See: systemctl status dbus",
                     strerror(-r));
                return r;
        }
        q.bus = bus;
        return request(&q);
}

static int on_prepare(Hook *hook) {
        const HostDevice *devices;
        size_t n;
        int r = read_domain(hook);

        if (r < 0)
                return r;
        devices = domain_parser_devices(hook->parser, &n);
        for (size_t i = 0; i < n; i++)
                if (devices[i].managed)
                        tell(LOG_INFO, "%s (<%s>) has managed='yes' and is left to libvirt",
                             devices[i].address, devices[i].element);
        return count_unmanaged(devices, n) > 0 ? ask(hook, hook_prepare_all, devices, n) : 0;
}

static int on_release(Hook *hook) {
        const HostDevice *devices;
        size_t n;
        int r = read_domain(hook);

        if (r < 0)
                return r;
        devices = domain_parser_devices(hook->parser, &n);
        return count_unmanaged(devices, n) > 0 ? ask(hook, hook_release_all, devices, n) : 0;
}

/* All others have nothing to do with devices: "migrate" and "restore" want the XML back if it is to
 * be changed; and what a running guest has at "reconnect" it has since its "prepare". */
static const struct Operation {
        const char *name;
        int (*run)(Hook *hook);
} operations[] = {
        { "prepare", on_prepare },
        { "release", on_release },
};

static const char usage[] =
        "vfiod-libvirt-hook [--journal] [--timeout SECONDS] GUEST OPERATION SUBOPERATION EXTRA\n\n"
        "Prepares and gives back the devices of libvirt's guests; libvirt runs it.\n"
        "See: man 8 vfiod-libvirt-hook\n";

/* Returns: 0, -EINVAL, or 1 if there is nothing more to do. */
static int read_arguments(int argc, char *argv[], Hook *hook) {
        static const struct option options[] = {
                { "help", no_argument, NULL, 'h' },
                { "journal", no_argument, NULL, 'j' },
                { "timeout", required_argument, NULL, 't' },
                { 0 },
        };
        char *end;
        int c;

        /* What comes behind the first name is libvirt's, whatever it looks like. */
        while ((c = getopt_long(argc, argv, "+h", options, NULL)) >= 0) {
                if (c == 'h') {
                        fputs(usage, stdout);
                        return 1;
                }
                if (c == 'j')
                        use_journal = true;
                else if (c == 't')
                        hook->seconds = (unsigned) strtoul(optarg, &end, 10);
                if (c == '?' || (c == 't' && (*end || hook->seconds < 1 ||
                                              hook->seconds > SECONDS_MAX)))
                        return -EINVAL;
        }
        if (argc - optind < 2)
                return -EINVAL;
        hook->guest = guest_name = argv[optind];
        return 0;
}

int main(int argc, char *argv[]) {
        Hook hook = {.seconds = SECONDS_DEFAULT};
        int r = read_arguments(argc, argv, &hook);

        if (r > 0)
                return 0;
        if (r < 0) {
                fputs(usage, stderr);
                return 2;
        }
        for (size_t i = 0; i < ARRAY_SIZE(operations); i++) {
                if (!streq(argv[optind + 1], operations[i].name))
                        continue;
                signal(SIGALRM, on_alarm);
                alarm(hook.seconds);
                hook.parser = domain_parser_new();
                r = hook.parser ? operations[i].run(&hook) : -ENOMEM;
                domain_parser_free(hook.parser);
        }
        if (r == -ENOMEM)
                tell(LOG_ERR, "out of memory");
        return r < 0 ? 1 : 0;
}
