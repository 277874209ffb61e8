/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <ftw.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sources/resolve.h"
#include "test-bus-fixture.h"

#define BELOW "../../devices/pci0000:00/"
#define VMD BELOW "0000:00:0e.0/pci10000:e0/10000:e0:06.0/10000:e1:00.0/nvme/nvme1"
#define VIRTUAL "../../devices/virtual/"

/* Directories and links of a host that has them all; what a link leads to need not be there. */
static const struct {
        const char *path, *target;
} entries[] = {
        { "sys/class/net/eth0", BELOW "0000:00:1c.0/0000:02:00.0/net/eth0" },
        { "sys/class/net/virt0", BELOW "0000:00:03.0/virtio0/net/virt0" },
        { "sys/class/net/lo", VIRTUAL "net/lo" },
        { "sys/class/drm/card0", BELOW "0000:00:01.0/0000:01:00.0/drm/card0" },
        { "sys/class/nvme/nvme1", VMD },
        { "sys/class/nvme/nvme2", BELOW "0000:03:00.0/nvme/nvme2" },
        { "sys/class/block/nvme1n1p1", VMD "/nvme1n1/nvme1n1p1" },
        { "sys/class/block/sda", BELOW "0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0/block/sda" },
        { "sys/class/block/nvme2n1p3", VIRTUAL "nvme-subsystem/nvme-subsys2/nvme2n1/nvme2n1p3" },
        { "sys/class/nvme-subsystem/nvme-subsys2/nvme2", BELOW "0000:03:00.0/nvme/nvme2" },
        { "sys/class/nvme-subsystem/nvme-subsys2/nvme3", BELOW "0000:04:00.0/nvme/nvme3" },
        { "sys/class/block/md0", VIRTUAL "block/md0" },
        { "sys/class/block/md0p1", VIRTUAL "block/md0/md0p1" },
        { "sys/devices/virtual/block/md0/slaves/sda", "../../../../pci0000:00/0000:00:17.0/sda" },
        { "sys/devices/virtual/block/md0/slaves/nvme1n1p1", "../../x" },
        { "sys/class/block/dm-0", VIRTUAL "block/dm-0" },
        { "sys/devices/virtual/block/dm-0/slaves/md0p1", "../../md0/md0p1" },
        { "sys/devices/virtual/block/dm-0/slaves/dm-0", "../../dm-0" },
};

static void make(const char *top, const char *path, const char *target) {
        char whole[512];

        snprintf(whole, sizeof(whole), "%s/%s", top, path);
        for (char *p = strchr(whole + strlen(top) + 1, '/'); p; p = strchr(p + 1, '/')) {
                *p = '\0';
                CHECK(mkdir(whole, 0700) == 0 || errno == EEXIST);
                *p = '/';
        }
        CHECK(symlink(target, whole) == 0);
}

static int delete_one(const char *path, const struct stat *st, int type, struct FTW *ftw) {
        return remove(path);
}

/* What a name stands for, in words. */
static const char *resolved(const Root *root, const char *name) {
        static char text[128];
        Address found[2];
        int n = resolve_name(root, name, found, 2), at = snprintf(text, sizeof(text), "%d", n);

        for (int i = 0; i < n && i < 2; i++) {
                char one[ADDRESS_TEXT_MAX];

                at += snprintf(text + at, sizeof(text) - (size_t) at, " %s",
                               address_format(&found[i], one));
        }
        return text;
}

int main(void) {
        char top[] = "/tmp/vfiod-resolve-XXXXXX", md0[32], name[300];
        Root *root;

        CHECK(mkdtemp(top));
        for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++)
                make(top, entries[i].path, entries[i].target);
        CHECK(root_new(top, &root) == 0);

        CHECK_TEXT(resolved(root, "eth0"), "1 0000:02:00.0");
        CHECK_TEXT(resolved(root, "virt0"), "1 0000:00:03.0");
        CHECK_TEXT(resolved(root, "lo"), "0");
        CHECK_TEXT(resolved(root, "card0"), "1 0000:01:00.0");
        CHECK_TEXT(resolved(root, "nvme1"), "1 10000:e1:00.0");
        CHECK_TEXT(resolved(root, "nvme1n1p1"), "1 10000:e1:00.0");
        CHECK_TEXT(resolved(root, "sda"), "1 0000:00:17.0");
        CHECK(strncmp(resolved(root, "nvme2n1p3"), "2 ", 2) == 0);
        CHECK(strstr(resolved(root, "nvme2n1p3"), "0000:04:00.0"));
        snprintf(md0, sizeof(md0), "%s", resolved(root, "md0"));
        CHECK(strncmp(md0, "2 ", 2) == 0 && strstr(md0, "0000:00:17.0") &&
              strstr(md0, "10000:e1:00.0"));
        CHECK_TEXT(resolved(root, "md0p1"), md0);
        CHECK_TEXT(resolved(root, "dm-0"), md0);
        CHECK_TEXT(resolved(root, "absent"), "0");
        CHECK_TEXT(resolved(root, ""), "0");
        CHECK_TEXT(resolved(root, ".."), "0");
        CHECK_TEXT(resolved(root, "../net/eth0"), "0");
        memset(name, 'n', sizeof(name));
        name[sizeof(name) - 1] = '\0';
        CHECK_TEXT(resolved(root, name), "0");

        root_free(root);
        CHECK(nftw(top, delete_one, 16, FTW_DEPTH | FTW_PHYS) == 0);
        return 0;
}
