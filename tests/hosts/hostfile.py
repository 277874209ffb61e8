# SPDX-License-Identifier: GPL-2.0-or-later
"""The text format of a recorded host: reading, writing, and making the tree.

The parser is strict, and so is what it lets a file make: a recording comes with
bug reports from strangers, so nothing in it may reach outside its directory.
"""
import errno
import os
import re
import struct

UNREADABLE = '.unreadable'  # what daemon/sources/root.h reads
LOG = 'kernel-log.export'   # what daemon/sources/journal-recorded.h reads
KINDS = ('d', 'f', 'l', 'u', 'k')
FIELD_NAME = re.compile('[A-Z_][A-Z0-9_]{0,63}')
ERRNO_NAMES = frozenset(errno.errorcode.values())
ESCAPES = {ord('\n'): '\\n', ord('\t'): '\\t', ord('\\'): '\\\\'}
SEPARATORS = {'f': ' =', 'l': ' ->', 'u': ' ='}


class HostFileError(Exception):
    """A recording that cannot be taken as it is; the text names file and line."""


class Entry:
    """One line: a directory, a file (bytes), a link (target) or an errno. Or the kernel's log, of
    many lines: a list of records, each a list of (name, bytes)."""

    def __init__(self, kind, path, value=None, line=0):
        self.kind, self.path, self.value, self.line = kind, path, value, line

    def __eq__(self, other):
        return (self.kind, self.path, self.value) == (other.kind, other.path, other.value)

    def __repr__(self):
        return f'Entry({self.kind!r}, {self.path!r}, {self.value!r})'


def escape(data, word=False):
    """Bytes as printable ASCII. word: no white space either (a path)."""
    text = ''
    for i, byte in enumerate(data):
        # A space at either end would be lost to editors and to the eye.
        hidden = byte == 0x20 and (word or i in (0, len(data) - 1))
        if byte in ESCAPES:
            text += ESCAPES[byte]
        elif hidden or not 0x20 <= byte <= 0x7e:
            text += f'\\x{byte:02x}'
        else:
            text += chr(byte)
    return text


def unescape(text):
    """The reverse of escape(). Raises ValueError with what is wrong."""
    data = bytearray()
    position = 0
    while position < len(text):
        character = text[position]
        if not ' ' <= character <= '~':
            raise ValueError(f'character {character!r} must be escaped')
        if character != '\\':
            data.append(ord(character))
            position += 1
            continue
        match = re.compile(r'\\(?:([nt\\])|x([0-9a-fA-F]{2}))').match(text, position)
        if not match:
            raise ValueError(f'bad escape at "{text[position:position + 4]}"')
        simple, code = match.groups()
        data.append({'n': 10, 't': 9, '\\': 92}[simple] if simple else int(code, 16))
        position = match.end()
    return bytes(data)


def format_entry(entry):
    """One line of a recording, without its newline; of the log all lines."""
    if entry.kind == 'k':
        return '\n'.join(format_log(entry.value))
    path = escape(os.fsencode(entry.path), word=True)
    if entry.kind == 'd':
        return f'd {path}'
    if entry.kind == 'f':
        return f'f {path} = {escape(entry.value)}'.rstrip(' ')
    if entry.kind == 'l':
        return f'l {path} -> {escape(os.fsencode(entry.value))}'
    return f'u {path} = {entry.value}'


def format_log(records):
    """The lines of a log."""
    for record in records:
        for name, value in record:
            yield f'k {name}={escape(value)}'
        yield 'k'


def export_log(records):
    """A log as journal export text (systemd.io/JOURNAL_EXPORT_FORMATS)."""
    text = b''
    for record in records:
        for name, value in record:
            if all(byte == 9 or 0x20 <= byte <= 0x7e for byte in value):
                text += name.encode() + b'=' + value + b'\n'
            else:
                text += name.encode() + b'\n' + struct.pack('<Q', len(value)) + value + b'\n'
        text += b'\n'
    return text


def check_path(path):
    """Raises ValueError for a path that could lead out of the tree."""
    if path.startswith('/'):
        raise ValueError(f'path {path} is absolute')
    parts = path.split('/')
    if '..' in parts:
        raise ValueError(f'path {path} contains ".."')
    if '' in parts or '.' in parts or '\0' in path:
        raise ValueError(f'path "{path}" is not in its plain form')
    if parts[0] in (UNREADABLE, LOG):
        raise ValueError(f'path {path} is reserved')
    if '\n' in path:
        raise ValueError('a path of one line is needed')  # .unreadable has one per line


def parse_line(line):
    """An Entry, or None for a comment. That of the log has the one field of its line, or none where
    a record ends. Raises ValueError."""
    if not line or line.startswith('#'):
        return None
    kind, space, rest = line.partition(' ')
    if line == 'k':
        return Entry('k', LOG)
    if kind == 'k' and space:
        return Entry('k', LOG, parse_field(rest))
    if kind not in KINDS or not space:
        raise ValueError(f'no line of a recorded host begins with "{line[:20]}"')
    separator = SEPARATORS.get(kind)
    word, found, value = rest.partition(' ')
    if separator is None:
        if found:
            raise ValueError('a directory takes a path and nothing else')
    elif found + value != separator and not (found + value).startswith(separator + ' '):
        raise ValueError(f'"{separator.strip()}" must follow the path')
    else:
        value = (found + value)[len(separator) + 1:]
    path = os.fsdecode(unescape(word))
    check_path(path)
    return Entry(kind, path, parse_value(kind, value))


def parse_field(text):
    """A field of the log. Raises ValueError."""
    name, equals, value = text.partition('=')
    if not equals or not FIELD_NAME.fullmatch(name):
        raise ValueError('a line of the log is NAME=VALUE')
    return name, unescape(value)


class Log:
    """The log of a recording while its lines are read."""

    def __init__(self):
        self.entry, self.record = None, []

    def take(self, entry):
        """Adds a line. Returns: the log as an Entry with the first, else None. Raises ValueError."""
        new = None
        if self.entry is None:
            self.entry = new = Entry('k', LOG, [], entry.line)
        if entry.value is None:
            if not self.record:
                raise ValueError('a record of the log has no field')
            self.entry.value.append(self.record)
            self.record = []
            return new
        if entry.value[0] in (name for name, _ in self.record):
            raise ValueError(f'a record of the log has {entry.value[0]} twice')
        self.record.append(entry.value)
        return new


def parse_value(kind, text):
    """What stands behind the separator. Raises ValueError."""
    if kind == 'd':
        return None
    if kind == 'f':
        return unescape(text)
    if kind == 'l':
        target = os.fsdecode(unescape(text))
        if not target or '\0' in target:
            raise ValueError('a link needs a target')
        return target
    if text not in ERRNO_NAMES:
        raise ValueError(f'"{text}" is no name of an errno')
    return text


def parse(text, name):
    """All entries of a recording. Raises HostFileError naming file and line."""
    entries, seen, log = [], {}, Log()
    # Not splitlines(): that would also split at characters which are merely not allowed here.
    lines = text.split('\n')
    if lines[-1] == '':
        lines.pop()
    for number, line in enumerate(lines, 1):
        try:
            entry = parse_line(line)
            if entry is None:
                continue
            entry.line = number
            if entry.kind == 'k':
                entry = log.take(entry)
                entries += [entry] if entry else []
                continue
            if log.entry:
                raise ValueError('nothing follows the log')
            if entry.path in seen:
                raise ValueError(f'{entry.path} stands in line {seen[entry.path]} already')
        except ValueError as e:
            raise HostFileError(f'{name}:{number}: {e}') from None
        seen[entry.path] = number
        entries.append(entry)
    if log.record:
        raise HostFileError(f'{name}:{number}: the last record of the log does not end')
    check_parents(entries, name)
    return entries


def check_parents(entries, name):
    """What lies below something must lie below a directory: writing through a link would leave the
    tree."""
    kinds = {e.path: e.kind for e in entries}
    for entry in entries:
        if entry.kind == 'u':
            continue  # nothing is made, and sysfs is mostly read through links
        parent = os.path.dirname(entry.path)
        while parent:
            # A directory that could not be listed may have children that could be looked up.
            if kinds.get(parent, 'd') in ('f', 'l'):
                raise HostFileError(f'{name}:{entry.line}: {entry.path} lies below {parent}, '
                                    'which is no directory')
            parent = os.path.dirname(parent)


def read(path):
    """All entries of the recording in a file. Raises HostFileError or OSError."""
    with open(path, encoding='latin-1', newline='') as f:
        return parse(f.read(), path)


def write_tree(entries, directory):
    """Makes the tree in a directory that is empty or not there. Raises HostFileError or OSError."""
    os.makedirs(directory, exist_ok=True)
    if os.listdir(directory):
        raise HostFileError(f'{directory} is not empty')
    unreadable = []
    for entry in entries:
        path = os.path.join(directory, entry.path)
        if entry.kind == 'd':
            os.makedirs(path, exist_ok=True)
            continue
        if entry.kind == 'u':
            unreadable.append(f'{entry.path} {entry.value}\n')
            continue
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if entry.kind == 'l':
            os.symlink(entry.value, path)
            continue
        with open(path, 'xb') as f:
            f.write(export_log(entry.value) if entry.kind == 'k' else entry.value)
    if unreadable:
        with open(os.path.join(directory, UNREADABLE), 'x', encoding='utf-8',
                  errors='surrogateescape') as f:
            f.writelines(unreadable)
