# SPDX-License-Identifier: GPL-2.0-or-later
"""Packages from the machine's own apt mirror.

The lab needs packages of several Debian releases. Where they come from is the
machine's business: the URIs of its apt sources are taken over and only the
name of the suite is exchanged, so nothing here names a mirror.
"""
import glob
import os
import re
import shlex
import subprocess

KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'
SOURCES_DIR = '/etc/apt'
ARCH = 'amd64'


class PackageError(Exception):
    """A suite or a package that could not be had; the text says which."""


def _deb822_entries(text):
    for stanza in re.split(r'\n\s*\n', text):
        fields, name = {}, None
        for line in stanza.splitlines():
            if line.startswith('#') or not line.strip():
                continue
            if line[0].isspace() and name:
                fields[name] += ' ' + line.strip()
            elif ':' in line:
                name, value = line.split(':', 1)
                name = name.strip().lower()
                fields[name] = value.strip()
        if 'deb' not in fields.get('types', '').split():
            continue
        if fields.get('enabled', 'yes').lower() in ('no', 'false', '0'):
            continue
        for uri in fields.get('uris', '').split():
            for suite in fields.get('suites', '').split():
                yield uri, suite, fields.get('components', '').split()


def _one_line_entries(text):
    for line in text.splitlines():
        line = re.sub(r'\s#.*$', '', line)
        match = re.match(r'deb\s+(?:\[[^]]*\]\s+)?(\S+)\s+(\S+)\s*(.*)$', line)
        if match:
            yield match[1], match[2], match[3].split()


def apt_entries(directory=SOURCES_DIR):
    """Every (uri, suite, components) that apt on this machine reads."""
    names = [os.path.join(directory, 'sources.list')]
    names += sorted(glob.glob(os.path.join(directory, 'sources.list.d', '*')))
    for name in names:
        try:
            with open(name, encoding='utf-8') as source:
                text = source.read()
        except OSError:
            continue
        if name.endswith('.list'):
            yield from _one_line_entries(text)
        elif name.endswith('.sources'):
            yield from _deb822_entries(text)


def mirrors(directory=SOURCES_DIR):
    """(archive URIs, security URIs) of Debian, from the machine's sources."""
    release = re.compile(r'^(oldoldstable|oldstable|stable|testing|unstable|sid|'
                         r'buster|bullseye|bookworm|trixie|forky|duke)([-/].*)?$')
    archive, security = [], []
    for uri, suite, components in apt_entries(directory):
        if 'main' not in components or not release.match(suite):
            continue
        wanted = security if re.search(r'[-/](security|updates/main)', suite) or \
            suite.endswith('/updates') else archive
        if uri not in wanted:
            wanted.append(uri)
    if not archive:
        raise PackageError('no Debian archive with the component "main" in the '
                           f'apt sources of this machine ({directory})')
    return archive, security


def source_lines(suite):
    """The sources.list text for one suite, its updates in security included."""
    base, _, part = suite.partition('-')
    archive, security = mirrors()
    uris = security if part == 'security' else archive
    if not uris:
        raise PackageError(f'no security archive in the apt sources of this '
                           f'machine, so {suite} cannot be had')
    if not os.path.exists(KEYRING):
        raise PackageError(f'{KEYRING} is missing: install debian-archive-keyring')
    # Archives of releases out of support are no longer re-signed.
    options = f'arch={ARCH} signed-by={KEYRING} check-valid-until=no'
    return ''.join(f'deb [{options}] {uri} {suite} main\n' for uri in uris)


def proxy_options():
    """apt's proxy settings, for tools that do not read this machine's apt.conf."""
    dump = subprocess.run(['apt-config', 'dump'], capture_output=True, text=True,
                          check=True, timeout=60).stdout
    return [line.rstrip(';') for line in dump.splitlines()
            if re.match(r'Acquire::\w+::Proxy', line)]


class Apt:
    """An apt of its own in a scratch directory: it sees only the given suites."""

    def __init__(self, directory, suites):
        self.directory = directory
        for part in ('lists/partial', 'cache/archives/partial', 'etc'):
            os.makedirs(os.path.join(directory, part), exist_ok=True)
        sources = os.path.join(directory, 'etc', 'sources.list')
        with open(sources, 'w', encoding='utf-8') as out:
            out.write(''.join(source_lines(suite) for suite in suites))
        status = os.path.join(directory, 'status')
        with open(status, 'w', encoding='utf-8'):
            pass
        self.suites = suites
        settings = {
            'Dir::Etc::SourceList': sources, 'Dir::Etc::SourceParts': '/dev/null',
            'Dir::Etc::Preferences': '/dev/null', 'Dir::Etc::PreferencesParts': '/dev/null',
            'Dir::State::lists': os.path.join(directory, 'lists'),
            'Dir::State::status': status,
            'Dir::Cache': os.path.join(directory, 'cache'),
            'APT::Architecture': ARCH, 'Acquire::Languages': 'none',
            'Acquire::Retries': '2', 'Acquire::http::Timeout': '60',
            # Not root's _apt user: the scratch directory may be private.
            'APT::Sandbox::User': 'root',
            # A suite that is missing must be an error, not a warning.
            'APT::Update::Error-Mode': 'any',
        }
        self.options = [word for key, value in settings.items()
                        for word in ('-o', f'{key}={value}')]
        self._run(['apt-get', 'update', '-q'])

    def _run(self, command, cwd=None):
        try:
            done = subprocess.run(command[:1] + self.options + command[1:], capture_output=True,
                                  text=True, cwd=cwd, timeout=1200, check=False)
        except subprocess.TimeoutExpired as error:
            raise PackageError(f'{command[0]} did not end in 20 minutes '
                               f'(suite {", ".join(self.suites)})') from error
        if done.returncode != 0:
            raise PackageError(f'suite {", ".join(self.suites)}: {shlex.join(command)} failed\n'
                               + done.stderr.strip())
        return done.stdout

    def kernel_package(self):
        """The package that linux-image-amd64 stands for in these suites."""
        text = self._run(['apt-cache', 'show', '--no-all-versions', f'linux-image-{ARCH}'])
        match = re.search(r'^Depends:.*?\b(linux-image-\d[^\s,]*)', text, re.M)
        if not match:
            raise PackageError(f'no kernel in {", ".join(self.suites)}')
        return match[1]

    def kernel_parts(self, package):
        """The package itself and, on newer releases, those it is split into."""
        text = self._run(['apt-cache', 'show', '--no-all-versions', package])
        depends = re.search(r'^Depends: (.*)$', text, re.M)
        return [package] + re.findall(r'linux-(?:modules|binary|base)-\d[^\s,]*',
                                      depends[1] if depends else '')

    def version(self, package):
        """The candidate version of a package."""
        text = self._run(['apt-cache', 'show', '--no-all-versions', package])
        match = re.search(r'^Version: (\S+)', text, re.M)
        if not match:
            raise PackageError(f'no {package} in {", ".join(self.suites)}')
        return match[1]

    def unpack(self, package, into):
        """Download one package and unpack its files, without its scripts."""
        place = os.path.join(self.directory, 'download')
        os.makedirs(place, exist_ok=True)
        self._run(['apt-get', 'download', '-q', package], cwd=place)
        for name in glob.glob(os.path.join(place, package.split('=')[0] + '_*.deb')):
            subprocess.run(['dpkg-deb', '-x', name, into], check=True, timeout=600)
            os.unlink(name)
