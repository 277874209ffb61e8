# SPDX-License-Identifier: GPL-2.0-or-later
"""Follows one guest's report, shows it live and judges it."""
import time

import machine

# Software emulation sometimes hangs in the firmware, before the kernel has said a word (seen once in
# some sixty boots). That is nobody's failure who is under test here: such a guest is started again,
# once. A guest whose kernel has said anything is not.
SILENT = 'its firmware hangs'
SILENT_SECONDS = 120
ENDED = 'the guest ended by itself'
# The other such failure (seen once in some eighty boots, kernel 7.2): while the kernel patches its
# own code, the emulation lets a processor run into the breakpoint that is there for a moment.
PATCHED = 'its kernel dies of patching itself in software emulation'
PATCHED_SIGN = 'Oops: int3'
# The third (seen once on a machine with six times its load): the kernel measures its clock while the
# emulation stands still, and all its times are a fraction of ours from then on.
RUSHED = 'its clock is many times too fast'
RUSHED_FACTOR = 3
EMULATION = (SILENT, PATCHED, RUSHED)


class Tally:
    """What the report said so far. Control lines come from guest/runner.py."""

    def __init__(self, jobs):
        self.expected = jobs
        self.passed = self.failed = 0
        self.started = time.monotonic()
        self.begin()

    def begin(self):
        """A guest is started: nothing of one before it counts."""
        self.ended = 0
        self.current = None
        self.booted = None
        self.done = self.rushes = False
        self.attempted = time.monotonic()

    def show(self, text):
        print(f'[{time.monotonic() - self.started:6.1f}s] {text}', flush=True)

    def fail(self, text):
        self.failed += 1
        self.show(f'not ok {text}')

    def line(self, text):
        """One complete line of the report."""
        if text.startswith('@'):
            self._control(text[1:].split())
        else:
            if text.startswith('ok '):
                self.passed += 1
            elif text.startswith('not ok'):
                self.failed += 1
            self.show(text)

    def _control(self, words):
        verb = words[0] if words else ''
        if verb == 'booted':
            self.booted = time.monotonic() - self.attempted
            self.rushes = float(words[1]) > RUSHED_FACTOR * self.booted
            self.show(f'# booted (the guest counts {words[1]} s)')
        elif verb == 'begin':
            self.current = words[1]
            self.show(f'# job {words[1]}')
        elif verb == 'end':
            self.current = None
            self.ended += 1
            if words[2] != '0':
                self.fail(f'{words[1]}: ended with status {words[2]}')
        elif verb == 'done':
            self.done = True

    def judge(self, reason):
        """After the last line: a job without an end is a failure."""
        if self.ended < self.expected or not self.done:
            where = f'in {self.current}' if self.current else \
                'before the first job' if self.booted is None else 'between jobs'
            self.fail(f'guest: {reason} {where}; {self.ended} of {self.expected} jobs ended')
            return False
        return True

    def judge_cut(self, reason):
        """A boot that was to be cut off ends by itself, and before its jobs would have run."""
        if reason != ENDED or self.booted is not None:
            self.fail(f'guest: it was to be cut off, but {reason}')
            return False
        self.line('ok cut-off')
        return True


class Follower:
    """The growing file that a serial port is written to."""

    def __init__(self, path):
        self.source = open(path, 'rb')
        self.rest = b''

    def lines(self):
        """Complete lines that are new."""
        parts = (self.rest + self.source.read()).split(b'\n')
        self.rest = parts.pop()
        return [part.decode('utf-8', 'replace').rstrip('\r') for part in parts]

    def close(self):
        self.source.close()


def follow(guest, tally, seconds):
    """Until the guest is done, gone or out of time; says which."""
    follower = Follower(guest.output)
    deadline = time.monotonic() + seconds
    silent = time.monotonic() + SILENT_SECONDS
    try:
        while True:
            alive = guest.running()
            for line in follower.lines():
                tally.line(line)
                if tally.rushes and guest.emulated:
                    return RUSHED
            if tally.done:
                return 'done'
            if not alive:
                return PATCHED if tally.booted is None and guest.emulated and \
                    PATCHED_SIGN in guest.last_words(1000) else ENDED
            if time.monotonic() > deadline:
                return f'not done after {seconds} s'
            if tally.booted is None and time.monotonic() > silent and guest.silent():
                return SILENT
            time.sleep(0.1)
    finally:
        follower.close()


def attempt(root, kernel_directory, options, tally):
    """One boot; says how it ended."""
    tally.begin()
    with machine.Guest(root, kernel_directory, options) as guest:
        try:
            reason = follow(guest, tally, options.timeout)
            good = reason in EMULATION or \
                (tally.judge_cut(reason) if options.cut else tally.judge(reason))
            if not good:
                print('--- the last lines of its console ---\n' + guest.last_words(), flush=True)
            return reason
        finally:
            if options.keep_log:
                guest.keep_log(options.keep_log)
            if options.take:
                guest.take(options.take)


def run(root, kernel_directory, options):
    """Boot, run the jobs, show, judge. True if all is well."""
    tally = Tally(len(options.jobs))
    tally.show(f'# kernel {options.kernel}, IOMMU {options.iommu}'
               f'{", shpchp" if options.shpchp else ""}{", SR-IOV" if options.sriov else ""}, '
               f'{options.accel}')
    reason = attempt(root, kernel_directory, options, tally)
    if reason in EMULATION:
        tally.show(f'# {reason}; once more')
        reason = attempt(root, kernel_directory, options, tally)
        if reason in EMULATION:
            tally.judge(reason)
    total = time.monotonic() - tally.started
    print(f'{options.kernel}/{options.iommu}{"+shpchp" if options.shpchp else ""}: '
          f'{tally.passed} passed, {tally.failed} failed ({total:.0f} s)', flush=True)
    return tally.failed == 0
