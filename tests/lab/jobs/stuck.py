#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""An unbind that hangs because a process holds the device: by hand, and vfiod's own. Everything else
goes on, the daemon can be started anew, and all ends well when the process lets go. vfiod's own needs
a build with -Dfault-points=true: the process has to come between the last look and the write."""
import os
import statistics
import subprocess
import sys
import time

import faults
import labguest as lab
import vfiodlab as vfiod
from labguest import ok

CALLS = 11
RESTARTS = 4


def timed(*words):
    """Seconds that vfioctl takes."""
    begin = time.monotonic()
    vfiod.ctl(*words)
    return time.monotonic() - begin


def typical(times):
    """What it takes where nothing else disturbs the machine below: the first quartile."""
    return statistics.quantiles(times, n=4)[0]


def call_times(words_of_calls):
    """Of each, by its words."""
    return {words: typical([timed(*words) for _ in range(CALLS)]) for words in words_of_calls}


def restart_time():
    """From the command to the first answer."""
    times = []
    for _ in range(RESTARTS):
        begin = time.monotonic()
        lab.run('systemctl restart vfiod', 120)
        vfiod.ctl('list')
        times.append(time.monotonic() - begin)
    return typical(times)


def calls(nic):
    """What is called, also about the device itself."""
    other = lab.addr('nvme')
    return [('list',), ('status',), ('show', other), ('plan', other), ('show', nic)]


class Times:
    """Quiet ones, from before and after, and stuck ones: how busy the machine below is changes."""

    def __init__(self, nic):
        self.nic = nic
        self.before = self.measure()
        self.stuck = None

    def measure(self):
        """Calls by their words, and restarts."""
        return dict(call_times(calls(self.nic)), restart=restart_time())

    def compare(self, name):
        """Calls take at most twice as long, restarts half as long again."""
        after = self.measure()
        for words, now in self.stuck.items():
            quiet = max(self.before[words], after[words])
            what = words if words == 'restart' else ' '.join(words)
            lab.note(f'{name} {what}: {quiet * 1000:.0f} ms quiet, {now * 1000:.0f} ms stuck, '
                     f'{now / quiet:.2f} times')
            ok(f'{name}-{what.replace(" ", "-")}-time',
               now <= (1.5 if words == 'restart' else 2) * quiet, f'{quiet:.3f} s and {now:.3f} s')


def check_stuck_state(name, nic, *verbs):
    """What is said of a device whose unbind hangs."""
    seen = lab.wait_for(lambda: vfiod.device(nic).get('state') == 'detaching', 20)
    ok(f'{name}-detaching', seen, vfiod.device(nic).get('state'))
    for verb in verbs:
        done = vfiod.ctl('--json', verb, nic, timeout=60)
        ok(f'{name}-{verb}-refused', done.returncode in (1, 4) and
           vfiod.error_name(done) in ('Stuck', 'InUse'), done.stdout)


def check_restarts(name, nic, times):
    """The daemon is started anew in the middle, and knows."""
    before = vfiod.device(nic)
    times.stuck = times.measure()
    after = lab.wait_for(lambda: vfiod.device(nic), 20)
    same = [key for key in ('state', 'driver', 'host_driver', 'managed_by', 'group')
            if key in before and before.get(key) != after.get(key)]
    # That somebody else reserved it follows from its driver_override, which cannot be read while the
    # unbind hangs and which a new daemon does not remember: unknown, which is not nobody.
    if before.get('managed_by') == 'other' and after.get('managed_by') is None:
        same = [key for key in same if key != 'managed_by']
    ok(f'{name}-state-after-restart', not same,
       {key: (before.get(key), after.get(key)) for key in same})


def by_hand(nic):
    """Somebody else's unbind hangs."""
    old = lab.driver(nic)
    times = Times(nic)
    lab.bind(nic, 'vfio-pci')
    lab.wait_for(lambda: vfiod.device(nic).get('state') == 'vfio', 20)
    with lab.Hold(lab.group(nic), nic) as hold:
        ok('hand-held', hold.held, hold.output)
        with subprocess.Popen(['sh', '-c', f'echo {nic} >/sys/bus/pci/drivers/vfio-pci/unbind'],
                              start_new_session=True) as writer:
            lab.wait_for(lambda: lab.driver(nic) is None, 20)
            check_stuck_state('hand', nic, 'prepare')
            check_restarts('hand', nic, times)
            ok('hand-hangs-still', writer.poll() is None)
            hold.close()
            writer.wait(30)
    ok('hand-free', lab.wait_for(lambda: vfiod.device(nic).get('state') == 'unbound', 30),
       vfiod.device(nic).get('state'))
    lab.restore(nic, old)
    lab.wait_for(lambda: vfiod.device(nic).get('driver') == old, 20)
    times.compare('hand')


def stopped_worker():
    """The worker that a fault point has stopped, or None."""
    pid = lab.run("systemctl show -P MainPID 'vfiod-worker@*.service'").stdout.split()
    for number in pid:
        status = lab.read(f'/proc/{number}/status') or ''
        if 'State:\tT' in status:
            return int(number)
    return None


def own(nic):
    """vfiod's release hangs: a process takes the device right before the write."""
    old = lab.driver(nic)
    times = Times(nic)
    ok('own-prepare', vfiod.ctl('prepare', nic).returncode == 0)
    faults.arm('vfiod-worker@.service', NAME='before-unbind', WHO='stop')
    with subprocess.Popen(['vfioctl', '--json', '--timeout', '3s', 'release', nic],
                          stdout=subprocess.PIPE, text=True) as release:
        worker = lab.wait_for(stopped_worker, 30)
        faults.disarm()
        with lab.Hold(lab.group(nic), nic) as hold:
            ok('own-held', hold.held and worker, f'{hold.output} {worker}')
            os.kill(worker, 18)
            answer = release.communicate(timeout=60)[0]
            ok('own-says-stuck', release.returncode == 4 and '.Stuck' in answer, answer)
            check_stuck_state('own', nic, 'prepare', 'release')
            check_restarts('own', nic, times)
            ok('own-worker-lives', lab.exists(nic) and os.path.exists(f'/proc/{worker}'))
            begin = time.monotonic()
            lab.run('systemctl stop vfiod', 60)
            ok('own-stop', time.monotonic() - begin < 5 and os.path.exists(f'/proc/{worker}'),
               time.monotonic() - begin)
            lab.run('systemctl start vfiod', 60)
            hold.close()
    ok('own-completed', lab.wait_for(lambda: lab.driver(nic) == old and
                                     not faults.records('txn'), 60),
       f'{lab.driver(nic)} {faults.records("txn")}')
    ok('own-given-back', not faults.records('sets') and lab.get_override(nic) == '',
       f'{faults.records("sets")} {lab.get_override(nic)}')
    state = lab.wait_for(lambda: vfiod.device(nic).get('state') == 'host', 30)
    ok('own-state-after', state, vfiod.device(nic).get('state'))
    times.compare('own')


def main():
    """Somebody's by hand, then vfiod's own."""
    nic = lab.addr('nic')
    for role in ('nic', 'nvme'):
        lab.wait_for(lambda role=role: lab.driver(lab.addr(role)), 20)
    faults.install()
    if not ok('service-starts', vfiod.start(), lab.run('journalctl -u vfiod -n 20').stdout):
        return 1
    before = vfiod.settled_listing()
    by_hand(nic)
    own(nic)
    after = vfiod.settled_listing()
    if not ok('list-as-before', before == after, 'the list differs'):
        vfiod.show_difference(before, after)
    vfiod.check_end()
    return 0


if __name__ == '__main__':
    sys.exit(main())
