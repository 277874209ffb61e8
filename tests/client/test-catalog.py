#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every message id has a text in the catalog and the other way round, and journalctl takes the file:
test-catalog.py SOURCE"""
import os
import re
import subprocess
import sys
import tempfile

SOURCE = sys.argv[1]


def read(path):
    with open(os.path.join(SOURCE, path), encoding='utf-8') as f:
        return f.read()


ids = re.findall(r'^#define MESSAGE_ID_\w+ +"([0-9a-f]{32})"', read('include/message-ids.h'), re.M)
assert ids and len(set(ids)) == len(ids), ids
catalog = read('conf/vfiod.catalog')
entries = re.findall(r'^-- ([0-9a-f]{32})\n((?:.+\n)+)\n((?:.*\n)+?)(?=^-- |\Z)', catalog, re.M)
assert [e[0] for e in entries] == ids, (ids, [e[0] for e in entries])
for number, head, body in entries:
    assert re.match(r'Subject: .+\nDefined-By: vfiod\nSupport: .+\n$', head), (number, head)
    assert len(body.split()) > 8, number
# systemd's own reader of catalogs, into a place of ours.
with tempfile.TemporaryDirectory() as root:
    place = os.path.join(root, 'usr/lib/systemd/catalog')
    os.makedirs(place)
    os.makedirs(os.path.join(root, 'var/lib/systemd/catalog'))
    with open(os.path.join(place, 'vfiod.catalog'), 'w', encoding='utf-8') as f:
        f.write(catalog)
    subprocess.run(['journalctl', f'--root={root}', '--update-catalog'], check=True, timeout=60)
    listed = subprocess.run(['journalctl', f'--root={root}', '--dump-catalog'], check=True,
                            capture_output=True, text=True, timeout=60).stdout
    for number in ids:
        assert number in listed, f'{number} is not in {listed[:300]}'
print(f'{len(ids)} message ids')
