# SPDX-License-Identifier: GPL-2.0-or-later
"""The two disks of a guest that matter to what is tried: its root, and what the NVMe holds."""
import os
import secrets

# Real mode, at 0000:7c00: every character of the text to the first serial port, then it stops.
BOOT_CODE = bytes.fromhex('fc 31c0 8ed8 be167c baf803 ac 84c0 7403 ee ebf8 f4 ebfd')
NVME_SIZE = 1 << 30


def make_boot_disk(target):
    """What the NVMe holds: a boot sector that says a word. Returns the word, new for each guest, so
    that it can come from nowhere else."""
    word = f'booted-{secrets.token_hex(8)}'
    sector = (BOOT_CODE + word.encode() + b'\r\n\0').ljust(510, b'\0') + b'\x55\xaa'
    with open(target, 'wb') as out:
        out.write(sector)
        out.truncate(NVME_SIZE)
    return word


class Disks:
    """Which file is which disk of one run: words is what -blockdev says of the NVMe, root the file
    of the root if it is a disk of its own, boot_word what the NVMe's boot sector says."""

    def __init__(self, command, scratch, image, options):
        self.root = options.disk or os.path.join(scratch, 'root.qcow2')
        if not os.path.exists(self.root):
            command(['qemu-img', 'create', '-q', '-f', 'qcow2', '-F', 'raw', '-b', image,
                     self.root])
        if options.root_on_nvme:
            self.nvme = f'driver=qcow2,cache.no-flush=on,file.driver=file,file.filename={self.root}'
            self.root = self.boot_word = None
        else:
            sector = os.path.join(scratch, 'nvme.img')
            self.boot_word = make_boot_disk(sector)
            self.nvme = f'driver=file,filename={sector}'
