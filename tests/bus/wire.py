# SPDX-License-Identifier: GPL-2.0-or-later
"""A small D-Bus client. It sends what a library would not let through (an option given twice, wrong
types) and tells the name of an error, which busctl does not.

Values: str, int, float, bool, list for arrays and structs, (signature, value) for a variant, a list
of pairs for a dictionary that is sent, and a dict for one that is received.
"""
import os
import socket
import struct
import time

CALL_LIMIT = 20.0  # seconds; generous: sanitizers, slow machines

CALL, RETURN, ERROR, SIGNAL = 1, 2, 3, 4
INTERACTIVE = 4  # flag of a call: a person may be asked whether the caller may
(PATH, INTERFACE, MEMBER, ERROR_NAME, REPLY_SERIAL, DESTINATION, SENDER, SIGNATURE,
 UNIX_FDS) = range(1, 10)
NUMBERS = {'y': 'B', 'n': 'h', 'q': 'H', 'i': 'i', 'u': 'I', 'x': 'q', 't': 'Q', 'd': 'd', 'b': 'I',
           'h': 'I'}
DRIVER = 'org.freedesktop.DBus'


class BusError(Exception):
    """The answer was an error."""

    def __init__(self, name, message):
        super().__init__(f'{name}: {message}')
        self.name, self.message = name, message


class WireError(Exception):
    """There was no answer, or one that is no D-Bus."""


def split(signature):
    """The complete types of a signature: 'sa{sv}' gives ['s', 'a{sv}']."""
    types, start, depth = [], 0, 0
    for i, c in enumerate(signature):
        depth += (c in '({') - (c in ')}')
        if depth == 0 and c != 'a':
            types.append(signature[start:i + 1])
            start = i + 1
    return types


def alignment(kind):
    first = kind[0]
    if first in NUMBERS:
        return struct.calcsize(NUMBERS[first])
    return {'s': 4, 'o': 4, 'a': 4, 'g': 1, 'v': 1, '(': 8, '{': 8}[first]


class Writer:
    def __init__(self):
        self.data = bytearray()

    def align(self, n):
        self.data += bytes(-len(self.data) % n)

    def put(self, kind, value):
        first = kind[0]
        self.align(alignment(kind))
        if first in NUMBERS:
            self.data += struct.pack('<' + NUMBERS[first], value)
        elif first in 'so':
            text = value.encode()
            self.data += struct.pack('<I', len(text)) + text + b'\0'
        elif first == 'g':
            self.data += bytes([len(value)]) + value.encode() + b'\0'
        elif first == 'v':
            self.put('g', value[0])
            self.put(value[0], value[1])
        elif first == 'a':
            self.put_array(kind[1:], value)
        else:
            for part, item in zip(split(kind[1:-1]), value, strict=True):
                self.put(part, item)

    def put_array(self, kind, items):
        at = len(self.data)
        self.data += bytes(4)
        self.align(alignment(kind))
        start = len(self.data)
        for item in items:
            self.put(kind, item)
        struct.pack_into('<I', self.data, at, len(self.data) - start)


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def align(self, n):
        self.at += -self.at % n

    def number(self, code):
        value, = struct.unpack_from('<' + code, self.data, self.at)
        self.at += struct.calcsize(code)
        return value

    def text(self, length):
        text = self.data[self.at:self.at + length].decode()
        self.at += length + 1
        return text

    def get(self, kind):
        first = kind[0]
        self.align(alignment(kind))
        if first == 'b':
            return bool(self.number('I'))
        if first in NUMBERS:
            return self.number(NUMBERS[first])
        if first in 'so':
            return self.text(self.number('I'))
        if first == 'g':
            return self.text(self.number('B'))
        if first == 'v':
            inner = self.get('g')
            return inner, self.get(inner)
        if first == 'a':
            return self.get_array(kind[1:])
        return [self.get(part) for part in split(kind[1:-1])]

    def get_array(self, kind):
        length = self.number('I')
        self.align(alignment(kind))
        end, items = self.at + length, []
        while self.at < end:
            items.append(self.get(kind))
        return dict(items) if kind[0] == '{' else items


class Message:
    def __init__(self, kind, serial, fields, body):
        self.kind, self.serial, self.fields, self.body = kind, serial, fields, body

    def arguments(self):
        reader = Reader(self.body)
        return [reader.get(kind) for kind in split(self.fields.get(SIGNATURE, ''))]


class Connection:
    """A connection to the bus at a path. It is made with the rights that this process has now."""

    def __init__(self, path, descriptors=False):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.buffer, self.serial, self.signals = b'', 0, []
        self.flags = 0  # of the calls that are sent from now on
        try:
            self.socket.settimeout(CALL_LIMIT)
            self.socket.connect(path)
            user = str(os.geteuid()).encode().hex().encode()
            self.socket.sendall(b'\0AUTH EXTERNAL %s\r\n' % user)
            self.expect(b'OK ')
            if descriptors:
                self.socket.sendall(b'NEGOTIATE_UNIX_FD\r\n')
                self.expect(b'AGREE_UNIX_FD')
            self.socket.sendall(b'BEGIN\r\n')
            self.name, = self.call('/org/freedesktop/DBus', DRIVER, 'Hello', destination=DRIVER)
        except OSError as e:
            self.socket.close()
            raise WireError(f'the bus at {path}: {e}') from None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def expect(self, word):
        while not self.buffer.endswith(b'\r\n'):
            self.receive(time.monotonic() + CALL_LIMIT)
        if not self.buffer.startswith(word):
            raise WireError(f'the bus does not let us in: {self.buffer!r}')
        self.buffer = b''

    def receive(self, limit):
        left = limit - time.monotonic()
        if left <= 0:
            raise WireError('no answer in time')
        self.socket.settimeout(left)
        try:
            data = self.socket.recv(1 << 20)
        except socket.timeout:
            raise WireError('no answer in time') from None
        except OSError as e:
            raise WireError(f'the connection broke: {e}') from None
        if not data:
            raise WireError('the bus closed the connection')
        self.buffer += data

    def next_message(self, limit):
        while len(self.buffer) < 16:
            self.receive(limit)
        body_length, _, fields_length = struct.unpack_from('<III', self.buffer, 4)
        start = 16 + fields_length + -fields_length % 8
        while len(self.buffer) < start + body_length:
            self.receive(limit)
        whole, self.buffer = (self.buffer[:start + body_length], self.buffer[start + body_length:])
        if whole[:1] != b'l':
            raise WireError('a message that is not little-endian')
        reader = Reader(whole)
        reader.at = 12
        fields = {code: value for code, (_, value) in reader.get('a(yv)')}
        return Message(whole[1], struct.unpack_from('<I', whole, 8)[0], fields, whole[start:])

    def send(self, path, interface, member, signature, arguments, destination):
        fields = [(PATH, ('o', path)), (INTERFACE, ('s', interface)), (MEMBER, ('s', member)),
                  (DESTINATION, ('s', destination))]
        self.send_message(CALL, fields, signature, arguments)

    def send_message(self, kind, fields, signature, arguments):
        self.serial += 1
        body, head = Writer(), Writer()
        for part, value in zip(split(signature), arguments, strict=True):
            body.put(part, value)
        if signature:
            fields.append((SIGNATURE, ('g', signature)))
        flags = self.flags if kind == CALL else 0
        head.data += (b'l' + bytes([kind, flags, 1]) +
                      struct.pack('<II', len(body.data), self.serial))
        head.put('a(yv)', fields)
        head.align(8)
        try:
            self.socket.settimeout(CALL_LIMIT)
            if UNIX_FDS in dict(fields):
                socket.send_fds(self.socket, [bytes(head.data + body.data)], [0])
            else:
                self.socket.sendall(head.data + body.data)
        except OSError as e:
            raise WireError(f'the connection broke: {e}') from None

    def call_raw(self, path, interface, member, signature='', *arguments, destination='org.vfiod1'):
        """Returns: the reply. Raises BusError or WireError."""
        self.send(path, interface, member, signature, arguments, destination)
        return self.wait_for_answer()

    def wait_for_answer(self):
        """Of the call that was sent last. Raises BusError or WireError."""
        limit = time.monotonic() + CALL_LIMIT
        while True:
            message = self.next_message(limit)
            if message.kind == SIGNAL:
                self.signals.append(message)
            elif message.fields.get(REPLY_SERIAL) == self.serial:
                break
        if message.kind == ERROR:
            words = message.arguments()
            text = words[0] if words and isinstance(words[0], str) else ''
            raise BusError(message.fields[ERROR_NAME], text)
        return message

    def call(self, *arguments, **destination):
        """Returns: the values of the reply. Raises BusError or WireError."""
        return self.call_raw(*arguments, **destination).arguments()

    def send_descriptor(self, path, interface, member):
        """Calls a method with a file descriptor. Raises BusError, or returns the answer."""
        self.send_message(CALL, [(PATH, ('o', path)), (INTERFACE, ('s', interface)),
                                 (MEMBER, ('s', member)), (DESTINATION, ('s', 'org.vfiod1')),
                                 (UNIX_FDS, ('u', 1))], 'h', [0])
        return self.wait_for_answer().arguments()

    def driver(self, member, signature='', *arguments):
        """Calls a method of the bus itself."""
        return self.call('/org/freedesktop/DBus', DRIVER, member, signature, *arguments,
                         destination=DRIVER)

    def next_call(self, limit):
        """Waits for somebody's call. Returns: it, or None if none came in so many seconds."""
        until = time.monotonic() + limit
        while True:
            try:
                message = self.next_message(until)
            except WireError:
                if time.monotonic() >= until:
                    return None
                raise
            if message.kind == CALL:
                return message

    def answer(self, call, signature='', *arguments):
        """Answers a call that was received."""
        self.send_message(RETURN, [(REPLY_SERIAL, ('u', call.serial)),
                                   (DESTINATION, ('s', call.fields[SENDER]))], signature, arguments)
