/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test-sources-uses.h"

/* Disks in use, through every kind of stack. */

static void mountinfo(Looked *l, const char *lines) {
        tree_file(&l->tree, "proc/self/mountinfo", lines);
}

static void test_nothing(void) {
        Looked l = uses_tree();

        uses_nvme(&l);
        uses_run(&l);
        CHECK(l.uses[0].n_items == 0);
        for (int c = 0; c < USES_MAX_; c++)
                CHECK(l.uses[0].looked[c] == (c == USES_CLAIM || c == USES_DATA ? FACT_ABSENT
                                                                                : FACT_PRESENT));
        uses_end(&l);
}

/* A recording that was made without any of this says nothing, neither yes nor no. */
static void test_old_recording(void) {
        Looked l = { .tree = tree_new() };

        uses_nvme(&l);
        uses_run(&l);
        CHECK(l.uses[0].n_items == 0);
        for (int c = 0; c < USES_MAX_; c++)
                CHECK(l.uses[0].looked[c] == FACT_ABSENT);
        uses_end(&l);
}

static void test_mounted(void) {
        Looked l = uses_tree();
        const Use *use;

        uses_nvme(&l);
        mountinfo(&l, "28 1 259:2 / / rw,relatime shared:1 - ext4 /dev/root rw\n"
                      "29 28 259:1 / /boot/efi rw - vfat /dev/nvme0n1p1 rw\n"
                      "30 28 8:1 / /elsewhere rw - ext4 /dev/sda1 rw\n");
        uses_run(&l);
        use = uses_expect(&l, 0, USE_MOUNT, "nvme0n1p2: is mounted on / (ext4)");
        CHECK(strcmp(use->object, "nvme0n1p2") == 0 && strcmp(use->detail, "/") == 0);
        uses_expect(&l, 0, USE_MOUNT, "nvme0n1p1: is mounted on /boot/efi (vfat)");
        CHECK(l.uses[0].n_items == 2);
        uses_end(&l);
}

/* A mount point with a blank, and a line that makes no sense. */
static void test_odd_lines(void) {
        Looked l = uses_tree();

        uses_nvme(&l);
        mountinfo(&l, "28 1 259:2 / /my\\040disk rw - ext4 /dev/x rw\nnonsense\n");
        uses_run(&l);
        uses_expect(&l, 0, USE_MOUNT, "is mounted on /my disk (ext4)");
        CHECK(l.uses[0].looked[USES_STORAGE] == FACT_UNKNOWN);
        uses_end(&l);
}

static void test_other_namespace(void) {
        Looked l = uses_tree();

        uses_nvme(&l);
        tree_link(&l.tree, "proc/300/ns/mnt", "mnt:[4026532000]");
        tree_link(&l.tree, "proc/300/ns/net", "net:[1]");
        tree_directory(&l.tree, "proc/300/fd");
        tree_file(&l.tree, "proc/300/comm", "containerd\n");
        tree_file(&l.tree, "proc/300/mountinfo", "28 1 259:3 / /data rw - xfs /dev/x rw\n");
        uses_run(&l);
        CHECK(uses_expect(&l, 0, USE_MOUNT,
                          "nvme0n1p3: is mounted on /data (xfs) in the mount name space of process "
                          "300 (containerd)")->of_process);
        uses_end(&l);
}

/* However long its path is: only of the one in the other name space not everybody is told. */
static void test_long_path(void) {
        char path[600], lines[2048];
        Looked l = uses_tree();

        memset(path, 'x', sizeof(path) - 1);
        path[sizeof(path) - 1] = 0;
        path[0] = '/';
        uses_nvme(&l);
        snprintf(lines, sizeof(lines), "28 1 259:2 / %s rw - ext4 /dev/root rw\n", path);
        mountinfo(&l, lines);
        tree_link(&l.tree, "proc/300/ns/mnt", "mnt:[4026532000]");
        tree_link(&l.tree, "proc/300/ns/net", "net:[1]");
        tree_directory(&l.tree, "proc/300/fd");
        tree_file(&l.tree, "proc/300/comm", "guest\n");
        snprintf(lines, sizeof(lines), "28 1 259:3 / %s rw - xfs /dev/x rw\n", path);
        tree_file(&l.tree, "proc/300/mountinfo", lines);
        uses_run(&l);
        CHECK(l.uses[0].n_items == 2);
        for (size_t i = 0; i < 2; i++)
                CHECK(l.uses[0].items[i].of_process ==
                      (strcmp(l.uses[0].items[i].object, "nvme0n1p3") == 0));
        uses_end(&l);
}

/* A copy of the host's mounts says nothing new. */
static void test_copied_namespace(void) {
        Looked l = uses_tree();

        uses_nvme(&l);
        mountinfo(&l, "28 1 259:2 / / rw - ext4 /dev/root rw\n");
        tree_link(&l.tree, "proc/300/ns/mnt", "mnt:[4026532000]");
        tree_link(&l.tree, "proc/300/ns/net", "net:[1]");
        tree_directory(&l.tree, "proc/300/fd");
        tree_file(&l.tree, "proc/300/mountinfo", "28 1 259:2 / / rw - ext4 /dev/root rw\n"
                                                 "29 1 259:3 / /own rw - ext4 /dev/x rw\n");
        uses_run(&l);
        uses_expect(&l, 0, USE_MOUNT, "nvme0n1p2: is mounted on / (ext4)");
        uses_expect(&l, 0, USE_MOUNT, "nvme0n1p3: is mounted on /own (ext4) in the mount name");
        CHECK(l.uses[0].n_items == 2);
        uses_end(&l);
}

/* What there is too much of is cut off, but not what else there is. */
static void test_many(void) {
        Looked l = uses_tree();
        char lines[8192] = "", *at = lines;

        uses_nvme(&l);
        for (int i = 0; i < 100; i++)
                at += sprintf(at, "%d 1 259:2 / /m%d rw - ext4 /dev/x rw\n", i + 30, i);
        mountinfo(&l, lines);
        tree_file(&l.tree, "dev/nvme0n1p3", "");
        tree_file(&l.tree, "proc/swaps", "Filename\tType\tSize\tUsed\tPriority\n"
                                         "/dev/nvme0n1p3 partition 1000 0 -2\n");
        uses_run(&l);
        CHECK(l.uses[0].n_items == 17);
        uses_expect(&l, 0, USE_SWAP, "nvme0n1p3: is active swap");
        uses_end(&l);
}

/* Whoever was met in a name space first may be gone when its mounts are read. */
static void test_namespace_of_other(void) {
        Looked l = uses_tree();

        uses_nvme(&l);
        for (int pid = 300; pid <= 301; pid++) {
                char path[64];

                snprintf(path, sizeof(path), "proc/%d/ns/mnt", pid);
                tree_link(&l.tree, path, "mnt:[4026532000]");
                snprintf(path, sizeof(path), "proc/%d/ns/net", pid);
                tree_link(&l.tree, path, "net:[1]");
                snprintf(path, sizeof(path), "proc/%d/fd", pid);
                tree_directory(&l.tree, path);
        }
        tree_file(&l.tree, "proc/301/mountinfo", "28 1 259:3 / /data rw - xfs /dev/x rw\n");
        uses_run(&l);
        uses_expect(&l, 0, USE_MOUNT, "nvme0n1p3: is mounted on /data (xfs)");
        uses_end(&l);
}

static void test_unreadable_namespace(void) {
        Looked l = uses_tree();

        uses_nvme(&l);
        tree_directory(&l.tree, "proc/300/fd");
        tree_file(&l.tree, ".unreadable", "proc/300/ns/mnt EACCES\nproc/300/fd EACCES\n");
        uses_run(&l);
        CHECK(l.uses[0].looked[USES_STORAGE] == FACT_UNKNOWN);
        uses_expect(&l, 0, USE_NOT_LOOKED, "mount name spaces of some processes");
        uses_expect(&l, 0, USE_NOT_LOOKED, "/proc/300/fd: Permission denied");
        CHECK(l.uses[0].looked[USES_NETWORK] == FACT_PRESENT);
        uses_end(&l);
}

/* dm over dm over md over a partition, all the way down. */
static void test_stack(void) {
        Looked l = uses_tree();

        uses_nvme(&l);
        uses_virtual(&l, "md0", "9:0\n", "nvme0n1p2", NULL);
        uses_virtual(&l, "dm-0", "253:0\n", "md0", "crypt");
        uses_virtual(&l, "dm-1", "253:1\n", "dm-0", "vg-root");
        mountinfo(&l, "28 1 253:1 / /srv rw - ext4 /dev/mapper/vg-root rw\n");
        uses_run(&l);
        uses_expect(&l, 0, USE_MOUNT, "nvme0n1p2: is mounted on /srv (ext4), dm-1 (vg-root) on dm-0 "
                                      "(crypt) on md0 on nvme0n1p2");
        uses_expect(&l, 0, USE_STACKED, "nvme0n1p2: is a part of md0");
        uses_expect(&l, 0, USE_STACKED, "is a part of dm-1 (vg-root)");
        uses_end(&l);
}

/* A mapping that nobody has mounted still keeps its disk; a partition of a RAID stands on it. */
static void test_stacked_only(void) {
        Looked l = uses_tree();

        uses_nvme(&l);
        uses_virtual(&l, "md127", "9:127\n", "nvme0n1", NULL);
        uses_block(&l, "virtual/block/md127", "md127p1", "259:9\n");
        tree_file(&l.tree, "sys/devices/virtual/block/md127/md127p1/partition", "1\n");
        mountinfo(&l, "28 1 259:9 / /raid rw - ext4 /dev/md127p1 rw\n");
        uses_run(&l);
        uses_expect(&l, 0, USE_STACKED, "nvme0n1: is a part of md127");
        uses_expect(&l, 0, USE_MOUNT, "is mounted on /raid (ext4), md127p1 on nvme0n1");
        uses_end(&l);
}

static void test_loop(void) {
        Looked l = uses_tree();

        uses_nvme(&l);
        uses_virtual(&l, "loop0", "7:0\n", NULL, NULL);
        tree_file(&l.tree, "sys/devices/virtual/block/loop0/loop/backing_file", "/dev/nvme0n1p3\n");
        tree_file(&l.tree, "dev/nvme0n1p3", "");
        uses_virtual(&l, "loop1", "7:1\n", NULL, NULL);
        tree_file(&l.tree, "sys/devices/virtual/block/loop1/loop/backing_file", "/var/image\n");
        mountinfo(&l, "28 1 7:0 / /image rw - ext4 /dev/loop0 rw\n"
                      "29 1 7:1 / /other rw - ext4 /dev/loop1 rw\n");
        uses_run(&l);
        uses_expect(&l, 0, USE_STACKED, "nvme0n1p3: is a part of loop0 (/dev/nvme0n1p3)");
        uses_expect(&l, 0, USE_MOUNT, "is mounted on /image (ext4)");
        /* The file is on a file system, which is in the table itself. */
        CHECK(!uses_find(&l.uses[0], USE_MOUNT, "/other"));
        uses_end(&l);
}

static void test_swap(void) {
        Looked l = uses_tree();

        uses_nvme(&l);
        tree_file(&l.tree, "dev/nvme0n1p3", "");
        tree_link(&l.tree, "dev/disk/by-uuid/1234-5678", "../../nvme0n1p2");
        tree_file(&l.tree, "dev/nvme0n1p2", "");
        tree_file(&l.tree, "proc/swaps",
                  "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
                  "/dev/nvme0n1p3                          partition\t1000\t\t0\t\t-2\n"
                  "/dev/disk/by-uuid/1234-5678             partition\t1000\t\t0\t\t-3\n"
                  "/swapfile                               file\t\t1000\t\t0\t\t-4\n");
        uses_run(&l);
        uses_expect(&l, 0, USE_SWAP, "nvme0n1p3: is active swap");
        uses_expect(&l, 0, USE_SWAP, "nvme0n1p2: is active swap");
        CHECK(l.uses[0].n_items == 2);
        uses_end(&l);
}

/* One of two disks of a btrfs is mounted by name, the other only belongs to it. */
static void test_btrfs(void) {
        Looked l = uses_tree();

        uses_nvme(&l);
        tree_file(&l.tree, "dev/nvme0n1p2", "");
        tree_directory(&l.tree, "sys/fs/btrfs/features");
        tree_link(&l.tree, "sys/fs/btrfs/11111111-2222/devices/nvme0n1p2", "../../x");
        tree_link(&l.tree, "sys/fs/btrfs/11111111-2222/devices/nvme0n1p3", "../../x");
        mountinfo(&l, "28 1 0:45 /@ /home rw - btrfs /dev/nvme0n1p2 rw,subvol=/@\n");
        uses_run(&l);
        uses_expect(&l, 0, USE_MOUNT, "nvme0n1p2: is mounted on /home (btrfs)");
        uses_expect(&l, 0, USE_STACKED, "nvme0n1p3: belongs to a btrfs in use");
        uses_end(&l);
}

static void test_bcache(void) {
        Looked l = uses_tree();

        uses_nvme(&l);
        tree_directory(&l.tree, "sys/devices/pci0000:00/" DISK "/nvme/nvme0/nvme0n1/bcache");
        uses_run(&l);
        uses_expect(&l, 0, USE_STACKED, "nvme0n1: is registered with bcache");
        uses_end(&l);
}

/* The disk of a subsystem hangs on no function; its controllers do, both of them. */
static void test_nvme_multipath(void) {
        Looked l = uses_tree();

        uses_device(&l, DISK, "0x010802\n");
        uses_device(&l, NIC, "0x010802\n");
        uses_block(&l, "virtual/nvme-subsystem/nvme-subsys0", "nvme0n1", "259:0\n");
        tree_link(&l.tree, "sys/class/nvme-subsystem/nvme-subsys0/nvme0",
                  "../../../pci0000:00/" DISK "/nvme/nvme0");
        tree_link(&l.tree, "sys/class/nvme-subsystem/nvme-subsys0/nvme1",
                  "../../../pci0000:00/" NIC "/nvme/nvme1");
        mountinfo(&l, "28 1 259:0 / /data rw - ext4 /dev/nvme0n1 rw\n");
        uses_run(&l);
        uses_expect(&l, 0, USE_MOUNT, "nvme0n1: is mounted on /data");
        uses_expect(&l, 1, USE_MOUNT, "nvme0n1: is mounted on /data");
        uses_end(&l);
}

static void test_opened(void) {
        Looked l = uses_tree();

        uses_nvme(&l);
        tree_file(&l.tree, "dev/nvme0n1p3", "");
        tree_link(&l.tree, "sys/class/nvme/nvme0", "../../devices/pci0000:00/" DISK "/nvme/nvme0");
        uses_process(&l, 400, "qemu-system-x86\n", "/dev/nvme0n1p3");
        uses_process(&l, 401, "nvme\n", "/dev/nvme0");
        uses_process(&l, 402, "systemd-udevd\n", "/dev/nvme0n1p3");
        uses_run(&l);
        CHECK(uses_expect(&l, 0, USE_OPENED,
                          "nvme0n1p3: is open in process 400 (qemu-system-x86)")->of_process);
        CHECK(uses_expect(&l, 0, USE_OPENED, "nvme0: is open in process 401 (nvme)")->of_process);
        CHECK(l.uses[0].n_items == 2);
        uses_end(&l);
}

static void test_needed(void) {
        Looked l = uses_tree();

        uses_nvme(&l);
        for (int i = 1; i <= 3; i++) {
                char path[32];

                snprintf(path, sizeof(path), "dev/nvme0n1p%d", i);
                tree_file(&l.tree, path, "");
        }
        tree_link(&l.tree, "dev/disk/by-label/my\\x20data", "../../nvme0n1p2");
        tree_link(&l.tree, "dev/disk/by-partuuid/abc", "../../nvme0n1p1");
        tree_file(&l.tree, "etc/fstab", "# comment\nLABEL=my\\040data /data ext4 defaults 0 2\n"
                                        "/dev/nvme0n1p3 /never ext4 noauto 0 0\n");
        tree_file(&l.tree, "etc/crypttab", "# c\nhome PARTUUID=abc none luks,discard\n"
                                           "lazy /dev/nvme0n1p3 none luks,noauto\n");
        tree_file(&l.tree, "proc/cmdline", "quiet root=/dev/sda1 resume=/dev/nvme0n1p3\n");
        tree_file(&l.tree, "sys/power/resume", "259:3\n");
        uses_run(&l);
        uses_expect(&l, 0, USE_NEEDED, "nvme0n1p2: /etc/fstab mounts it on /data");
        uses_expect(&l, 0, USE_NEEDED, "nvme0n1p1: /etc/crypttab opens it");
        uses_expect(&l, 0, USE_NEEDED, "nvme0n1p3: hibernation uses it (resume=)");
        uses_expect(&l, 0, USE_NEEDED, "(/sys/power/resume)");
        CHECK(!uses_find(&l.uses[0], USE_NEEDED, "/never"));
        CHECK(l.uses[0].n_items == 4);
        uses_end(&l);
}

/* What no disk has may be on a device that is held: there nobody sees its disks. */
static void test_missing(void) {
        Looked l = uses_tree();

        uses_device(&l, DISK, "0x010802\n");
        uses_device(&l, NIC, "0x020000\n");
        tree_file(&l.tree, "etc/fstab", "UUID=1234 /gone ext4 nofail 0 0\n"
                                        "tmpfs /tmp tmpfs rw 0 0\n"
                                        "LABEL=lazy /lazy ext4 noauto 0 0\n"
                                        "host:/export /net nfs rw 0 0\n");
        tree_file(&l.tree, PCI_ROOT DISK "/driver_override", "vfiod-boot\n");
        uses_run(&l);
        CHECK(l.uses[0].n_items == 1 && l.uses[0].items[0].kind == USE_MISSING);
        CHECK(strcmp(l.uses[0].items[0].evidence, "/etc/fstab: no disk here is UUID=1234") == 0);
        CHECK(l.uses[1].n_items == 0);
        uses_end(&l);
}

static void test_dump(void) {
        Looked l = uses_tree();

        uses_nvme(&l);
        tree_file(&l.tree, "dev/nvme0n1p3", "");
        tree_file(&l.tree, "etc/kdump.conf", "path /var/crash\next4 /dev/nvme0n1p3\n");
        tree_file(&l.tree, "sys/kernel/kexec_crash_loaded", "1\n");
        uses_run(&l);
        uses_expect(&l, 0, USE_NEEDED, "nvme0n1p3: kdump writes crashes to it");
        uses_end(&l);
}

static void test_data(void) {
        Looked l = uses_tree();

        uses_nvme(&l);
        for (int i = 0; i <= 3; i++) {
                char path[64];

                snprintf(path, sizeof(path), "run/udev/data/b259:%d", i);
                tree_file(&l.tree, path, i == 0 ? "S:disk/by-id/x\nE:ID_PART_TABLE_TYPE=gpt\n" :
                                         i == 2 ? "E:ID_FS_TYPE=crypto_LUKS\n" : "I:1\n");
        }
        uses_run(&l);
        CHECK(l.uses[0].looked[USES_DATA] == FACT_PRESENT && l.uses[0].n_items == 2);
        uses_expect(&l, 0, USE_DATA, "nvme0n1: partitions (gpt)");
        uses_expect(&l, 0, USE_DATA, "nvme0n1p2: crypto_LUKS");
        uses_end(&l);
}

int main(void) {
        test_nothing();
        test_old_recording();
        test_mounted();
        test_odd_lines();
        test_other_namespace();
        test_long_path();
        test_copied_namespace();
        test_many();
        test_namespace_of_other();
        test_unreadable_namespace();
        test_stack();
        test_stacked_only();
        test_loop();
        test_swap();
        test_btrfs();
        test_bcache();
        test_nvme_multipath();
        test_opened();
        test_needed();
        test_missing();
        test_dump();
        test_data();
        return 0;
}
