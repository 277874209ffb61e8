/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "explain.h"

const Explanation explain_hazards[] = {
        {"disk-in-use", "a disk of it is in use",
         "The kernel takes a disk controller from its driver whatever is on it: what was not "
         "written yet is lost, the file system turns read-only, and the disk comes back under "
         "another name, so that only a reboot heals the mount. So this is never done, whatever is "
         "accepted.\n"
         "In use means: mounted anywhere, also in the mount name space of a container; swap; a "
         "part of LVM, md, dm-crypt, bcache, multipath or btrfs; open in a process; claimed in the "
         "kernel, as ZFS does; or named by /etc/fstab, /etc/crypttab, root=, resume= or a crash "
         "dump.\n"
         "  lsblk /dev/nvme0n1\n"
         "  sudo findmnt -N PID /mnt        # as the process PID sees it\n"
         "  cat /sys/class/block/*/holders\n"
         "What could not be looked at counts as in use. Without root's rights that is much.",
         "block/bdev.c:bd_may_claim; drivers/base/dd.c:device_release_driver_internal",
         {"disk-holds-data", "group-shared-with-system-disk", "release"},
         VALUE_FOUND},

        {"disk-holds-data", "there is data on it that nobody uses now",
         "A file system, a partition table, an encrypted volume or the like is on the disk, and "
         "nothing uses it at this moment. A VM that gets the disk can overwrite it. If that is "
         "meant, say so:\n"
         "  vfioctl prepare 02:00.0 --accept disk-holds-data\n"
         "What is on it:\n"
         "  sudo blkid -p /dev/nvme0n1 /dev/nvme0n1p*",
         "util-linux, libblkid/src/probe.c:blkid_do_safeprobe", {"disk-in-use"}, VALUE_FOUND},

        {"disk-not-opened", "its disks were not opened for this plan",
         "To see whether the kernel keeps a disk, and what is on it, it has to be opened: that wakes "
         "it from its sleep, and is in the way of whoever mounts it at that moment. So it is done "
         "before something is prepared, and for root's plans; for other users a plan has what is "
         "mounted, opened or named somewhere, and what udev saw when the disk came. Prepare may "
         "refuse what such a plan has shown.\n"
         "  sudo vfioctl plan 02:00.0",
         "block/bdev.c:bd_may_claim", {"disk-in-use", "disk-holds-data"}, VALUE_FOUND},

        {"group-shared-with-last-console", "the last console is in the same group",
         "The group goes to a VM as a whole, and another device in it carries the last console of "
         "the host, which is never taken away.",
         "drivers/iommu/iommu.c:pci_device_group", {"last-console", "iommu-groups"},
         VALUE_FOUND | VALUE_GROUPS},

        {"network-in-use", "the host's network runs over it",
         "An interface of the device has an address or a route, or is a part of a bond or bridge, "
         "or carries a VLAN or macvlan; routes of all tables count, and addresses of both "
         "families, but not those that every interface gives itself. One that was moved to another "
         "network name space is used there.\n"
         "  ip -br address; ip route show table all; ip -6 route show table all\n"
         "  ip -d link show enp3s0\n"
         "Taking it away does not end connections: they hang. If another way to the machine is "
         "there:\n"
         "  vfioctl prepare 03:00.0 --accept network-in-use",
         "net/core/dev.c:unregister_netdevice_many", {"own-connection", "network-storage"},
         VALUE_FOUND},

        {"own-connection", "a remote login comes in over it",
         "Somebody is logged in over ssh, perhaps you, and the answer to them leaves over this "
         "device. Taken away, the session hangs, and so does what runs in it.\n"
         "  ss -tnp state established '( sport = :22 )'\n"
         "To go on nevertheless, begin it where it survives the connection:\n"
         "  systemd-run vfioctl prepare 03:00.0 --accept own-connection,network-in-use",
         "net/ipv4/route.c:inet_rtm_getroute", {"network-in-use"}, VALUE_FOUND},

        {"network-storage", "storage comes over it",
         "A mounted network file system, an iSCSI session, NVMe over fabrics or NBD is reached "
         "over this device. Without it whatever uses that storage hangs, also at shutdown.\n"
         "  findmnt -t nfs,nfs4,cifs,ceph,9p; iscsiadm -m session; nvme list-subsys",
         "net/ipv4/route.c:inet_rtm_getroute", {"network-in-use", "disk-in-use"}, VALUE_FOUND},

        {"boot-display", "the firmware's display",
         "The firmware has initialised this display and shown the boot on it. Its ROM may have "
         "been changed by that, and the kernel's first console may draw on its memory; on many "
         "machines the screen stays dark until the next boot.\n"
         "  cat /sys/bus/pci/devices/0000:01:00.0/boot_vga\n"
         "Most firmware can be told to use another display first.",
         "drivers/pci/vgaarb.c:vga_arb_select_default_device", {"display-in-use", "bar-busy"},
         VALUE_FOUND},

        {"display-in-use", "a display in use",
         "A monitor is plugged in, a program has the display open, or the text console is drawn by "
         "it. Many drivers wait in the unbind until the last program lets go, others crash it.\n"
         "  sudo fuser -v /dev/dri/* /dev/nvidia*\n"
         "  grep . /sys/class/drm/card*-*/status\n"
         "End the session that uses it first:\n"
         "  sudo systemctl isolate multi-user.target",
         "drivers/gpu/drm/drm_drv.c:drm_dev_unplug", {"boot-display", "last-console", "detaching"},
         VALUE_FOUND},

        {"last-console", "no console is left without it",
         "Every console that the kernel has leads over this device. Without it nobody could see "
         "why the machine does not come up, nor log in when the network is gone. So this is never "
         "done. Another console is enough, a serial one for instance:\n"
         "  cat /proc/consoles\n"
         "  console=tty0 console=ttyS0      # on the kernel's command line",
         "fs/proc/consoles.c:show_console_dev", {"serial-console", "display-in-use"}, VALUE_FOUND},

        {"serial-console", "a console of the kernel is on it",
         "One of several consoles is a port of this device.\n"
         "  cat /proc/consoles",
         "fs/proc/consoles.c:show_console_dev", {"last-console"}, VALUE_FOUND},

        {"last-keyboard", "no keyboard is left without it",
         "All keyboards of the machine hang on this controller. A VM that gets it gets them too, "
         "and the host cannot be operated from its own keyboard until the VM ends.\n"
         "  grep -l . /sys/class/input/input*/capabilities/key; lsusb -t\n"
         "Plug a keyboard into a port of another controller, or accept it if the host is reached "
         "by ssh.",
         "drivers/input/input.c:input_print_modalias_bits", {"display-in-use"}, VALUE_FOUND},

        {"sound-in-use", "a sound card is held open",
         "A program, mostly PipeWire or PulseAudio, has a device of the card open, if only its "
         "mixer. The driver waits in the unbind until it lets go.\n"
         "  sudo fuser -v /dev/snd/*\n"
         "  systemctl --user stop pipewire.socket pipewire wireplumber",
         "sound/core/init.c:snd_card_free", {"detaching"}, VALUE_FOUND},

        {"tpm", "a TPM of the host",
         "The device is the machine's trusted platform module. What is sealed to it cannot be "
         "opened without it: disk keys, credentials of systemd.",
         "drivers/char/tpm/tpm-chip.c:tpm_chip_unregister", {"watchdog"}, VALUE_FOUND},

        {"watchdog", "a watchdog of the host",
         "The device restarts the machine when it hangs. Taken away while it runs it may restart "
         "the machine, or no longer do so when it should.\n"
         "  wdctl; systemctl show -p RuntimeWatchdogUSec",
         "drivers/watchdog/watchdog_dev.c:watchdog_dev_unregister", {"tpm"}, VALUE_FOUND},

        {"uses-unknown", "what the host uses it for is not known",
         "vfiod looks through /proc and sysfs for what the host uses a device for, in a process of "
         "its own. That process did not answer in time, or could not begin. What is not known "
         "counts as in use, so nothing is done.\n"
         "A disk or driver that hangs is the most common cause:\n"
         "  ps -eo pid,stat,wchan:30,comm | grep ' D'\n"
         "Without root's rights only a part can be looked at.",
         "fs/proc/base.c:proc_pid_readlink", {"detaching", "use-unknown"}, VALUE_FOUND},
        {0},
};
