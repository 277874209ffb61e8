#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Rights with the real polkit: who is not allowed changes nothing, a rule allows just what it says,
a password is asked for on the terminal, and root needs no polkit."""
import os
import pty
import pwd
import select
import signal
import sys
import termios
import time

import labguest as lab
import vfiodlab as vfiod
from labguest import ok

FIRST, SECOND = lab.addrs('two_a', 'two_b')
OTHER = lab.addr('nvme')
USER, ADMIN, PASSWORD = 'labuser', 'labadmin', 'lab-Password-1'
RULE = '/etc/polkit-1/rules.d/10-vfiod-lab.rules'
ALLOWED = f'''polkit.addRule(function(action, subject) {{
        if (action.id == "org.vfiod1.prepare" && subject.user == "{USER}" &&
            action.lookup("address") == "{FIRST}" && action.lookup("driver"))
                return polkit.Result.YES;
}});
'''
POLKIT_LIMIT = 5.0   # include/names.h
PROMPT_LIMIT = 60.0


def bindings():
    """Driver and override of every PCI function."""
    return {name: (lab.driver(name), lab.get_override(name)) for name in os.listdir(lab.PCI)}


def as_user(user, *words):
    return lab.run(['runuser', '-u', user, '--', 'vfioctl', '--json', *words], 180)


def check_denied(name, user, *words, says=()):
    """AccessDenied, and every device is as it was."""
    before = bindings()
    done = as_user(user, *words)
    missing = [text for text in ('sudo', *says) if text not in done.stdout]
    ok(name, done.returncode == 4 and not missing and bindings() == before and
       vfiod.error_name(done) == 'AccessDenied',
       f'{done.returncode} {done.stdout[:400]} {done.stderr[:200]} missing={missing}'
       f'{"" if bindings() == before else " BINDINGS CHANGED"}')


def make_users():
    for user in (USER, ADMIN):
        lab.run(['useradd', '--create-home', user])
    lab.run('getent group sudo || groupadd sudo')
    lab.run(['usermod', '-aG', 'sudo', ADMIN])
    lab.run(['chpasswd'], text=f'{ADMIN}:{PASSWORD}\n')


def check_policy():
    """polkit knows the actions, and what they ask for."""
    done = lab.run('pkaction --verbose --action-id org.vfiod1.prepare')
    ok('action-known', 'implicit any:      auth_admin' in done.stdout and
       'implicit active:   auth_admin_keep' in done.stdout, done.stdout + done.stderr)
    for action in ('release', 'persist', 'accept-hazard'):
        done = lab.run(f'pkaction --verbose --action-id org.vfiod1.{action}')
        ok(f'action-known-{action}', 'implicit any:      auth_admin' in done.stdout, done.stderr)


def check_everybody_reads():
    for verb in (('status',), ('list',), ('plan', FIRST)):
        done = as_user('nobody', *verb)
        ok(f'nobody-{verb[0]}', done.returncode == 0, done.stdout[:300] + done.stderr[:300])


def check_denials(name):
    for user in ('nobody', USER):
        for verb in ('prepare', 'release'):
            check_denied(f'{name}-{user}-{verb}', user, verb, FIRST,
                         says=(f'org.vfiod1.{verb}', FIRST))
    check_denied(f'{name}-no-ask', USER, '--no-ask-password', 'prepare', FIRST)


def wait_for_rule():
    """polkit reads its rules when their directory changes."""
    return lab.wait_for(lambda: as_user(USER, 'prepare', FIRST).returncode == 0, 30, 1)


def check_rule():
    """What the rule names is allowed, by its details; nothing else is, nor anybody else."""
    with open(RULE, 'w', encoding='ascii') as f:
        f.write(ALLOWED)
    ok('rule-allows-prepare', wait_for_rule(), as_user(USER, 'prepare', FIRST).stdout)
    ok('rule-prepared', (lab.driver(FIRST), lab.driver(SECOND)) == ('vfio-pci', 'vfio-pci'),
       bindings())
    check_denied('rule-other-verb', USER, 'release', FIRST)
    check_denied('rule-other-device', USER, 'prepare', OTHER)
    check_denied('rule-other-user', 'nobody', 'prepare', FIRST)
    done = vfiod.ctl('release', FIRST)
    ok('root-releases', done.returncode == 0, done.stdout + done.stderr)
    os.unlink(RULE)
    lab.wait_for(lambda: as_user(USER, 'prepare', FIRST).returncode == 4, 30, 1)
    vfiod.ctl('release', FIRST)


def talk(fd, prompt, answer, limit):
    """Waits for the prompt, answers, and reads to the end. Returns: all that was said."""
    said, until, answered = '', time.monotonic() + limit, False
    while time.monotonic() < until:
        if not select.select([fd], [], [], 1)[0]:
            continue
        try:
            more = os.read(fd, 4096)
        except OSError:  # the other end is closed
            break
        if not more:
            break
        said += more.decode(errors='replace')
        if not answered and prompt in said:
            # What is typed before the echo is off is thrown away with the rest of the line.
            lab.wait_for(lambda: not termios.tcgetattr(fd)[3] & termios.ECHO, 10, 0.05)
            os.write(fd, answer.encode() + b'\n')
            answered = True
    return said


def on_terminal(user, *words, answer):
    """Runs vfioctl on a terminal of its own. Returns: exit status and what was said."""
    entry = pwd.getpwnam(user)
    child, fd = pty.fork()
    if child == 0:
        os.initgroups(user, entry.pw_gid)
        os.setresgid(entry.pw_gid, entry.pw_gid, entry.pw_gid)
        os.setresuid(entry.pw_uid, entry.pw_uid, entry.pw_uid)
        os.execvp('vfioctl', ['vfioctl', *words])
    said = talk(fd, 'Password:', answer, PROMPT_LIMIT)
    os.close(fd)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), said


def check_password():
    """On a terminal the password is asked for, and what it says names the device."""
    before = bindings()
    status, said = on_terminal(USER, 'prepare', FIRST, answer='wrong')
    ok('wrong-password', status == 4 and bindings() == before, f'{status} {said[:600]}')
    ok('dialog-names-device', FIRST in said and 'AUTHENTICATING' in said, said[:600])
    status, said = on_terminal(USER, 'prepare', FIRST, answer=PASSWORD)
    ok('password-prepares', status == 0 and lab.driver(FIRST) == 'vfio-pci', f'{status} {said[:900]}')
    agents = lab.run('pgrep -x pkttyagent').stdout
    ok('agent-ends', not agents, agents)
    vfiod.ctl('release', FIRST)
    status, said = on_terminal(USER, '--no-ask-password', 'prepare', FIRST, answer=PASSWORD)
    ok('no-ask-password', status == 4 and 'AUTHENTICATING' not in said, f'{status} {said[:600]}')


def check_hanging_polkit():
    """Nobody waits for a polkit that hangs but who has to be asked about."""
    pid = int(lab.run('systemctl show -P MainPID polkit').stdout)
    os.kill(pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        check_denied('polkit-hangs', USER, '--no-ask-password', 'prepare', FIRST, says=('in time',))
        took = time.monotonic() - began
        ok('polkit-hangs-limit', POLKIT_LIMIT - 1 < took < POLKIT_LIMIT + 15, f'{took:.1f} s')
        done = vfiod.ctl('list')
        ok('polkit-hangs-list', done.returncode == 0, done.stderr)
        check_root('polkit-hangs')
    finally:
        os.kill(pid, signal.SIGCONT)


def check_root(name):
    for verb, driver in (('prepare', 'vfio-pci'), ('release', None)):
        done = vfiod.ctl(verb, FIRST)
        good = done.returncode == 0 and (not driver or lab.driver(FIRST) == driver)
        ok(f'{name}-root-{verb}', good, done.stdout + done.stderr)


def check_no_polkit():
    lab.run('systemctl mask --runtime --now polkit')
    check_denied('polkit-absent', USER, 'prepare', FIRST)
    check_root('polkit-absent')
    lab.run('systemctl unmask --runtime polkit')


def main():
    if not ok('service-up', vfiod.start()):
        lab.note(lab.run('systemctl status vfiod --no-pager').stdout)
        return 1
    make_users()
    at_first = bindings()
    check_policy()
    check_everybody_reads()
    check_denials('no-session')
    check_rule()
    check_password()
    check_hanging_polkit()
    check_no_polkit()
    ok('all-as-it-was', bindings() == at_first, f'{at_first} {bindings()}')
    vfiod.check_end()
    return 0


if __name__ == '__main__':
    sys.exit(main())
