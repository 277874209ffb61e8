#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds man pages and completions to the programs and the contract:
test-documents.py SOURCE VFIOD VFIOCTL

Every verb and option of the help, and nothing else, is in the man page and in each completion; every
property, method, signal, option and error of the contract is in org.vfiod1(5)."""
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
SOURCE, VFIOD, VFIOCTL = sys.argv[1:]
sys.path.insert(0, os.path.join(SOURCE, 'tests', 'bus'))
import contract  # noqa: E402

failures = 0


def report(name, problem):
    global failures
    failures += bool(problem)
    print(f'not ok {name}: {problem}' if problem else f'ok {name}')


def same(name, found, expected):
    missing, more = sorted(expected - found), sorted(found - expected)
    report(name, ', '.join([f'{m} is missing' for m in missing] + [f'no {m} there' for m in more]))


def read(path):
    with open(os.path.join(SOURCE, path), encoding='utf-8') as f:
        return f.read()


def section(text, heading):
    match = re.search(rf'^#+ {re.escape(heading)}$(.*?)(?=^# |\Z)', text, re.M | re.S)
    return match[1] if match else ''


def entries(text):
    """The bold words of the lines that begin a paragraph of a list."""
    heads = re.findall(r'^(\*.*)\n\t', text, re.M)
    return {word for head in heads for word in re.findall(r'\*([^*]+)\*', head)}


def help_of(program):
    text = subprocess.run([program, '--help'], capture_output=True, text=True, check=True).stdout
    verbs = set(re.findall(r'^  ([a-z]+) ', text.partition('Verbs:')[2].partition('Options:')[0], re.M))
    options = set(re.findall(r'^ *(?:-[a-zA-Z],? )? *--([a-z-]+)', text, re.M))
    assert options, f'no option in the help of {program}'
    return verbs, options


def long_options(words):
    return {word[2:].rstrip('=') for word in words if word.startswith('--')}


def client():
    verbs, options = help_of(VFIOCTL)
    assert len(verbs) >= 10, verbs
    page = read('client/vfioctl.1.scd')
    heads = re.findall(r'^\*([a-z]+)\*', section(page, 'VERBS'), re.M)
    same('verbs in vfioctl(1)', set(heads), verbs)
    same('options in vfioctl(1)', long_options(entries(section(page, 'OPTIONS'))), options)

    bash = read('conf/completions/vfioctl.bash')
    same('verbs in bash', set(re.search(r"verbs='([^']*)'", bash)[1].split()), verbs)
    same('options in bash', long_options(re.search(r"options='([^']*)'", bash)[1].split()), options)
    zsh = read('conf/completions/_vfioctl')
    same('verbs in zsh', set(re.findall(r"^ +'([a-z]+):", zsh, re.M)), verbs)
    same('options in zsh', set(re.findall(r"--([a-z-]+)=?(?:\[|\})", zsh)), options)
    fish = read('conf/completions/vfioctl.fish')
    same('verbs in fish', set(re.search(r'set -l verbs (.*)', fish)[1].split()), verbs)
    same('verbs with words in fish', set(re.findall(r'" -a ([a-z]+) -d', fish)), verbs)
    same('options in fish', set(re.findall(r' -l ([a-z-]+)', fish)) - {'verbs'}, options)


def daemon():
    _, options = help_of(VFIOD)
    page = read('daemon/vfiod.8.scd')
    same('options in vfiod(8)', long_options(entries(section(page, 'OPTIONS'))), options)


def interface():
    page = read('daemon/bus/org.vfiod1.5.scd')
    for name, expected in contract.INTERFACES.items():
        text = section(page, name)
        own = text.partition('## Options')[0] + text.partition('## Signals')[2]
        wanted = expected.properties.keys() | expected.methods.keys() | expected.signals.keys()
        same(name, entries(own), set(wanted))
        for word, (signature, _) in expected.properties.items():
            if f'*{word}* {signature}' not in own:
                report(f'{name}.{word}', f'it is not said that it is {signature}')
    same('options', entries(section(page, 'org.vfiod1.Manager').partition('## Options')[2]
                            .partition('## Signals')[0]), set(contract.OPTIONS))
    errors = set(re.findall(r'"org\.vfiod1\.Error\.([A-Za-z]+)"', read('include/names.h')))
    same('errors', entries(section(page, 'ERRORS')), errors)


client()
daemon()
interface()
sys.exit(1 if failures else 0)
