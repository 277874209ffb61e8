# SPDX-License-Identifier: GPL-2.0-or-later
"""One guest: its per-run disk, its QEMU process, and its end."""
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time

import cache
import topology
from cache import LabError
from disks import Disks
from qmp import Channel, Qmp

QEMU = 'qemu-system-x86_64'
# Each of these was worth seconds of a boot without KVM; none changes what the
# kernel does with PCI devices, groups or interrupts.
APPEND = ('console=ttyS0 quiet loglevel=4 panic=-1 systemd.unit=lab.target '
          'systemd.show_status=no systemd.firstboot=no mitigations=off nokaslr '
          'init_on_alloc=0 audit=0 random.trust_cpu=on no_timer_check '
          'cryptomgr.notests root=LABEL=vfiod-root '
          # The HPET costs an exit per reading, and wraps when QEMU is busy for 43 s.
          'tsc=reliable')


# MiB for what the jobs leave in /lab/out.
OUT_SIZE = 400


def has_kvm_node():
    """Whether it is worth trying."""
    return os.access('/dev/kvm', os.R_OK | os.W_OK)


def accelerator(kernel_directory):
    """'kvm' if a guest really runs with it, else 'tcg'; asked once per boot.

    That /dev/kvm can be opened proves nothing: in some virtual machines a
    kernel hangs there. So a kernel is booted as far as its initramfs.
    """
    forced = os.environ.get('VFIOD_LAB_ACCEL')
    if forced in ('kvm', 'tcg'):
        return forced
    if not has_kvm_node():
        return 'tcg'
    with open('/proc/sys/kernel/random/boot_id', encoding='ascii') as source:
        note = os.path.join(cache.directory(), f'accelerator-{source.read().strip()}')
    if os.path.exists(note):
        with open(note, encoding='ascii') as source:
            return source.read().strip()
    cache.say('trying whether KVM works (at most 20 s, once per boot of this machine)')
    command = [QEMU, *processor('kvm'), '-m', '512', '-nodefaults', '-display', 'none',
               '-no-reboot', '-serial', 'stdio',
               '-kernel', os.path.join(kernel_directory, 'vmlinuz'),
               '-initrd', os.path.join(kernel_directory, 'initrd.img'),
               '-append', 'console=ttyS0 panic=-1 lab.probe']
    process = start(command, subprocess.PIPE)
    try:
        words = process.communicate(timeout=20)[0]
    except subprocess.TimeoutExpired:
        words = b''
    finally:
        end(process)
    answer = 'kvm' if b'lab: probe ok' in words else 'tcg'
    for name in os.listdir(cache.directory()):
        if name.startswith('accelerator-'):
            os.unlink(os.path.join(cache.directory(), name))
    with open(note, 'w', encoding='ascii') as out:
        out.write(answer + '\n')
    cache.say(f'KVM {"works" if answer == "kvm" else "does not work: software emulation"}')
    return answer


def processor(accel):
    """Board and processor; the probe uses the same ones as a real run."""
    if accel == 'kvm':
        # Interrupt remapping needs the IO-APIC in QEMU.
        return ['-M', 'q35,kernel-irqchip=split', '-accel', 'kvm', '-cpu', 'host', '-smp', '2']
    # 57-bit addresses only make every page walk longer.
    return ['-M', 'q35', '-accel', 'tcg,thread=multi', '-cpu', 'max,la57=off', '-smp', '2']


def start(command, output):
    """Start QEMU so that it also ends when this process is killed outright."""
    # Its own session: a Ctrl-C reaches this program alone, which then ends QEMU.
    try:
        return subprocess.Popen(['setpriv', '--pdeathsig', 'KILL', '--'] + command,
                                stdin=subprocess.DEVNULL, stdout=output,
                                stderr=subprocess.STDOUT, start_new_session=True)
    except FileNotFoundError as error:
        raise LabError('setpriv (util-linux) is missing') from error


def end(process):
    """End this one process, by its id, whatever state it is in."""
    for number, seconds in ((signal.SIGTERM, 5), (signal.SIGKILL, 10)):
        if process.poll() is not None:
            break
        process.send_signal(number)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            pass
    if process.stdout:
        process.stdout.close()


def make_run_disk(target, scratch, options, word):
    """The per-run disk: jobs, the guest's library, truth, the topology, the build."""
    tree = os.path.join(scratch, 'disk')
    shutil.copytree(os.path.join(cache.LAB, 'guest'), os.path.join(tree, 'guest'))
    os.makedirs(os.path.join(tree, 'jobs'))
    jobs = []
    for job in options.jobs:
        path, *arguments = job.split()
        if not os.path.isfile(path):
            raise LabError(f'no job {path}')
        shutil.copy(path, os.path.join(tree, 'jobs'))
        jobs.append({'name': os.path.basename(path), 'arguments': arguments})
    describe = {'iommu': options.iommu, 'kernel': options.kernel, 'shpchp': options.shpchp,
                'sriov': options.sriov, 'append': options.append or '',
                'roles': topology.roles(options.iommu, options.sriov),
                'groups': topology.GROUPS, 'expect': topology.EXPECT[options.iommu],
                'hotplug_bus': topology.HOTPLUG_BUS, 'boot_word': word}
    for name, content in (('jobs.json', jobs), ('topology.json', describe)):
        with open(os.path.join(tree, name), 'w', encoding='utf-8') as out:
            json.dump(content, out, indent=1)
    build_truth(os.path.join(tree, 'truth'))
    for extra in options.add or []:
        copy = shutil.copytree if os.path.isdir(extra) else shutil.copy
        copy(extra, os.path.join(tree, os.path.basename(os.path.normpath(extra))))
    if options.tree:
        copy_build(options.tree, os.path.join(tree, 'tree'))
    os.makedirs(os.path.join(tree, 'out'))
    size = (cache.used(tree) >> 20) * 3 // 2 + 64 + (OUT_SIZE if options.take else 0)
    command(['mke2fs', '-q', '-t', 'ext4', '-L', 'vfiod-run', '-m', '0', '-O', '^has_journal',
             '-E', 'root_owner=0:0', '-d', tree, target, f'{size}M'])
    shutil.rmtree(tree)


def build_truth(target):
    """truth, static: the guest has no compiler and maybe another libc."""
    command([os.environ.get('CC', 'cc'), '-std=gnu11', '-O2', '-Wall', '-static', '-o', target,
             os.path.join(cache.LAB, 'truth.c')])


def copy_build(source, target):
    """A DESTDIR tree; /lib and /bin of the guest are links into /usr."""
    if not os.path.isdir(source):
        raise LabError(f'--tree {source}: no such directory')
    for name in os.listdir(source):
        place = f'usr/{name}' if name in ('bin', 'sbin', 'lib', 'lib64') else name
        here, there = os.path.join(source, name), os.path.join(target, place)
        if os.path.isdir(here) and not os.path.islink(here):
            shutil.copytree(here, there, symlinks=True, dirs_exist_ok=True)
        else:
            os.makedirs(target, exist_ok=True)
            shutil.copy2(here, there, follow_symlinks=False)


def command(words):
    """A helper program that must succeed."""
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=300, check=False)
    except FileNotFoundError as error:
        raise LabError(f'{words[0]} is missing: install it') from error
    if done.returncode != 0:
        raise LabError(f'{words[0]} failed: {done.stderr.strip()[-2000:]}')


class Guest:
    """A running guest. Use with "with": its process and files go whatever happens."""

    def __init__(self, root, kernel_directory, options):
        self.scratch = tempfile.mkdtemp(prefix='vfiod-lab-')
        self.process = None
        self.emulated = options.accel == 'tcg'
        self.output = os.path.join(self.scratch, 'output')
        self.console = os.path.join(self.scratch, 'console')
        self.words = os.path.join(self.scratch, 'qemu')
        try:
            self._boot(root, kernel_directory, options)
        except BaseException:
            self.close()
            raise

    def _boot(self, root, kernel_directory, options):
        disks = Disks(command, self.scratch, root, options)
        disk = os.path.join(self.scratch, 'run.img')
        make_run_disk(disk, self.scratch, options, disks.boot_word)
        for name in (self.output, self.console):
            with open(name, 'wb'):
                pass
        modules = os.path.join(kernel_directory, 'modules.img')
        words = self._machine(options) + self._disks(
            ('root', disks.root, 'qcow2', 'off'), ('modules', modules, 'raw', 'on'),
            ('run', disk, 'raw', 'off'))
        words += topology.arguments(options.iommu, disks.nvme, options.shpchp, options.sriov)
        words += ['-kernel', os.path.join(kernel_directory, 'vmlinuz'),
                  '-initrd', options.initrd or os.path.join(kernel_directory, 'initrd.img'),
                  '-append', f'{APPEND} {options.append or ""}'.strip()]
        self.started = time.monotonic()
        with open(self.words, 'wb') as log:
            self.process = start(words, log)
        try:
            self.qmp = Qmp(os.path.join(self.scratch, 'qmp'), self.running)
            self.channel = Channel(self.qmp, os.path.join(self.scratch, 'channel'),
                                   self.running)
        except (OSError, ValueError) as error:
            raise LabError(f'QEMU did not start: {self.last_words()}') from error
        self.channel.start()

    def _machine(self, options):
        return [QEMU, *processor(options.accel), '-m', '3072', '-nic', 'none',
                '-nodefaults', '-display', 'none', '-no-reboot', '-no-user-config',
                '-serial', f'file:{self.console}', '-serial', f'file:{self.output}',
                '-qmp', f'unix:{self.scratch}/qmp,server=on,wait=off',
                '-chardev', f'socket,id=channel,path={self.scratch}/channel,server=on,wait=off',
                '-device', 'virtio-serial-pci,addr=0x1b',
                '-device', 'virtserialport,chardev=channel,name=vfiod.lab']

    @staticmethod
    def _disks(*disks):
        words = []
        for index, (name, path, form, readonly) in enumerate(disks):
            if not path:
                continue
            words += ['-drive', f'if=none,id=disk{index},file={path},format={form},'
                                f'readonly={readonly},cache=unsafe',
                      '-device', f'virtio-blk-pci,drive=disk{index},serial={name},'
                                 f'addr={0x10 + index:#x}']
        return words

    def running(self):
        """Whether QEMU still runs."""
        return self.process.poll() is None

    def silent(self):
        """Whether the kernel has said nothing yet."""
        try:
            return os.path.getsize(self.console) == 0
        except OSError:
            return True

    def last_words(self, lines=60):
        """What QEMU itself and the guest's console said last."""
        text = []
        for path in (self.words, self.console):
            try:
                with open(path, encoding='utf-8', errors='replace') as source:
                    text += source.read().splitlines()[-lines:]
            except OSError:
                pass
        return '\n'.join(text)

    def keep_log(self, target):
        """Console first, then what the jobs printed."""
        with open(target, 'wb') as out:
            for path in (self.words, self.console, self.output):
                out.write(f'--- {os.path.basename(path)} ---\n'.encode())
                with open(path, 'rb') as source:
                    shutil.copyfileobj(source, out)

    def take(self, target):
        """What the jobs left, and synced, in /lab/out. The guest is at its end."""
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            end(self.process)
        # debugfs writes into no directory that is there, and says so only to people.
        shutil.rmtree(os.path.join(target, 'out'), ignore_errors=True)
        command(['debugfs', '-R', f'rdump /out {target}', os.path.join(self.scratch, 'run.img')])

    def close(self):
        """End the process, remove the files."""
        if self.process:
            end(self.process)
        shutil.rmtree(self.scratch, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
