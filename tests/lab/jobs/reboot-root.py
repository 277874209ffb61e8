#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A boot in which the persisted NVMe is the root's disk: it was given back, nothing is lost, the
wish is refused with its cause, and other wishes are met."""
import sys

import labguest as lab
import reboots
import vfiodlab as vfiod
from labguest import ok


def check_root():
    """The root is on the NVMe, which the initramfs had held."""
    address = lab.addr('nvme')
    source = lab.run(['findmnt', '-n', '-o', 'SOURCE', '/']).stdout.strip()
    ok('root-is-on-nvme', source.startswith('/dev/nvme'), source)
    ok('nvme-on-host-driver', lab.driver(address) == 'nvme', lab.driver(address))
    ok('it-was-held', reboots.said(f'{address} is held'), reboots.said('vfiod-boot'))
    ok('it-was-given-back', reboots.said(f'{address} is not held any more'),
       reboots.said('vfiod-boot'))
    ok('vfio-never-took-it', 'vfio-pci' not in reboots.probed('nvme'), reboots.probed('nvme'))
    ok('no-override-left', not lab.get_override(address), lab.get_override(address))
    ok('nothing-is-lost', reboots.dig())
    errors = reboots.said('EXT4-fs error')
    ok('no-error-of-the-file-system', not errors, errors)


def check_refused():
    """The device, the host's status and the list of findings say it."""
    address = lab.addr('nvme')
    seen = lab.wait_for(lambda: reboots.wish_findings_of(address), 60, 1)
    lab.note(seen)
    ok('refused-and-said', 'wish-refused' in [found['id'] for found in seen], seen)
    lab.run(['systemctl', 'restart', 'vfiod'], 90)
    seen = reboots.wish_findings_of(address)
    ok('still-said-after-a-restart', 'wish-refused' in [found['id'] for found in seen], seen)
    ok('still-persisted', vfiod.device(address).get('persisted'), vfiod.device(address))
    done = vfiod.ctl('prepare', address)
    ok('prepare-is-refused', done.returncode == 1 and lab.driver(address) == 'nvme',
       done.stdout + done.stderr)
    ok('status-answers', vfiod.ctl('status').returncode == 0)


def check_others():
    """The wish for another device is met."""
    for role in ('two_a', 'two_b'):
        seen = reboots.settled(role, 'vfio-pci')
        ok(f'bound-{role}', seen.get('driver') == 'vfio-pci' and seen.get('readiness') == 'ready',
           seen)
    ok('never-on-host-driver-two_b', reboots.probed('two_b') == {'vfio-pci'},
       reboots.probed('two_b'))


def main():
    """Root, refusal, others."""
    reboots.check_complete()
    check_root()
    check_refused()
    check_others()
    reboots.keep()
    return 0


if __name__ == '__main__':
    sys.exit(main())
