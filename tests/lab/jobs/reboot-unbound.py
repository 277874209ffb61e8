#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A boot in which no wish is met: host drivers have their devices, and the finding that is named by
the argument says why."""
import sys

import labguest as lab
import reboots
import vfiodlab as vfiod
from labguest import ok


def main():
    """Drivers, log, findings, both ways in which a person meets them."""
    finding, held = sys.argv[1], 'held' in sys.argv[2:]
    reboots.check_complete()
    for role, driver in reboots.HOST_DRIVERS.items():
        seen = reboots.settled(role, driver)
        ok(f'on-host-driver-{role}', seen.get('driver') == driver, seen)
        ok(f'vfio-never-took-{role}', 'vfio-pci' not in reboots.probed(role), reboots.probed(role))
        ok(f'no-override-left-{role}', not lab.get_override(lab.addr(role)))
    # The initramfs cannot know how many boots there were: it holds, and the root lets go.
    ok('held-at-first' if held else 'not-held', bool(reboots.said('is held')) == held,
       reboots.said('is held'))
    ok('host-finding', finding in reboots.host_findings(), reboots.host_findings())
    words = vfiod.ctl('check').stdout
    ok('check-says-so', 'vfiod.disable' in words or 'boot' in words, words)
    reboots.keep()
    return 0


if __name__ == '__main__':
    sys.exit(main())
