# SPDX-License-Identifier: GPL-2.0-or-later
"""A vfiod with fault points in a guest: what is to go wrong next, and what must be so after it."""
import glob
import os

import labguest as lab
import vfiodlab as vfiod

RUNTIME = '/run/vfiod'
TOKEN = f'{RUNTIME}/fault-token'
UNITS = ('vfiod.service', 'vfiod-worker@.service')


def environment_file(unit):
    return f'/run/vfiod-fault-{unit}.env'


def install():
    """Has both units read what is to go wrong; before it is armed, nothing is."""
    for unit in UNITS:
        directory = f'/run/systemd/system/{unit}.d'
        os.makedirs(directory, exist_ok=True)
        with open(f'{directory}/fault.conf', 'w', encoding='utf-8') as f:
            f.write(f'[Service]\nEnvironmentFile=-{environment_file(unit)}\n')
            if unit == 'vfiod.service':
                f.write('RestartSec=100ms\n[Unit]\nStartLimitIntervalSec=0\n')
    lab.run('systemctl daemon-reload')


def arm(unit, **settings):
    """Lets the next process of the unit that comes to that point be struck, once."""
    with open(environment_file(unit), 'w', encoding='utf-8') as f:
        f.write(f'VFIOD_FAULT_TOKEN={TOKEN}\n')
        f.writelines(f'VFIOD_FAULT_{name}={value}\n' for name, value in settings.items())
    with open(TOKEN, 'w', encoding='utf-8'):
        pass


def disarm():
    """Nothing goes wrong any more. Returns: whether it had."""
    for unit in UNITS:
        if os.path.exists(environment_file(unit)):
            os.unlink(environment_file(unit))
    struck = not os.path.exists(TOKEN)
    if not struck:
        os.unlink(TOKEN)
    return struck


def records(kind):
    """Name and content of each record."""
    found = {}
    for path in sorted(glob.glob(f'{RUNTIME}/{kind}/[0-9]*')):
        found[os.path.basename(path)] = lab.read(path)
    return found


def rest(limit=90):
    """Until the service answers and nothing is half done. Returns: whether it came to that."""
    return lab.wait_for(lambda: vfiod.ctl('list').returncode == 0 and not records('txn'), limit)
