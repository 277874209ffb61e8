# SPDX-License-Identifier: GPL-2.0-or-later
"""QMP, and the channel through which a guest asks for QMP commands."""
import json
import socket
import threading
import time

# What a job may ask for: the machine under test, never the host behind it.
ALLOWED = {'device_add', 'device_del', 'netdev_add', 'netdev_del', 'blockdev-add',
           'blockdev-del', 'object-add', 'object-del', 'qom-get', 'qom-set', 'qom-list',
           'query-pci', 'query-status', 'query-block', 'set_link', 'inject-nmi'}


class QmpError(Exception):
    """What QEMU answered instead of a result."""


def connect(path, alive, seconds=20):
    """A connected Unix socket; QEMU may still be starting, or have ended already."""
    deadline = time.monotonic() + seconds
    while True:
        sock = socket.socket(socket.AF_UNIX)
        try:
            sock.connect(path)
            return sock
        except OSError:
            sock.close()
            if not alive() or time.monotonic() > deadline:
                raise
            time.sleep(0.1)


class Qmp:
    """One QMP connection; events are dropped, answers come in order."""

    def __init__(self, path, alive):
        self.sock = connect(path, alive)
        self.sock.settimeout(30)
        self.stream = self.sock.makefile('rw', encoding='utf-8')
        self.stream.readline()
        self.command('qmp_capabilities')

    def command(self, name, arguments=None):
        request = {'execute': name}
        if arguments:
            request['arguments'] = arguments
        self.stream.write(json.dumps(request) + '\n')
        self.stream.flush()
        while True:
            line = self.stream.readline()
            if not line:
                raise QmpError('the virtual machine has ended')
            answer = json.loads(line)
            if 'return' in answer:
                return answer['return']
            if 'error' in answer:
                raise QmpError(answer['error']['desc'])


class Channel(threading.Thread):
    """Answers the guest's requests: one JSON line in, one JSON line out."""

    def __init__(self, qmp, path, alive):
        super().__init__(daemon=True)
        self.qmp = qmp
        self.sock = connect(path, alive)

    def run(self):
        try:
            stream = self.sock.makefile('rw', encoding='utf-8')
            for line in stream:
                stream.write(json.dumps(self._answer(line)) + '\n')
                stream.flush()
        except (OSError, ValueError):
            pass  # the guest is gone, and with it whoever would read an answer

    def _answer(self, line):
        try:
            request = json.loads(line)
            name = request['execute']
            if name not in ALLOWED:
                raise QmpError(f'{name} is not for guests')
            return {'return': self.qmp.command(name, request.get('arguments'))}
        except (QmpError, OSError, KeyError, ValueError) as error:
            return {'error': str(error)}
