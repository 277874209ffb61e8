# SPDX-License-Identifier: GPL-2.0-or-later
"""A polkit of the test's own, on the test's bus. It answers by the policy file that is shipped, and
knows who has a session of which kind; or it does not answer, or nonsense."""
import json
import os
import signal
import xml.etree.ElementTree as ElementTree

from world import TOP, Failure, read_all, require

NAME = 'org.freedesktop.PolicyKit1'
ACTIVE, INACTIVE, NO_SESSION = 65534, 2, 1  # nobody, bin, daemon: users that every system has
SESSIONS = {ACTIVE: 'allow_active', INACTIVE: 'allow_inactive', NO_SESSION: 'allow_any'}
POLICY = os.path.join(TOP, 'conf', 'org.vfiod1.policy')
CALL_LIMIT = 3600.0
ANSWER, HANG, NONSENSE, ALLOW = 'answers', 'hangs', 'answers nonsense', 'allows by a rule'
REFUSE = 'refuses by a rule'


def defaults():
    """What the shipped policy says: action: {allow_any: ..., allow_inactive: ..., ...}."""
    return {action.get('id'): {d.tag: d.text for d in action.find('defaults')}
            for action in ElementTree.parse(POLICY).getroot().findall('action')}


def decide(policy, user, action, interactive):
    """Returns: authorized, challenge. Who has a session has an agent, and knows the password."""
    word = policy[action][SESSIONS[user]]
    if word.startswith('auth_') and not (interactive and user != NO_SESSION):
        return False, True
    return word != 'no', False


def serve(world, modes, write_end):
    """Answers until it is ended; a line of JSON for each call. modes: by action, None for others."""
    policy = defaults()
    with world.connect() as connection, os.fdopen(write_end, 'w', encoding='utf-8') as told:
        require(connection.driver('RequestName', 'su', NAME, 0) == [1], 'polkit is there already')
        print(json.dumps({'ready': True}), file=told, flush=True)
        while True:
            call = connection.next_call(CALL_LIMIT)
            arguments = call.arguments()
            print(json.dumps({'method': call.fields[3], 'arguments': arguments}), file=told,
                  flush=True)
            if call.fields[3] != 'CheckAuthorization':
                continue
            (kind, subject), action, _, flags, _ = arguments
            mode = modes.get(action, modes[None])
            if mode == HANG:
                continue
            user, = connection.driver('GetConnectionUnixUser', 's', subject['name'][1])
            answer = decide(policy, user, action, flags & 1)
            if mode == NONSENSE:
                connection.answer(call, 's', 'yes')
            elif mode in (ALLOW, REFUSE) or kind != 'system-bus-name':
                granted = mode != REFUSE and kind == 'system-bus-name'
                connection.answer(call, '(bba{ss})', [granted, False, []])
            else:
                connection.answer(call, '(bba{ss})', [*answer, []])


class Polkit:
    """Runs it while inside. mode: what it does; others: for actions with which it is otherwise."""

    def __init__(self, world, mode=ANSWER, others=None):
        self.world, self.modes, self.buffer = world, {None: mode, **(others or {})}, b''

    def __enter__(self):
        self.read_end, write_end = os.pipe()
        self.child = os.fork()
        if self.child == 0:
            try:
                os.close(self.read_end)
                serve(self.world, self.modes, write_end)
            finally:
                os._exit(1)
        os.close(write_end)
        require(self.next() == {'ready': True}, 'polkit does not start')
        return self

    def __exit__(self, *_):
        os.kill(self.child, signal.SIGKILL)
        os.waitpid(self.child, 0)
        os.close(self.read_end)

    def next(self, limit=20.0):
        """The next call that came to it. Raises Failure if none comes in that time."""
        while b'\n' not in self.buffer:
            more = read_all(self.read_end, limit, once=True)
            if not more:
                raise Failure('polkit was not called')
            self.buffer += more
        line, _, self.buffer = self.buffer.partition(b'\n')
        return json.loads(line)

    def calls(self):
        """All that came until now."""
        calls = []
        try:
            while True:
                calls.append(self.next(0.05))
        except Failure:
            return calls
