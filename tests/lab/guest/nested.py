# SPDX-License-Identifier: GPL-2.0-or-later
"""What a virtual machine makes of a device, asked of a real QEMU inside the guest."""
import os
import shutil
import subprocess
import tempfile

import labguest as lab

UNSAFE = '/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts'


def allow_unsafe_interrupts(on):
    """Sets the override of the type1 back end; returns whether it is set so."""
    lab.modprobe('vfio_iommu_type1')
    lab.write(UNSAFE, 'Y' if on else 'N')
    return lab.read(UNSAFE) == ('Y' if on else 'N')


def try_qemu(address):
    """Whether a QEMU with the device stays up (-S: its guest does not run), and its last words."""
    up, words, qemu = lab.start_qemu(address)
    ended = qemu.stop()
    # Its first line about VFIO is the cause, those after it follow from that.
    lines = [line for line in words.splitlines() if line.strip()]
    return up and ended, (lines[0] if lines else 'it does not end' if not ended else '')


def boot_from(address, wanted, seconds):
    """Runs a machine whose only disk is the NVMe at the address, until its serial port has said the
    wanted word or the time is over. Returns what the port said, and the firmware's log."""
    directory = tempfile.mkdtemp(prefix='lab-boot-')
    serial, firmware, errors = (f'{directory}/{name}' for name in ('serial', 'firmware', 'errors'))
    command = ['qemu-system-x86_64', '-M', 'q35', '-accel', 'tcg', '-m', '64', '-nodefaults',
               '-display', 'none', '-monitor', 'none', '-parallel', 'none', '-boot', 'strict=on',
               '-serial', f'file:{serial}', '-chardev', f'file,id=log,path={firmware}',
               '-device', 'isa-debugcon,iobase=0x402,chardev=log',
               '-device', f'vfio-pci,host={address},bootindex=0']
    with open(errors, 'w', encoding='utf-8') as words:
        qemu = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=words, stderr=words)
    lab.wait_for(lambda: wanted in (lab.read(serial) or '') or qemu.poll() is not None,
                 seconds, 0.5)
    qemu.terminate()
    try:
        qemu.wait(30)
    except subprocess.TimeoutExpired:
        # SIGKILL on a process stuck in the kernel makes things worse.
        lab.note(f'QEMU {qemu.pid} does not end')
    said = lab.read(serial) or ''
    log = '\n'.join(lab.read(path) or '' for path in (errors, firmware) if os.path.exists(path))
    shutil.rmtree(directory, ignore_errors=True)
    return said, log
