# SPDX-License-Identifier: GPL-2.0-or-later
"""What jobs of the lab use inside the guest. Every wait in here has a limit."""
import glob
import json
import os
import select
import socket
import subprocess
import tempfile
import time

LAB = '/lab'
PCI = '/sys/bus/pci/devices'
CHANNEL = '/dev/virtio-ports/vfiod.lab'
with open(f'{LAB}/topology.json', encoding='utf-8') as _source:
    TOPOLOGY = json.load(_source)


# --- reporting -------------------------------------------------------------

def ok(name, cond, why=''):
    """One check, one line; returns the condition."""
    if cond:
        print(f'ok {name}', flush=True)
    else:
        print(f'not ok {name}: {" ".join(str(why).split())}', flush=True)
    return bool(cond)


def note(text):
    """Lines for the reader, not counted."""
    for line in str(text).splitlines() or ['']:
        print(f'# {line}', flush=True)


def run(command, timeout=60, text=None):
    """A finished command: .returncode (124: out of time), .stdout, .stderr."""
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=timeout,
                              input=text, shell=isinstance(command, str), check=False)
    except subprocess.TimeoutExpired as error:
        done = [(part or b'').decode(errors='replace') if not isinstance(part, str) else part
                for part in (error.stdout, error.stderr)]
        return subprocess.CompletedProcess(command, 124, done[0],
                                           done[1] + f'\nnot done after {timeout} s')


def wait_for(fn, timeout=20, pause=0.1):
    """The first true answer of fn, or its last one."""
    deadline = time.monotonic() + timeout
    while True:
        answer = fn()
        if answer or time.monotonic() > deadline:
            return answer
        time.sleep(pause)


# --- the machine -------------------------------------------------------------

def addr(role):
    """The PCI address of a role, or None: follows the path through the bridges."""
    place = '/sys/devices/pci0000:00'
    for step in TOPOLOGY['roles'][role]:
        found = glob.glob(f'{place}/[0-9a-f]*:[0-9a-f][0-9a-f]:{step}')
        if not found:
            return None
        place = found[0]
    return os.path.basename(place)


def addrs(*roles):
    """The addresses of several roles."""
    return [addr(role) for role in roles]


def roles_of_group(name):
    """The addresses that topology.py promises for a group."""
    return sorted(str(addr(role)) for role in TOPOLOGY['groups'][name])


def exists(address):
    """Whether the kernel has the device."""
    return os.path.exists(f'{PCI}/{address}')


def read(path):
    """A small file's text without its end of line, or None."""
    try:
        with open(path, encoding='utf-8', errors='replace') as source:
            return source.read().strip('\n')
    except OSError:
        return None


def write(path, text):
    """Write to sysfs in one write; the errno's name, or None when it went well."""
    try:
        handle = os.open(path, os.O_WRONLY)
    except OSError as error:
        return errno_name(error)
    try:
        os.write(handle, text.encode())
        return None
    except OSError as error:
        return errno_name(error)
    finally:
        os.close(handle)


def errno_name(error):
    """ENOENT and not "No such file"."""
    import errno  # pylint: disable=import-outside-toplevel
    return errno.errorcode.get(error.errno, str(error.errno))


def driver(address):
    """The bound driver's name, or None."""
    try:
        return os.path.basename(os.readlink(f'{PCI}/{address}/driver'))
    except OSError:
        return None


def group(address):
    """The IOMMU group's number as text, or None."""
    try:
        return os.path.basename(os.readlink(f'{PCI}/{address}/iommu_group'))
    except OSError:
        return None


def members(number):
    """Sorted names of a group's devices."""
    try:
        return sorted(os.listdir(f'/sys/kernel/iommu_groups/{number}/devices'))
    except OSError:
        return []


def override(address, value):
    """Set driver_override; None or '' clears it (an empty write does nothing)."""
    return write(f'{PCI}/{address}/driver_override', (value or '') + '\n')


def get_override(address):
    """driver_override, '' when there is none."""
    value = read(f'{PCI}/{address}/driver_override')
    return '' if value in (None, '(null)') else value


def unbind(address):
    """Take the device from its driver, if it has one."""
    if driver(address) is None:
        return None
    return write(f'{PCI}/{address}/driver/unbind', address)


def modprobe(module):
    """Load a module; its message, or None."""
    done = run(['modprobe', module])
    return done.stderr.strip() if done.returncode else None


def bind(address, name):
    """By hand, as from a shell: leaves driver_override set for a VFIO driver."""
    if driver(address) == name:
        return None
    unbind(address)
    if name in ('vfio-pci', 'pci-stub'):
        modprobe(name)
        override(address, name)
    else:
        override(address, None)
    return write(f'/sys/bus/pci/drivers/{name}/bind', address)


def restore(address, name):
    """Back to a driver (None: unbound), no override left."""
    unbind(address)
    override(address, None)
    return bind(address, name) if name else None


# --- hotplug -----------------------------------------------------------------

class QmpError(Exception):
    """The host's refusal."""


def qmp(execute, _timeout=30, **arguments):
    """A QMP command on the machine this guest runs in."""
    if not wait_for(lambda: os.path.exists(CHANNEL), 20):
        raise QmpError(f'{CHANNEL} is not there')
    arguments = {name.replace('__', '-'): value for name, value in arguments.items()}
    handle = os.open(CHANNEL, os.O_RDWR)
    try:
        os.write(handle, json.dumps({'execute': execute, 'arguments': arguments}).encode() + b'\n')
        data = b''
        deadline = time.monotonic() + _timeout
        while not data.endswith(b'\n'):
            if not select.select([handle], [], [], max(0, deadline - time.monotonic()))[0]:
                raise QmpError(f'no answer to {execute} in {_timeout} s')
            data += os.read(handle, 65536)
    finally:
        os.close(handle)
    answer = json.loads(data)
    if 'error' in answer:
        raise QmpError(answer['error'])
    return answer['return']


# --- the kernel's own answer ---------------------------------------------------

def _truth(*words, timeout=30):
    done = run([f'{LAB}/truth', *words], timeout)
    steps = dict(line.split('=', 1) for line in done.stdout.splitlines() if '=' in line)
    steps['exit'] = done.returncode
    return steps


def truth_viable(number):
    """True or False as the kernel says; None if it cannot be asked (no node, in use)."""
    answer = _truth('viable', str(number)).get('viable')
    return None if answer is None else answer == '1'


def truth_attach(number, address):
    """Every step of a start, by name: 'ok' or the errno's name."""
    return _truth('attach', str(number), address)


class Hold:
    """Keeps a group open; with an address, attached as by a VM. Use with "with"."""

    def __init__(self, number, address=None):
        words = ['hold', str(number), address] if address else ['hold-group', str(number)]
        self.process = subprocess.Popen([f'{LAB}/truth', *words], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.output = ''
        deadline = time.monotonic() + 30
        while 'held\n' not in self.output and time.monotonic() < deadline:
            if select.select([self.process.stdout], [], [], 1)[0]:
                data = os.read(self.process.stdout.fileno(), 4096).decode()
                if not data:
                    break
                self.output += data
        self.held = 'held\n' in self.output

    @property
    def pid(self):
        """For "who holds the group"."""
        return self.process.pid

    def close(self):
        """Let go and wait until it is gone."""
        self.process.stdin.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


# --- a real client -------------------------------------------------------------

class Qemu:
    """A real QEMU with the devices; -S, so nothing has to boot."""

    def __init__(self, addresses, seconds=60):
        self.directory = tempfile.mkdtemp(prefix='lab-qemu-')
        path = f'{self.directory}/qmp'
        command = ['qemu-system-x86_64', '-M', 'q35', '-accel', 'tcg', '-S', '-m', '64',
                   '-display', 'none', '-monitor', 'none', '-serial', 'none', '-parallel', 'none',
                   '-nodefaults', '-qmp', f'unix:{path},server=on,wait=off']
        for address in addresses:
            command += ['-device', f'vfio-pci,host={address}']
        self.errors = open(f'{self.directory}/stderr', 'w+', encoding='utf-8', errors='replace')
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=self.errors)
        self.is_up = self._answers(path, seconds)
        self.stderr = self._text()

    def _answers(self, path, seconds):
        # The greeting comes early, a command is answered only when every device is made.
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.process.poll() is None:
            with socket.socket(socket.AF_UNIX) as sock:
                sock.settimeout(max(1, deadline - time.monotonic()))
                try:
                    sock.connect(path)
                    sock.sendall(b'{"execute":"qmp_capabilities"}\n{"execute":"query-status"}\n')
                    data = b'-'
                    while data and b'"status"' not in data:
                        more = sock.recv(4096)
                        data = data + more if more else b''
                    if data:
                        return self.process.poll() is None
                except OSError:
                    pass
            time.sleep(0.2)
        return False

    def _text(self):
        self.errors.flush()
        self.errors.seek(0)
        return self.errors.read()

    @property
    def pid(self):
        """For "who holds the group"."""
        return self.process.pid

    def stop(self):
        """End it; returns whether it is gone."""
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            # SIGKILL on a process stuck in the kernel makes things worse.
            return False
        self.errors.close()
        run(['rm', '-rf', self.directory])
        return True

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def start_qemu(*addresses, seconds=60):
    """(is_up, stderr, qemu): stop it with qemu.stop()."""
    machine = Qemu(addresses, seconds)
    return machine.is_up, machine.stderr, machine
