# SPDX-License-Identifier: GPL-2.0-or-later
"""fake-requests for a test: a double of vfiod that answers as it is told."""
import contextlib
import signal
import subprocess
import tempfile
import time

import private


@contextlib.contextmanager
def double(program, environment, *rules):
    """The double, while it is on the bus; calls(): the lines of what it was asked."""
    with tempfile.TemporaryFile('w+') as log:
        process = subprocess.Popen([program, *rules], stdout=log, env=environment)

        def lines():
            log.seek(0)
            return log.read().splitlines()
        limit = time.monotonic() + private.START_LIMIT
        while not lines() and time.monotonic() < limit:
            time.sleep(0.02)
        try:
            yield lambda: lines()[1:]
        finally:
            process.send_signal(signal.SIGCONT)
            private.end(process)
