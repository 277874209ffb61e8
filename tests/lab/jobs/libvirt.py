#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A real libvirtd, confined as Debian does it, starts guests through the hook. Needs --variant full.

All of it is used from where it is installed."""
import os
import subprocess
import sys
import time

import labguest as lab
import vfiodlab as vfiod
from labguest import ok

FIRST, SECOND = lab.addrs('two_a', 'two_b')
NIC, AHCI, NVME = lab.addrs('nic', 'ahci', 'nvme')
PAIR_A, PAIR_B = lab.addrs('pair_a', 'pair_b')
HOOK = '/etc/libvirt/hooks/qemu.d/vfiod'
# libvirt's profile lets it run what is below that directory.
ASIDE = '/etc/libvirt/hooks/lab'
SLOW = 150  # seconds; the guest is emulated, and QEMU in it once more

# The guest's XML is read first: libvirtd writes it only while it runs.
STOPPER = f'''#!/bin/sh
cat >/run/lab/xml
if [ -e "/run/lab/stop-$2" ]; then kill -STOP "$PPID"; fi
exec {ASIDE}/vfiod "$@" </run/lab/xml
'''


def hostdev(address, managed='no'):
    domain, bus, rest = address.split(':')
    slot, function = rest.split('.')
    return (f"<hostdev mode='subsystem' type='pci' managed='{managed}'><source>"
            f"<address domain='0x{domain}' bus='0x{bus}' slot='0x{slot}' function='0x{function}'/>"
            f"</source></hostdev>")


def nvme_disk(address):
    domain, bus, rest = address.split(':')
    slot, function = rest.split('.')
    return ("<disk type='nvme' device='disk'><driver name='qemu' type='raw'/>"
            "<source type='pci' managed='no' namespace='1'>"
            f"<address domain='0x{domain}' bus='0x{bus}' slot='0x{slot}' function='0x{function}'/>"
            "</source><target dev='vda' bus='virtio'/></disk>")


def virsh(*words, timeout=SLOW):
    return lab.run(['virsh', '-q', *words], timeout)


def define(name, *devices, seclabel=''):
    """A guest that never runs an instruction: what is tried here is its start and its end."""
    path = f'/run/lab/{name}.xml'
    with open(path, 'w', encoding='utf-8') as out:
        out.write(f"""<domain type='qemu'><name>{name}</name><memory unit='MiB'>64</memory>
<vcpu>1</vcpu><os><type arch='x86_64' machine='q35'>hvm</type></os>
<devices><emulator>/usr/bin/qemu-system-x86_64</emulator>
<controller type='usb' model='none'/><memballoon model='none'/>{''.join(devices)}</devices>
{seclabel}</domain>""")
    virsh('undefine', name)  # of an earlier part; each definition has a new uuid
    done = virsh('define', path)
    ok(f'{name}-defined', done.returncode == 0, done.stderr)


def start(name):
    return virsh('start', name, '--paused')


def words(done):
    return done.stdout + done.stderr


def drivers(*addresses):
    return tuple(lab.driver(address) for address in addresses)


def state(name):
    return virsh('domstate', name).stdout.strip()


def check_two_devices():
    """Two hostdevs, with a vfiod that is started by the hook's call; then the host drivers are back."""
    before = drivers(FIRST, SECOND)
    lab.run(['systemctl', 'stop', 'vfiod'], 60)
    define('two', hostdev(FIRST), hostdev(SECOND))
    done = start('two')
    ok('two-starts', done.returncode == 0 and state('two') == 'paused', words(done))
    ok('two-prepared', drivers(FIRST, SECOND) == ('vfio-pci', 'vfio-pci'), drivers(FIRST, SECOND))
    seen = vfiod.device(FIRST)
    ok('two-by-vfiod', seen.get('managed_by') == 'vfiod' and seen.get('state') == 'busy', seen)
    done = virsh('destroy', 'two')
    ok('two-ends', done.returncode == 0, words(done))
    ok('two-host-drivers-back', drivers(FIRST, SECOND) == before, drivers(FIRST, SECOND))
    ok('two-nobody-has-it', vfiod.device(FIRST).get('managed_by') is None, vfiod.device(FIRST))
    # As it is for a person: again and again.
    for turn in range(2):
        done = start('two')
        ok(f'two-again-{turn}', done.returncode == 0, words(done))
        virsh('destroy', 'two')
    ok('two-back-again', drivers(FIRST, SECOND) == before, drivers(FIRST, SECOND))


def check_confined():
    """What all this is worth: the profile that libvirtd has on a Debian is in force."""
    pid = lab.run('systemctl show -P MainPID libvirtd').stdout.strip()
    profile = lab.read(f'/proc/{pid}/attr/current') or ''
    ok('libvirtd-is-confined', profile.startswith('libvirtd (enforce)'), profile)


def check_blocked():
    """A refusal is virsh's error, with our cause; what had moved is back."""
    before = drivers(NIC, AHCI)
    define('blocked', hostdev(NIC), hostdev(AHCI))
    done = start('blocked')
    ok('blocked-does-not-start', done.returncode != 0 and state('blocked') == 'shut off', words(done))
    ok('blocked-says-why', 'Hook script execution failed' in done.stderr and
       f'vfiod: {AHCI} cannot be prepared' in done.stderr and 'lpc_ich' in done.stderr, words(done))
    lab.note(done.stderr)
    ok('blocked-changes-nothing', drivers(NIC, AHCI) == before, drivers(NIC, AHCI))


def check_consent():
    """A device alone does not take another with it; both of one guest agree."""
    before = drivers(PAIR_A, PAIR_B)
    define('half', hostdev(PAIR_A))
    done = start('half')
    ok('half-does-not-start', done.returncode != 0 and PAIR_B in done.stderr and
       '--with' in done.stderr, words(done))
    ok('half-changes-nothing', drivers(PAIR_A, PAIR_B) == before, drivers(PAIR_A, PAIR_B))
    define('pair', hostdev(PAIR_A), hostdev(PAIR_B))
    done = start('pair')
    ok('pair-starts', done.returncode == 0, words(done))
    ok('pair-prepared', drivers(PAIR_A, PAIR_B) == ('vfio-pci', 'vfio-pci'), drivers(PAIR_A, PAIR_B))
    virsh('destroy', 'pair')
    ok('pair-back', drivers(PAIR_A, PAIR_B) == before, drivers(PAIR_A, PAIR_B))


def check_managed():
    """managed='yes' is libvirt's, and the journal says so."""
    before = drivers(NIC)
    define('managed', hostdev(NIC, 'yes'))
    done = start('managed')
    ok('managed-starts', done.returncode == 0, words(done))
    seen = vfiod.device(NIC)
    ok('managed-is-not-ours', lab.driver(NIC) == 'vfio-pci' and seen.get('managed_by') != 'vfiod', seen)
    journal = lab.run('journalctl -q --no-pager -t vfiod-libvirt-hook VFIOD_GUEST=managed').stdout
    ok('managed-is-said', f"{NIC} (<hostdev>) has managed='yes' and is left to libvirt" in journal,
       journal)
    virsh('destroy', 'managed')
    ok('managed-back', lab.wait_for(lambda: drivers(NIC) == before, 20), drivers(NIC))


def check_claims():
    """What a person has prepared stays prepared when the guest ends."""
    before = drivers(NIC)
    ok('claim-prepare', vfiod.ctl('prepare', NIC, '--for', 'me').returncode == 0)
    define('claims', hostdev(NIC))
    done = start('claims')
    ok('claims-starts', done.returncode == 0, words(done))
    virsh('destroy', 'claims')
    ok('claims-kept', drivers(NIC) == ('vfio-pci',), drivers(NIC))
    ok('claim-release', vfiod.ctl('release', NIC, '--for', 'me').returncode == 0)
    ok('claims-back', drivers(NIC) == before, drivers(NIC))


def check_nvme():
    """A disk that QEMU drives itself. The profile that Debian 12's libvirt makes for such a guest does
    not let it have the group's node, so this one has none."""
    before = drivers(NVME)
    lab.run('wipefs -a /dev/nvme0n1; mkswap /dev/nvme0n1; udevadm settle', 60)
    done = vfiod.ctl('--json', 'prepare', NVME)
    ok('disk-holds-data', done.returncode == 1 and 'disk-holds-data' in done.stdout, done.stdout)
    define('disk', nvme_disk(NVME), seclabel="<seclabel type='none' model='apparmor'/>")
    done = start('disk')
    ok('disk-prepared-and-starts', done.returncode == 0 and drivers(NVME) == ('vfio-pci',), words(done))
    virsh('destroy', 'disk')
    ok('disk-back', drivers(NVME) == before, drivers(NVME))


def is_stopped(pid):
    status = lab.read(f'/proc/{pid}/stat') or ''
    return status.rpartition(')')[2].split()[:1] == ['T']


def stopped(name, operation, command, expected):
    """libvirtd is stopped while its hook is at work; what the hook asked for is done all the same."""
    pid = lab.run('systemctl show -P MainPID libvirtd').stdout.strip()
    flag = f'/run/lab/stop-{operation}'
    with open(flag, 'w', encoding='ascii'):
        pass
    before = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as asked:
        held = lab.wait_for(lambda: is_stopped(pid), SLOW)
        begin = time.monotonic()
        done = lab.wait_for(lambda: drivers(FIRST, SECOND) == expected, 30)
        ok(f'{name}-done-while-stopped', held and done and is_stopped(pid) and asked.poll() is None,
           f'{held} {drivers(FIRST, SECOND)}')
        lab.note(f'{name}: libvirtd stopped after {begin - before:.1f} s, the work took '
                 f'{time.monotonic() - begin:.1f} s more')
        answer = lab.run(['vfioctl', '--json', 'show', FIRST], 20)
        ok(f'{name}-vfiod-answers', answer.returncode == 0, answer.stderr)
        gone = lab.wait_for(lambda: not lab.run('pgrep -x -r R,S,D,T vfiod-libvirt-h').stdout, 30)
        ok(f'{name}-hook-has-ended', gone, lab.run('ps ax').stdout)
        os.unlink(flag)
        lab.run(['kill', '-CONT', pid])
        try:
            said = asked.communicate(timeout=SLOW)[0]
        except subprocess.TimeoutExpired:
            asked.kill()
            said = 'virsh did not end'
    ok(f'{name}-libvirtd-goes-on', asked.returncode == 0, said)


def check_stopped_libvirtd():
    before = drivers(FIRST, SECOND)
    define('two', hostdev(FIRST), hostdev(SECOND))
    os.makedirs(ASIDE, exist_ok=True)
    os.rename(HOOK, f'{ASIDE}/vfiod')
    with open(HOOK, 'w', encoding='ascii') as out:
        out.write(STOPPER)
    os.chmod(HOOK, 0o755)
    stopped('stopped-start', 'prepare', ['virsh', '-q', 'start', 'two', '--paused'],
            ('vfio-pci', 'vfio-pci'))
    ok('stopped-start-runs', state('two') == 'paused', state('two'))
    stopped('stopped-end', 'release', ['virsh', '-q', 'destroy', 'two'], before)
    os.rename(f'{ASIDE}/vfiod', HOOK)


def check_no_vfiod():
    """vfiod is switched off: the error says so and how to go on; a guest without devices starts."""
    define('two', hostdev(FIRST), hostdev(SECOND))
    lab.run(['systemctl', 'mask', '--now', 'vfiod'], 60)
    done = start('two')
    ok('masked-says-so', done.returncode != 0 and 'masked' in done.stderr and
       'systemctl unmask vfiod' in done.stderr, words(done))
    define('plain')
    done = start('plain')
    ok('masked-does-not-matter-to-others', done.returncode == 0, words(done))
    virsh('destroy', 'plain')
    lab.run(['systemctl', 'unmask', 'vfiod'], 60)


SCRIPT = '''set -eu
vfioctl prepare "$1" --for qemu:games
trap 'vfioctl release "$1" --for qemu:games' EXIT
trap 'exit 143' TERM INT HUP
timeout 20 qemu-system-x86_64 -M q35 -m 64 -S -nodefaults -display none -device vfio-pci,host="$1"
'''


def check_script():
    """The script of the manual, with a QEMU that is ended; and where VFIO would refuse."""
    before = drivers(FIRST, SECOND)
    done = lab.run(['sh', '-c', SCRIPT, 'sh', FIRST], 90)
    ok('script', done.returncode == 124 and 'is prepared' in done.stdout and not
       [line for line in done.stderr.splitlines() if 'vfio ' in line], words(done))
    ok('script-back', drivers(FIRST, SECOND) == before, drivers(FIRST, SECOND))
    done = lab.run(['sh', '-c', SCRIPT, 'sh', AHCI], 90)
    ok('script-refused', done.returncode == 1 and 'lpc_ich' in done.stderr, words(done))


PARTS = {
    'confined': check_confined,
    'two': check_two_devices,
    'blocked': check_blocked,
    'consent': check_consent,
    'managed': check_managed,
    'claims': check_claims,
    'nvme': check_nvme,
    'stopped': check_stopped_libvirtd,
    'masked': check_no_vfiod,
    'script': check_script,
}


def main():
    """All of it, or the parts that are named."""
    for role in ('two_a', 'two_b', 'nic', 'nvme', 'pair_a', 'pair_b'):
        lab.wait_for(lambda role=role: lab.driver(lab.addr(role)), 20)
    before = {address: lab.driver(address) for address in os.listdir(lab.PCI)}
    ok('installed', os.access(HOOK, os.X_OK) and os.access('/usr/sbin/vfiod-libvirt-hook', os.X_OK))
    lab.run(['systemctl', 'daemon-reload'])
    if not ok('libvirtd-starts', lab.run(['systemctl', 'start', 'libvirtd'], 180).returncode == 0 and
              virsh('list').returncode == 0, lab.run('journalctl -u libvirtd -n 30').stdout):
        return 1
    for name in sys.argv[1:] or PARTS:
        PARTS[name]()
    after = {address: lab.driver(address) for address in os.listdir(lab.PCI)}
    ok('all-as-it-was', before == after, [(a, before[a], after.get(a)) for a in before
                                          if before[a] != after.get(a)])
    vfiod.check_end()
    return 0


if __name__ == '__main__':
    sys.exit(main())
