/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sources/probe-child.h"
#include "sources/uses-console.h"
#include "sources/uses-tables.h"
#include "test-sources-uses.h"

/* What people look at, listen to and type on; TPM and watchdog; the lines of a probe. */

#define GPU "0000:01:00.0"

static void class_link(Looked *l, const char *class, const char *name, const char *behind) {
        char file[128], target[256];

        snprintf(file, sizeof(file), "sys/class/%s/%s", class, name);
        snprintf(target, sizeof(target), "../../devices/%s", behind);
        tree_link(&l->tree, file, target);
}

static Looked gpu_tree(void) {
        Looked l = uses_tree();

        uses_device(&l, GPU, "0x030000\n");
        class_link(&l, "drm", "card0", "pci0000:00/" GPU "/drm/card0");
        class_link(&l, "drm", "card0-HDMI-A-1", "pci0000:00/" GPU "/drm/card0/card0-HDMI-A-1");
        class_link(&l, "drm", "card0-DP-1", "pci0000:00/" GPU "/drm/card0/card0-DP-1");
        tree_file(&l.tree, "sys/devices/pci0000:00/" GPU "/drm/card0/card0-HDMI-A-1/status",
                  "connected\n");
        tree_file(&l.tree, "sys/devices/pci0000:00/" GPU "/drm/card0/card0-DP-1/status",
                  "disconnected\n");
        return l;
}

static void test_display(void) {
        Looked l = gpu_tree();

        uses_process(&l, 500, "Xorg\n", "/dev/dri/card0");
        tree_file(&l.tree, "sys/devices/pci0000:00/" GPU "/boot_vga", "1\n");
        uses_run(&l);
        uses_expect(&l, 0, USE_DISPLAY, "card0-HDMI-A-1: something is plugged in");
        CHECK(uses_expect(&l, 0, USE_DISPLAY, "card0: is open in process 500 (Xorg)")->of_process);
        uses_expect(&l, 0, USE_BOOT_DISPLAY, "boot_vga is 1");
        CHECK(l.uses[0].n_items == 3);
        uses_end(&l);
}

static void test_nvidia(void) {
        Looked l = uses_tree();

        uses_device(&l, GPU, "0x030000\n");
        tree_file(&l.tree, "proc/driver/nvidia/gpus/" GPU "/information",
                  "Model: \t\t GeForce\nDevice Minor: \t 3\n");
        uses_process(&l, 500, "python3\n", "/dev/nvidia3");
        uses_process(&l, 501, "other\n", "/dev/nvidia1");
        uses_process(&l, 502, "ctl\n", "/dev/nvidiactl");
        uses_run(&l);
        CHECK(uses_expect(&l, 0, USE_DISPLAY, "nvidia3: is open in process 500 (python3)")
                      ->of_process);
        CHECK(l.uses[0].n_items == 1);
        uses_end(&l);
}

static void test_sound(void) {
        Looked l = uses_tree();

        uses_device(&l, GPU, "0x040300\n");
        class_link(&l, "sound", "controlC0", "pci0000:00/" GPU "/sound/card0/controlC0");
        uses_process(&l, 500, "pipewire\n", "/dev/snd/controlC0");
        uses_run(&l);
        CHECK(uses_expect(&l, 0, USE_SOUND, "controlC0: is open in process 500 (pipewire)")
                      ->of_process);
        uses_end(&l);
}

/* Who has it open could not be looked at: of displays and sound cards that is said. */
static void test_missed(void) {
        Looked l = uses_tree();

        uses_device(&l, GPU, "0x030000\n");
        uses_device(&l, DISK, "0x040300\n");
        tree_directory(&l.tree, "proc/500/fd");
        tree_file(&l.tree, ".unreadable", "proc/500/fd EACCES\n");
        uses_run(&l);
        CHECK(l.uses[0].looked[USES_DISPLAY] == FACT_UNKNOWN);
        CHECK(l.uses[0].looked[USES_SOUND] == FACT_PRESENT);
        CHECK(l.uses[1].looked[USES_SOUND] == FACT_UNKNOWN);
        CHECK(l.uses[1].looked[USES_DISPLAY] == FACT_PRESENT);
        uses_end(&l);
}

static void frame_buffer(Looked *l) {
        class_link(l, "graphics", "fb0", "pci0000:00/" GPU "/graphics/fb0");
        tree_file(&l->tree, "sys/class/vtconsole/vtcon0/bind", "0\n");
        tree_file(&l->tree, "sys/class/vtconsole/vtcon0/name", "(S) dummy device\n");
        tree_file(&l->tree, "sys/class/vtconsole/vtcon1/bind", "1\n");
        tree_file(&l->tree, "sys/class/vtconsole/vtcon1/name", "(M) frame buffer device\n");
}

static void test_last_console(void) {
        static const char tty0[] = "tty0                 -WU (EC  p  )    4:1\n";
        static const char both[] = "tty0                 -WU (EC  p  )    4:1\n"
                                   "ttyS0                -W- (E   p a)    4:64\n";
        static const char idle[] = "tty0                 -WU (EC  p  )    4:1\n"
                                   "ttyS0                -W- (    p a)    4:64\n";
        static const struct {
                const char *consoles;
                bool last;
        } cases[] = { { tty0, true }, { both, false }, { idle, true } };

        for (size_t i = 0; i < 3; i++) {
                Looked l = uses_tree();

                uses_device(&l, GPU, "0x030000\n");
                frame_buffer(&l);
                class_link(&l, "tty", "ttyS0", "pnp0/00:04/tty/ttyS0");
                tree_file(&l.tree, "proc/consoles", cases[i].consoles);
                uses_run(&l);
                if (cases[i].last)
                        uses_expect(&l, 0, USE_LAST_CONSOLE, "tty0, and none that is elsewhere");
                else
                        uses_expect(&l, 0, USE_DISPLAY, "/proc/consoles: tty0");
                uses_end(&l);
        }
}

/* A frame buffer of the firmware is on no function; a port of a card is. */
static void test_serial_console(void) {
        Looked l = uses_tree();

        uses_device(&l, DISK, "0x070002\n");
        class_link(&l, "graphics", "fb0", "platform/efi-framebuffer.0/graphics/fb0");
        tree_file(&l.tree, "sys/class/vtconsole/vtcon1/bind", "1\n");
        tree_file(&l.tree, "sys/class/vtconsole/vtcon1/name", "(M) frame buffer device\n");
        class_link(&l, "tty", "ttyS4", "pci0000:00/" DISK "/tty/ttyS4");
        tree_file(&l.tree, "proc/consoles", "tty0 -WU (EC p) 4:1\nttyS4 -W- (E p) 4:68\n");
        uses_run(&l);
        uses_expect(&l, 0, USE_SERIAL_CONSOLE, "ttyS4");
        CHECK(!uses_find(&l.uses[0], USE_LAST_CONSOLE, ""));
        uses_end(&l);
}

static void keyboard(Looked *l, const char *name, const char *behind, const char *keys) {
        char path[128], target[128];

        snprintf(target, sizeof(target), "%s/input/%s", behind, name);
        class_link(l, "input", name, target);
        snprintf(path, sizeof(path), "sys/devices/%s/input/%s/capabilities/key", behind, name);
        tree_file(&l->tree, path, keys);
        snprintf(path, sizeof(path), "sys/devices/%s/input/%s/name", behind, name);
        tree_file(&l->tree, path, "USB Keyboard\n");
}

#define ALL_KEYS "1000000000007 ff9f207ac14057ff febeffdfffefffff fffffffffffffffe\n"

static void test_keyboards(void) {
        for (int other = 0; other < 3; other++) {
                Looked l = uses_tree();

                uses_device(&l, GPU, "0x0c0330\n");
                uses_device(&l, DISK, "0x0c0330\n");
                keyboard(&l, "input3", "pci0000:00/" GPU "/usb1/1-2/1-2:1.0", ALL_KEYS);
                keyboard(&l, "input4", "pci0000:00/" DISK "/usb2/2-1/2-1:1.0", "70000 0 0 0 0\n");
                keyboard(&l, "input5", "virtual", ALL_KEYS);
                if (other == 1)
                        keyboard(&l, "input6", "platform/i8042/serio0", ALL_KEYS);
                if (other == 2)
                        keyboard(&l, "input6", "pci0000:00/" DISK "/usb2/2-3", ALL_KEYS);
                uses_run(&l);
                if (other == 0)
                        uses_expect(&l, 0, USE_LAST_KEYBOARD, "USB Keyboard, and no keyboard else");
                else
                        CHECK(l.uses[0].n_items == 0);
                CHECK(l.uses[1].n_items == 0);
                uses_end(&l);
        }
}

static void test_system(void) {
        Looked l = uses_tree();

        uses_device(&l, DISK, "0x078000\n");
        class_link(&l, "tpm", "tpm0", "pci0000:00/" DISK "/tpm/tpm0");
        class_link(&l, "watchdog", "watchdog0", "pci0000:00/" DISK "/wdt/watchdog/watchdog0");
        class_link(&l, "watchdog", "watchdog1", "platform/iTCO_wdt/watchdog/watchdog1");
        uses_run(&l);
        CHECK(l.uses[0].n_items == 2);
        uses_expect(&l, 0, USE_TPM, "tpm0");
        uses_expect(&l, 0, USE_WATCHDOG, "watchdog0");
        uses_end(&l);
}

static void test_parsers(void) {
        char text[] = "a b  c # d\n\n# x\n\tq\r\nlast", *rest = text, *words[4], name[32];
        bool enabled;

        CHECK(table_words(&rest, words, 4) == 3 && strcmp(words[2], "c") == 0);
        CHECK(table_words(&rest, words, 4) == 0);
        CHECK(table_words(&rest, words, 4) == 0);
        CHECK(table_words(&rest, words, 4) == 1 && strcmp(words[0], "q") == 0);
        CHECK(table_words(&rest, words, 4) == 1 && strcmp(words[0], "last") == 0);
        CHECK(table_words(&rest, words, 4) == -1);
        CHECK(console_parse("hvc0                 -W- (EC  p  )  229:0", name, &enabled) && enabled);
        CHECK(strcmp(name, "hvc0") == 0);
        CHECK(console_parse("netcon0              -W- (   Np  )", name, &enabled) && !enabled);
        CHECK(!console_parse("", name, &enabled) && !console_parse("tty0 4:1", name, &enabled));
        CHECK(input_is_keyboard("fffffffffffffffe") && !input_is_keyboard("1000000000 0"));
        CHECK(!input_is_keyboard(""));
}

static int say(Uses *u, UseKind kind, const char *object, const char *detail, const char *evidence,
               bool of_process) {
        return uses_add(u, &(Use) { kind, (char *) object, (char *) detail, (char *) evidence,
                                    of_process });
}

/* What the child says is what the parent takes. */
static void test_lines(void) {
        ProbeTask *t = calloc(1, sizeof(*t));
        static ProbeLine line;
        Uses said = { 0 }, taken = { 0 };
        char *at;

        CHECK(t);
        for (int c = 0; c < USES_MAX_; c++)
                said.looked[c] = (Fact) (c % 3);
        CHECK(say(&said, USE_MOUNT, "sda1", "/a\\b", "sda1: is \\ mounted", false) == 0);
        CHECK(say(&said, USE_NOT_LOOKED, "sound", "", "why", false) == 0);
        CHECK(say(&said, USE_SOUND, "card0", "pulse", "no word of it", true) == 0);
        CHECK(say(&said, USE_NETWORK, "eth0", "x", "not this time", false) == 0);
        CHECK(probe_say_uses(t, &(Address){ .bus = 1 }, &said, ~(1u << USES_NETWORK)) == 0);
        t->buffer[t->n_buffered] = 0;
        at = t->buffer;
        for (char *end; (end = strchr(at, '\n')); at = end + 1) {
                CHECK(probe_line_parse(at, (size_t) (end - at), &line) == 0);
                CHECK((line.key == PROBE_KEY_USE ? probe_take_use(&taken, &line)
                                                 : probe_take_looked(&taken, &line)) == 0);
        }
        CHECK(taken.n_items == 3 && taken.looked[USES_NETWORK] == FACT_UNKNOWN);
        for (int c = 0; c < USES_MAX_; c++)
                CHECK(c == USES_NETWORK || taken.looked[c] == said.looked[c]);
        CHECK(strcmp(taken.items[0].detail, "/a\\b") == 0);
        CHECK(!taken.items[0].of_process && !taken.items[1].of_process && taken.items[2].of_process);
        strcpy(line.value, "mount\nonly\nthree");
        CHECK(probe_take_use(&taken, &line) == -EINVAL);
        strcpy(line.value, "mount\na\nb\nc\nfive");
        CHECK(probe_take_use(&taken, &line) == -EINVAL);
        strcpy(line.value, "mounted\na\nb\nc");
        CHECK(probe_take_use(&taken, &line) == -EINVAL);
        strcpy(line.value, "yyy");
        CHECK(probe_take_looked(&taken, &line) == -EINVAL);
        strcpy(line.value, "yyyyyyyyx");
        CHECK(probe_take_looked(&taken, &line) == -EINVAL);
        uses_clear(&said);
        uses_clear(&taken);
        free(t);
}

int main(void) {
        test_display();
        test_nvidia();
        test_sound();
        test_missed();
        test_last_console();
        test_serial_console();
        test_keyboards();
        test_system();
        test_parsers();
        test_lines();
        return 0;
}
