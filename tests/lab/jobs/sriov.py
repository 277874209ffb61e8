#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The PFs make all their VFs, and take them back. For "lab run --sriov"."""
import os
import sys
import time

import labguest as lab
from labguest import ok

WANTED = 127


def set_vfs(address, number):
    """The errno's name or None, and the seconds it took."""
    begin = time.monotonic()
    error = lab.write(f'{lab.PCI}/{address}/sriov_numvfs', f'{number}\n')
    return error, time.monotonic() - begin


def vfs(address):
    """How many VFs the kernel has for a PF."""
    return sum(name.startswith('virtfn') for name in os.listdir(f'{lab.PCI}/{address}'))


def main():
    """Each PF alone, then all together."""
    pfs = [lab.addr(f'pf{index}') for index in range(4)]
    ok('pfs', all(pfs), pfs)
    pfs = [address for address in pfs if address]
    for address in pfs:
        ok(f'total-{address}', lab.read(f'{lab.PCI}/{address}/sriov_totalvfs') == str(WANTED))
        # Their probes would only make the storm longer.
        lab.write(f'{lab.PCI}/{address}/sriov_drivers_autoprobe', '0')
        error, seconds = set_vfs(address, WANTED)
        ok(f'made-{address}', error is None and vfs(address) == WANTED, f'{error} {vfs(address)}')
        lab.note(f'{vfs(address)} VFs in {seconds:.1f} s')
    lab.note(f'{len(os.listdir(lab.PCI))} PCI functions, '
             f'{len(os.listdir("/sys/kernel/iommu_groups"))} groups')
    for address in pfs:
        error, seconds = set_vfs(address, 0)
        ok(f'gone-{address}', error is None and vfs(address) == 0, f'{error} {vfs(address)}')
        lab.note(f'taken back in {seconds:.1f} s')
    return 0


if __name__ == '__main__':
    sys.exit(main())
