# SPDX-License-Identifier: GPL-2.0-or-later
"""The root file system that every guest boots: Debian 12, no kernel inside.

Kernels bring their modules on a disk of their own (kernel.py), so one root
serves them all and a new kernel never makes this image anew.
"""
import os
import shutil
import subprocess

import cache
import packages
from cache import LabError, say

SUITE = 'bookworm'
SUITES = (SUITE, f'{SUITE}-security')
ROOTFS = os.path.join(cache.LAB, 'rootfs')

CORE = (
    # a booted system
    'systemd', 'systemd-sysv', 'dbus', 'polkitd', 'udev', 'kmod', 'procps',
    'iproute2', 'pciutils', 'pci.ids', 'python3', 'strace',
    # a real VFIO client
    'qemu-system-x86',
    # what vfiod links with
    'libsystemd0', 'libudev1', 'libpci3', 'libjansson4', 'libinih1',
    'libmount1', 'libblkid1', 'libexpat1',
    # a build with sanitizers
    'libasan8', 'libubsan1',
)
VARIANTS = {
    'core': CORE,
    # libvirtd as Debian runs it, confined by AppArmor; what can be stacked on a disk.
    'full': CORE + (
        'libvirt-daemon-system', 'libvirt-clients', 'apparmor', 'lvm2', 'mdadm',
        'cryptsetup-bin', 'btrfs-progs',
    ),
    # Debian's package makes it the system bus.
    'broker': CORE + ('dbus-broker',),
    # Makes an initramfs of its own, both ways, and boots with it (reboot).
    'boot': CORE + ('initramfs-tools', 'busybox', 'zstd', 'e2fsprogs', 'dracut-core'),
}
# MiB: (size of the file system, space needed while it is made)
SIZES = {'core': (3072, 4000), 'broker': (3072, 4000), 'full': (4608, 6000),
         'boot': (3584, 4500)}

# What boots more than once is cut off, too: it has a journal, and is checked and mounted by its
# fstab. So is the per-run disk, for no initramfs but the lab's own knows it.
REBOOTED = {
    'boot': ('LABEL=vfiod-root / ext4 defaults 0 1\n'
             'LABEL=vfiod-run /lab ext4 defaults 0 0\n'),
}
# Nothing in a test needs these, and each costs a second or more without KVM.
MASKED = (
    'apt-daily.timer', 'apt-daily-upgrade.timer', 'dpkg-db-backup.timer',
    'e2scrub_all.timer', 'e2scrub_reap.service', 'fstrim.timer', 'man-db.timer',
    'systemd-networkd.service', 'systemd-networkd.socket', 'networking.service',
    'systemd-resolved.service', 'systemd-timesyncd.service', 'getty@tty1.service',
    'getty-static.service', 'serial-getty@ttyS0.service', 'systemd-random-seed.service',
    'systemd-update-utmp.service', 'systemd-update-utmp-runlevel.service',
    'systemd-remount-fs.service', 'systemd-pstore.service', 'modprobe@drm.service',
    'modprobe@fuse.service', 'sys-kernel-debug.mount', 'sys-kernel-tracing.mount',
    'dev-hugepages.mount', 'dev-mqueue.mount', 'systemd-firstboot.service',
    'systemd-machine-id-commit.service', 'systemd-boot-update.service',
    'systemd-ask-password-wall.path', 'systemd-ask-password-console.path',
    'systemd-tmpfiles-clean.timer', 'systemd-binfmt.service',
    'proc-sys-fs-binfmt_misc.automount',
)
# Not needed to run a package, a good part of the size.
DROPPED = ('/usr/share/doc/*', '/usr/share/man/*', '/usr/share/locale/*',
           '/usr/share/info/*', '/var/cache/apt/*', '/var/lib/apt/lists/*')


def path(variant='core'):
    """The file name of the image, keyed by everything that goes into it."""
    parts = [SUITE, variant, *VARIANTS[variant], *MASKED, *DROPPED, str(SIZES[variant])]
    parts += [REBOOTED[variant]] if variant in REBOOTED else []
    return os.path.join(cache.directory(), f'root-{variant}-{cache.key(*parts, ROOTFS)}.img')


def ensure(variant='core'):
    """Make the image if it is not there; returns its path."""
    final = path(variant)
    if os.path.exists(final):
        return final
    if os.geteuid() != 0:
        raise LabError('making the root image needs root: run it with sudo')
    size, need = SIZES[variant]
    cache.need_space(need, f'the root image "{variant}"')
    cache.remove_leftovers('root-')
    tree, image = cache.making('root-tree'), cache.making('root-image')
    try:
        say(f'root image "{variant}": installing {len(VARIANTS[variant])} packages and '
            f'what they need from {SUITE}')
        _bootstrap(tree, VARIANTS[variant])
        _customise(tree, variant)
        say('root image: writing the file system')
        journal = 'has_journal' if variant in REBOOTED else '^has_journal'
        _run(['mke2fs', '-q', '-t', 'ext4', '-L', 'vfiod-root', '-m', '0', '-O', journal, '-E',
              'lazy_itable_init=1,root_owner=0:0', '-d', tree, image, f'{size}M'])
        os.chmod(image, 0o444)
        os.rename(image, final)
    finally:
        cache.remove(tree)
        cache.remove(image)
    say(f'root image: {cache.used(final) >> 20} MiB, {os.path.basename(final)}')
    return final


def _bootstrap(tree, names):
    # mmdebstrap wants to traverse to the tree as root only: no _apt user there.
    command = ['mmdebstrap', '--mode=root', '--variant=minbase', '--quiet',
               f'--include={",".join(names)}', '--aptopt=APT::Sandbox::User "root"',
               '--aptopt=Acquire::Languages "none"']
    command += [f'--aptopt={line}' for line in packages.proxy_options()]
    command += [f'--dpkgopt=path-exclude={name}' for name in DROPPED if '/doc/' in name
                or '/man/' in name or '/locale/' in name or '/info/' in name]
    sources = ''.join(packages.source_lines(suite) for suite in SUITES)
    _run(command + [SUITE, tree, '-'], text=sources)


def _customise(tree, variant):
    shutil.copytree(ROOTFS, tree, dirs_exist_ok=True, symlinks=True)
    units = os.path.join(tree, 'etc/systemd/system')
    for unit in MASKED:
        if variant in REBOOTED and unit == 'systemd-remount-fs.service':
            continue
        link = os.path.join(units, unit)
        cache.remove(link)
        os.symlink('/dev/null', link)
    _write(tree, 'etc/hostname', 'lab\n')
    _write(tree, 'etc/hosts', '127.0.0.1 localhost lab\n')
    _write(tree, 'etc/fstab', REBOOTED.get(variant, ''))
    # A fixed id: systemd neither waits for entropy nor runs "first boot".
    _write(tree, 'etc/machine-id', '76666966646c616276666966646c6162\n')
    os.makedirs(os.path.join(tree, 'lab'), exist_ok=True)
    os.makedirs(os.path.join(tree, 'usr/lib/modules'), exist_ok=True)
    for name in ('var/cache/apt', 'var/lib/apt/lists'):
        shutil.rmtree(os.path.join(tree, name), ignore_errors=True)
    # systemd compares these with /usr on every boot and would rebuild caches.
    for name in ('etc/.updated', 'var/.updated'):
        _write(tree, name, '')
    os.utime(os.path.join(tree, 'usr'), (0, 0))


def _write(tree, name, text):
    full = os.path.join(tree, name)
    cache.remove(full)
    with open(full, 'w', encoding='utf-8') as out:
        out.write(text)


def _run(command, text=None):
    try:
        done = subprocess.run(command, input=text, text=True, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, timeout=3600, check=False)
    except FileNotFoundError as error:
        raise LabError(f'{command[0]} is missing: install it') from error
    if done.returncode != 0:
        raise LabError(f'{command[0]} failed:\n{done.stderr.strip()[-3000:]}')
