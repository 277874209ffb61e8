# SPDX-License-Identifier: GPL-2.0-or-later
"""What the daemon makes of devices that are held as it starts: each is moved to VFIO, or given back to
its driver. Who holds them is in tests/boot, a whole boot in tests/lab/reboot."""
import os
import shutil
import time

from world import refusal, require

HOST = 'intel-desktop'
HELD = 'vfiod-boot'
NIC, GPU, AUDIO = '0000:05:00.0', '0000:01:00.0', '0000:01:00.1'
UNWISHED, HIDING = '0000:02:00.0', '0000:03:00.0'
DRIVERS = {NIC: 'igc', GPU: 'nouveau', AUDIO: 'snd_hda_intel', UNWISHED: 'nvme', HIDING: 'nvme'}
LIMIT = 60.0
# The graphics card's cannot be met: no such driver is VFIO's. Its sound was held along.
WISHES = f"""[device nic]
Match={NIC}
Identity=8086:15f3
[device graphics]
Match={GPU}
Identity=10de:1c02
Driver=nouveau
[device disk]
Match={HIDING}
Identity=IDS
"""


def device(tree, address, name=''):
    return os.path.join(tree, 'sys/bus/pci/devices', address, name)


def read(path):
    with open(path, encoding='ascii') as f:
        return f.read().strip()


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w', encoding='ascii') as f:
        f.write(text)


def ids(tree, address):
    return ':'.join(read(device(tree, address, name))[2:] for name in ('vendor', 'device'))


def hold(tree, address):
    """Without a driver it has no parts either."""
    for name in ('net', 'drm', 'sound', 'nvme'):
        shutil.rmtree(device(tree, address, name), ignore_errors=True)
    os.unlink(os.path.join(tree, 'sys/bus/pci/drivers', DRIVERS[address], address))
    os.unlink(device(tree, address, 'driver'))
    write(device(tree, address, 'driver_override'), HELD + '\n')
    write(device(tree, address, 'test-matching-driver'), DRIVERS[address])


def prepare(tree):
    """As vfiod-boot leaves it, in a boot that is open. fstab names a disk that nobody sees."""
    for address in DRIVERS:
        hold(tree, address)
    os.unlink(os.path.join(tree, 'sys/class/net/enp5s0'))
    write(os.path.join(tree, 'modules/vfio-pci'), '')
    write(os.path.join(tree, 'etc/vfiod/vfiod.conf'),
          WISHES.replace('8086:15f3', ids(tree, NIC)).replace('10de:1c02', ids(tree, GPU))
          .replace('IDS', ids(tree, HIDING)))
    write(os.path.join(tree, 'proc/self/mountinfo'), '22 1 0:21 / / rw - tmpfs tmpfs rw\n')
    write(os.path.join(tree, 'etc/fstab'), 'UUID=2a6c-11ee /data vfat nofail 0 0\n')
    write(os.path.join(tree, 'run/vfiod-boot/verdict'), 'open\n')


def closed(tree):
    """The same in a boot in which nothing is moved."""
    prepare(tree)
    write(os.path.join(tree, 'run/vfiod-boot/verdict'), 'incomplete\n')


def driver(world, address):
    link = device(world.tree, address, 'driver')
    return os.path.basename(os.readlink(link)) if os.path.islink(link) else None


def ends_on(world, address, wanted):
    limit = time.monotonic() + LIMIT
    while driver(world, address) != wanted and time.monotonic() < limit:
        time.sleep(0.1)
    require(driver(world, address) == wanted, f'{address} is on {driver(world, address)}, its '
            f'override is {read(device(world.tree, address, "driver_override"))}')


def findings(world, address):
    path, = world.manager('GetDevice', 's', address)
    value, = world.connection.call(path, 'org.freedesktop.DBus.Properties', 'Get', 'ss',
                                   'org.vfiod1.Device', 'Findings')
    return {str(finding[0]): finding for finding in value[1]}


def is_met(world):
    ends_on(world, NIC, 'vfio-pci')
    require('wish-refused' not in findings(world, NIC), findings(world, NIC))


def is_given_back(world, address):
    ends_on(world, address, DRIVERS[address])
    override = read(device(world.tree, address, 'driver_override'))
    require(override in ('', '(null)'), f'its override is {override}')


def is_refused(world):
    is_given_back(world, GPU)
    found = findings(world, GPU)
    require('wish-refused' in found and 'held' not in found, found)


def is_shown_first(world):
    """It may carry what fstab names: its driver has it for a while, so it is late."""
    ends_on(world, HIDING, 'vfio-pci')
    require('persisted-late' in findings(world, HIDING), findings(world, HIDING))


def foreign(tree):
    """Somebody else has put it on VFIO, by ids= perhaps."""
    hold(tree, UNWISHED)
    write(device(tree, UNWISHED, 'driver_override'), '(null)\n')
    os.makedirs(os.path.join(tree, 'sys/bus/pci/drivers/vfio-pci'), exist_ok=True)
    os.symlink('../../../../bus/pci/drivers/vfio-pci', device(tree, UNWISHED, 'driver'))
    os.symlink(os.path.relpath(os.path.realpath(device(tree, UNWISHED)),
                               os.path.join(tree, 'sys/bus/pci/drivers/vfio-pci')),
               os.path.join(tree, 'sys/bus/pci/drivers/vfio-pci', UNWISHED))


def is_persisted(world, address):
    path, = world.manager('GetDevice', 's', address)
    value, = world.connection.call(path, 'org.freedesktop.DBus.Properties', 'Get', 'ss',
                                   'org.vfiod1.Device', 'Persisted')
    return value[1]


def is_taken_back(world):
    """The wish is vfiod's own, though the binding is not."""
    persist = [('persist', ('b', True))]
    result, _ = world.manager('Prepare', 'sa{sv}', UNWISHED, persist)
    require(result == 'done' and is_persisted(world, UNWISHED), result)
    error = refusal(world.manager, 'Release', 'sa{sv}', UNWISHED, [])
    require(error.name == 'org.vfiod1.Error.NotManaged', error)
    require(is_persisted(world, UNWISHED), 'a plain release has taken the wish back')
    result, _ = world.manager('Release', 'sa{sv}', UNWISHED, persist)
    require(result == 'kept' and not is_persisted(world, UNWISHED), result)
    require(driver(world, UNWISHED) == 'vfio-pci', driver(world, UNWISHED))
    error = refusal(world.manager, 'Release', 'sa{sv}', UNWISHED, persist)
    require(error.name == 'org.vfiod1.Error.NotManaged', error)


def cases(open_world):
    world = open_world(HOST, prepare, writable=True)
    yield 'a wish is met', is_met, world
    yield 'a refused wish: given back', is_refused, world
    yield 'what was held along with it: given back', is_given_back, world, AUDIO
    yield 'what nobody wishes: given back', is_given_back, world, UNWISHED
    yield 'what may carry a disk that is missing: shown first', is_shown_first, world
    world = open_world(HOST, foreign, writable=True)
    yield 'the wish for a device of somebody else can be taken back', is_taken_back, world
    world = open_world(HOST, closed, writable=True)
    for address in DRIVERS:
        yield f'in a boot that is not open {address} is given back', is_given_back, world, address
