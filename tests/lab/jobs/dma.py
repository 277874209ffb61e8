#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A machine boots from the NVMe that vfiod prepared: the device not only attaches, it reaches the
machine's memory too, and nothing else."""
import sys
import time

import labguest as lab
import nested
import vfiodlab as vfiod
from labguest import ok

# Firmware and boot sector run in an emulation within an emulation.
SECONDS = 240


def main():
    """Prepare, boot, release."""
    nvme = lab.addr('nvme')
    if not ok('service-starts', vfiod.start()):
        return 1
    if not lab.TOPOLOGY['expect']['remapping']:
        ok('unsafe-allowed', nested.allow_unsafe_interrupts(True))
    old = lab.driver(nvme)
    # A boot sector is data that nobody uses.
    done = vfiod.ctl('prepare', nvme, '--accept', 'disk-holds-data')
    ok('prepare-nvme', done.returncode == 0, done.stdout + done.stderr)
    ok('nvme-ready', vfiod.device(nvme).get('readiness') == 'ready', vfiod.device(nvme))
    word = lab.TOPOLOGY['boot_word']
    begin = time.monotonic()
    said, log = nested.boot_from(nvme, word, SECONDS)
    if ok('boots-from-nvme', said.count(word) == 1, f'the machine said: {said!r}'):
        lab.note(f'the boot sector said {word} after {time.monotonic() - begin:.0f} s')
    else:
        lab.note(log)
    faults = lab.run(r"dmesg | grep -E 'DMAR: \[DMA|IO_PAGE_FAULT'").stdout
    ok('no-dma-fault', not faults, faults)
    ok('release-nvme', vfiod.ctl('release', nvme).returncode == 0 and lab.driver(nvme) == old,
       lab.driver(nvme))
    if not lab.TOPOLOGY['expect']['remapping']:
        nested.allow_unsafe_interrupts(False)
    vfiod.check_end()
    return 0


if __name__ == '__main__':
    sys.exit(main())
