# SPDX-License-Identifier: GPL-2.0-or-later
"""Kernels: vmlinuz, an initramfs of our own and a disk with the modules."""
import json
import lzma
import os
import re
import shutil
import subprocess

import cache
import packages
from cache import LabError, say
from image import SUITES as ROOT_SUITES

INITRD = os.path.join(cache.LAB, 'initrd')

# name -> suites it is looked for in; the highest version wins
KERNELS = {
    '5.10': ('bullseye', 'bullseye-security'),
    '6.1': ('bookworm', 'bookworm-security'),
    '6.12': ('trixie', 'trixie-security'),
    'newest': ('sid',),
}
DEFAULT = ('5.10', '6.1', '6.12')

# What must be loaded before the root disk can be mounted. Without the driver
# of a virtio IOMMU no virtio disk behind it is ever probed.
EARLY = ('virtio_iommu', 'virtio_pci', 'virtio_blk', 'crc32c_generic', 'ext4')
# Never in a guest of the lab, and half of the size.
PRUNED = ('drivers/gpu/drm/amd', 'drivers/gpu/drm/nouveau', 'drivers/gpu/drm/radeon',
          'drivers/gpu/drm/i915', 'drivers/gpu/drm/xe', 'drivers/media', 'drivers/net/wireless',
          'drivers/infiniband', 'drivers/iio', 'drivers/staging', 'drivers/isdn')
SPACE = 1600  # MiB while one kernel is made


def find(name):
    """The cached directory of a kernel, or None. The newest one if there are two."""
    prefix = f'kernel-{name}-'
    found = [os.path.join(cache.directory(), entry) for entry in os.listdir(cache.directory())
             if entry.startswith(prefix) and '.making-' not in entry
             and entry.endswith('-' + _key(name))]
    return max(found, key=os.path.getmtime, default=None)


def _key(name):
    return cache.key(*KERNELS[name], *EARLY, *PRUNED, INITRD)


def release(directory):
    """What uname -r says in a guest that runs it."""
    with open(os.path.join(directory, 'info.json'), encoding='utf-8') as info:
        return json.load(info)['release']


def ensure(name, refresh=False):
    """Make a kernel's directory if it is not there; returns its path."""
    if name not in KERNELS:
        raise LabError(f'no kernel "{name}"; there are: {", ".join(KERNELS)}')
    found = find(name)
    if found and not refresh:
        return found
    if os.geteuid() != 0:
        raise LabError('making a kernel directory needs root: run it with sudo')
    cache.need_space(SPACE, f'kernel {name}')
    cache.remove_leftovers('kernel-')
    say(f'kernel {name}: reading {", ".join(KERNELS[name])}')
    work = cache.making('kernel-work')
    os.makedirs(work)
    try:
        return _make(name, work, found)
    except packages.PackageError as error:
        raise LabError(f'kernel {name}: {error}') from error
    finally:
        cache.remove(work)


def _make(name, work, found):
    apt = packages.Apt(os.path.join(work, 'apt'), KERNELS[name])
    package = apt.kernel_package()
    version = apt.version(package)
    final = os.path.join(cache.directory(), f'kernel-{name}-{version}-{_key(name)}')
    if os.path.isdir(final):
        return final
    say(f'kernel {name}: fetching {package} {version}')
    tree, ready = os.path.join(work, 'tree'), os.path.join(work, 'ready')
    os.makedirs(ready)
    for part in apt.kernel_parts(package):
        apt.unpack(part, tree)
    modules = _modules_directory(tree)
    uname = os.listdir(modules)[0]
    shutil.copy(_first(os.path.join(tree, 'boot', f'vmlinuz-{uname}'),
                       os.path.join(modules, uname, 'vmlinuz')), os.path.join(ready, 'vmlinuz'))
    for part in PRUNED:
        shutil.rmtree(os.path.join(modules, uname, 'kernel', part), ignore_errors=True)
    config = os.path.join(tree, 'boot', f'config-{uname}')
    if os.path.exists(config):
        shutil.copy(config, os.path.join(modules, uname, 'config'))
    _run(['depmod', '-b', tree, uname])
    say(f'kernel {name}: initramfs and disk of modules for {uname}')
    write_initrd(os.path.join(ready, 'initrd.img'), tree, uname,
                 busybox(work))
    disk = os.path.join(ready, 'modules.img')
    size = cache.used(modules) // (1 << 20) * 115 // 100 + 32
    _run(['mke2fs', '-q', '-t', 'ext4', '-L', 'vfiod-modules', '-m', '0', '-O', '^has_journal',
          '-d', modules, disk, f'{size}M'])
    with open(os.path.join(ready, 'info.json'), 'w', encoding='utf-8') as info:
        json.dump({'release': uname, 'package': package, 'version': version}, info)
    os.rename(ready, final)
    if found and found != final:
        cache.remove(found)
    say(f'kernel {name}: {cache.used(final) >> 20} MiB, {os.path.basename(final)}')
    return final


def _modules_directory(tree):
    """Releases ship modules in /lib or /usr/lib, and kmod looks in either."""
    for here, there in (('lib', 'usr/lib'), ('usr/lib', 'lib')):
        modules = os.path.join(tree, here, 'modules')
        if os.path.isdir(modules):
            os.makedirs(os.path.join(tree, there), exist_ok=True)
            os.symlink(modules, os.path.join(tree, there, 'modules'))
            return modules
    raise LabError('the kernel package holds no modules')


def _first(*names):
    """The kernel itself moved between releases."""
    for name in names:
        if os.path.exists(name):
            return name
    raise LabError(f'the kernel package holds none of: {", ".join(names)}')


def busybox(work):
    """A static busybox of the root's release."""
    tree = os.path.join(work, 'busybox')
    packages.Apt(os.path.join(work, 'apt-root'), ROOT_SUITES).unpack('busybox-static', tree)
    return os.path.join(tree, 'bin/busybox')


def early_modules(base, uname):
    """Files of the modules the root disk needs, in the order they are loaded."""
    order = []
    for name in EARLY:
        done = subprocess.run(['modprobe', '-d', base, '-S', uname, '--show-depends', name],
                              capture_output=True, text=True, timeout=60, check=False)
        if done.returncode != 0 and name not in ('virtio_iommu', 'crc32c_generic'):
            # virtio_iommu: older kernels do not have it; crc32c_generic: newer ones neither
            raise LabError(f'kernel {uname} has no module {name}: {done.stderr.strip()}')
        for file in re.findall(r'^insmod (\S+)', done.stdout, re.M):
            if file not in order:
                order.append(file)
    return order


def write_initrd(target, base, uname, busybox_file):
    """The initramfs: busybox, init and the few modules, as a plain cpio archive."""
    entries = [(name, 0o40755, b'') for name in
               ('bin', 'dev', 'proc', 'sys', 'root', 'modules')]
    with open(busybox_file, 'rb') as content:
        entries.append(('bin/busybox', 0o100755, content.read()))
    for name in ('sh', 'mount', 'umount', 'insmod', 'cat', 'grep', 'sleep', 'poweroff', 'cp',
                 'chown', 'chroot', 'switch_root', 'echo'):
        entries.append((f'bin/{name}', 0o120777, b'busybox'))
    with open(os.path.join(INITRD, 'init'), 'rb') as content:
        entries.append(('init', 0o100755, content.read()))
    names = []
    for file in early_modules(base, uname):
        name = os.path.basename(file)
        with open(file, 'rb') as content:
            data = content.read()
        if name.endswith('.xz'):
            name, data = name[:-3], lzma.decompress(data)
        names.append(name)
        entries.append((f'modules/{name}', 0o100644, data))
    entries.append(('modules/order', 0o100644, '\n'.join(names + ['']).encode()))
    with open(target, 'wb') as out:
        for number, (name, mode, data) in enumerate(entries, 1):
            out.write(_cpio_entry(number, name, mode, data))
        out.write(_cpio_entry(0, 'TRAILER!!!', 0, b''))


def _cpio_entry(number, name, mode, data):
    raw = name.encode() + b'\0'
    fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(raw), 0)
    head = b'070701' + b''.join(b'%08X' % value for value in fields) + raw
    head += b'\0' * (-len(head) % 4)
    return head + data + b'\0' * (-len(data) % 4)


def _run(command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=1200, check=False)
    if done.returncode != 0:
        raise LabError(f'{command[0]} failed: {done.stderr.strip()[-2000:]}')
