# SPDX-License-Identifier: GPL-2.0-or-later
"""What the checks run in: a bus under the policy that is shipped, and a vfiod on it that serves a
recorded host. Bus, daemon and recordings are those of tests/hosts.
"""
import hashlib
import os
import pickle
import select
import shutil
import signal
import subprocess
import sys
import tempfile

import wire

HERE = os.path.dirname(os.path.realpath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
HOSTS = os.path.join(TOP, 'tests', 'hosts')
sys.path.insert(0, HOSTS)
import hostfile  # noqa: E402
import private  # noqa: E402

NOBODY = 65534
MANAGER_PATH = '/org/vfiod1'
MANAGER = 'org.vfiod1.Manager'
PROPERTIES = 'org.freedesktop.DBus.Properties'
CHILD_LIMIT = 60.0

# The rules of /usr/share/dbus-1/system.conf, in their order, around the policy that is shipped:
# what that one does not allow stays forbidden here as it does there. No service directories: a
# vfiod that happens to be installed must not be started.
SYSTEM_CONFIG = '''<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <deny own="*"/>
    <deny send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus"/>
    <allow send_destination="org.freedesktop.DBus"
           send_interface="org.freedesktop.DBus.Introspectable"/>
    <allow send_destination="org.freedesktop.DBus"
           send_interface="org.freedesktop.DBus.Properties"/>
  </policy>
  <policy user="root">
    <allow own="org.freedesktop.PolicyKit1"/>
    <allow send_destination="org.freedesktop.PolicyKit1"/>
  </policy>
  <include>POLICY</include>
</busconfig>
'''.replace('POLICY', os.path.join(TOP, 'conf', 'org.vfiod1.conf').replace('{', '{{')
            .replace('}', '}}'))

# private.Bus takes its configuration from there.
private.BUS_CONFIG = SYSTEM_CONFIG


class Failure(Exception):
    """A check that does not hold; the text says why."""


def require(condition, why):
    if not condition:
        raise Failure(why)


def digest(tree):
    """One value for all names, kinds, modes, targets and contents below tree."""
    total = hashlib.sha256()
    for directory, names, files in os.walk(tree):
        names.sort()
        for name in sorted(names + files):
            path = os.path.join(directory, name)
            status = os.lstat(path)
            total.update(f'{path}\0{status.st_mode}\0{status.st_mtime_ns}\0'.encode())
            if os.path.islink(path):
                total.update(os.readlink(path).encode())
            elif os.path.isfile(path):
                with open(path, 'rb') as f:
                    total.update(hashlib.sha256(f.read()).digest())
    return total.hexdigest()


def run_child(write_end, user, function, arguments):
    """The child of as_user(); does not return."""
    try:
        signal.alarm(int(CHILD_LIMIT))
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
        answer = (True, function(*arguments))
    except BaseException as e:  # pylint: disable=broad-except
        answer = (False, f'{type(e).__name__}: {e}')
    try:
        with os.fdopen(write_end, 'wb') as f:
            pickle.dump(answer, f)
    finally:
        os._exit(0)


def read_all(fd, limit, once=False):
    """What comes until nothing has come for so many seconds; once: only what comes first."""
    data = b''
    while select.select([fd], [], [], limit)[0]:
        more = os.read(fd, 1 << 20)
        if not more:
            break
        data += more
        if once:
            break
    return data


def as_nobody(function, *arguments):
    """Calls a function in a child that has dropped all rights. Returns: what it returned."""
    return as_user(NOBODY, function, *arguments)


def as_user(user, function, *arguments):
    """Calls a function in a child that is that user, and has no other rights."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read_end)
        run_child(write_end, user, function, arguments)
    os.close(write_end)
    data = read_all(read_end, CHILD_LIMIT)
    os.close(read_end)
    if not data:
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    require(data, 'the child without rights did not answer')
    fine, answer = pickle.loads(data)
    require(fine, f'as nobody: {answer}')
    return answer


class Ran:
    """How a run of vfioctl ended."""

    def __init__(self, done):
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr

    def words(self):
        return (self.err.strip() or self.out.strip()).decode(errors='replace')


class Programs:
    """writable: as vfiod, for hosts that can be changed (writable.c)."""

    def __init__(self, vfiod, vfioctl):
        self.vfiod, self.vfioctl = vfiod, vfioctl
        self.writable = os.path.join(os.path.dirname(vfiod), '..', 'tests', 'bus', 'vfiod-writable')


class World:
    """A bus, and on it a vfiod that serves a host of tests/hosts. host: None for no vfiod.
    change: called with the tree before it is served. writable: the host can be changed."""

    def __init__(self, programs, host=None, change=None, writable=False):
        self.programs, self.daemon, self.connection, self.bus = programs, None, None, None
        # Short, for the path of a socket is short.
        self.directory = tempfile.mkdtemp(prefix='vfiod-', dir='/tmp')
        try:
            self.start(host, change, programs.writable if writable else programs.vfiod)
        except BaseException:
            self.close()
            raise

    def start(self, host, change, vfiod):
        os.chmod(self.directory, 0o755)  # nobody must reach the socket and the client
        self.vfioctl = os.path.join(self.directory, 'vfioctl')
        shutil.copy(self.programs.vfioctl, self.vfioctl)
        os.chmod(self.vfioctl, 0o755)
        self.tree = os.path.join(self.directory, 'root')
        self.bus = private.Bus(self.directory)
        self.environment = dict(os.environ, DBUS_SYSTEM_BUS_ADDRESS=self.bus.address,
                                LC_ALL='C.UTF-8')
        if host is None:
            return
        hostfile.write_tree(hostfile.read(os.path.join(HOSTS, host + '.host')), self.tree)
        if change:
            change(self.tree)
        self.daemon = private.Daemon(vfiod, self.programs.vfioctl, self.tree,
                                     self.bus, os.path.join(self.directory, 'log'))
        self.daemon.wait()
        self.connection = self.connect()

    def connect(self, **options):
        return wire.Connection(os.path.join(self.directory, 'bus'), **options)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        try:
            if self.connection:
                self.connection.socket.close()
            if self.daemon:
                private.end(self.daemon.process)
            if self.bus:
                self.bus.close()
        finally:
            shutil.rmtree(self.directory, ignore_errors=True)

    def manager(self, member, signature='', *arguments):
        return self.connection.call(MANAGER_PATH, MANAGER, member, signature, *arguments)

    def managed_objects(self):
        objects, = self.connection.call(MANAGER_PATH, 'org.freedesktop.DBus.ObjectManager',
                                        'GetManagedObjects')
        return objects

    def run(self, *arguments, user=None):
        """Runs vfioctl. user: a number, for a child without rights."""
        rights = {} if user is None else {'user': user, 'group': user, 'extra_groups': []}
        try:
            return Ran(subprocess.run([self.vfioctl, *arguments], stdin=subprocess.DEVNULL,
                                      capture_output=True, timeout=private.CALL_LIMIT,
                                      env=self.environment, cwd='/', **rights))
        except subprocess.TimeoutExpired:
            raise Failure(f'vfioctl {" ".join(map(str, arguments))[:80]} did not end') from None


def refusal(function, *arguments):
    """Returns: the error that a call is answered with. Raises Failure if it is none."""
    try:
        answer = function(*arguments)
    except wire.BusError as e:
        return e
    raise Failure(f'it was taken and answered {str(answer)[:200]}')
