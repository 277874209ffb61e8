#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A device reads memory that is not mapped for it: the IOMMU refuses, the kernel says so, and it
reaches the device's findings and DeviceFault."""
import mmap
import os
import struct
import sys
import time

import labguest as lab
import vfiodlab as vfiod
from labguest import ok

# Registers of QEMU's edu device (docs/specs/edu.txt): source, destination, count, command.
SOURCE, DESTINATION, COUNT, COMMAND = 0x80, 0x88, 0x90, 0x98
BUFFER = 0x40000
RUN_FROM_MEMORY = 1


def command_register(address, bits):
    """Sets bits of the PCI command register: memory space and bus master."""
    path = f'{lab.PCI}/{address}/config'
    with open(path, 'r+b', buffering=0) as config:
        config.seek(4)
        old = struct.unpack('<H', config.read(2))[0]
        config.seek(4)
        config.write(struct.pack('<H', old | bits))


def bad_dma(address):
    """Has the device read from an address that nobody mapped."""
    handle = os.open(f'{lab.PCI}/{address}/resource0', os.O_RDWR | os.O_SYNC)
    try:
        with mmap.mmap(handle, 0x1000) as registers:
            for offset, value in ((SOURCE, 0xbad0000), (DESTINATION, BUFFER), (COUNT, 64),
                                  (COMMAND, RUN_FROM_MEMORY)):
                registers[offset:offset + 8] = struct.pack('<Q', value)
    finally:
        os.close(handle)


def main():
    """One fault, then a thousand."""
    edu = lab.addr('bridge_edu')
    if not ok('service-starts', vfiod.start()):
        return 1
    monitor = vfiod.monitor()
    lab.write(f'{lab.PCI}/{edu}/enable', '1')
    command_register(edu, 0x6)
    begin = time.monotonic()
    bad_dma(edu)
    # The bridge speaks for all behind it, so the kernel cannot tell which of them it was.
    told = monitor.find(lambda line: vfiod.event_is(line, event='fault', address=edu), begin, 30)
    lab.note(lab.run('dmesg | grep -iE "dmar|amd-vi|fault" | tail -n 4').stdout)
    ok('fault-told', told, monitor.events(begin))
    lab.note(told[1] if told else 'nothing was told')
    named = [d['address'] for group in vfiod.data('list') for d in group['members']
             if any(f['id'] == 'dma-fault' for f in d['findings'])]
    ok('fault-is-a-finding', edu in named and lab.addr('nic') not in named, named)
    lab.note(vfiod.ctl('show', edu).stdout)
    begin = time.monotonic()
    for _ in range(1000):
        bad_dma(edu)
    time.sleep(5)
    faults = [event for event in monitor.events(begin) if event['event'] == 'fault']
    ok('faults-rate-limited', 1 <= len(faults) <= 3 * 6, len(faults))
    lab.note(f'signals for a thousand faults: {len(faults)}')
    monitor.stop()
    vfiod.check_end()
    return 0


if __name__ == '__main__':
    sys.exit(main())
