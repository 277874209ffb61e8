#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every combination of bindings in two groups: vfiod's verdict against the kernel's.

The kernel has a node to ask only while a member is on VFIO. Blockers are worked
out here from what the kernel says with one member changed at a time: a member is
at fault if the group stays not viable with it unbound last, and vfiod must name
exactly those members.
"""
import itertools
import sys

import labguest as lab
import vfiodlab as vfiod
from labguest import ok

STATES = ('host', 'vfio-pci', 'pci-stub', None)
compared = mismatches = 0


def put(address, state, host_driver):
    """Brings one function into a state by plain writes."""
    lab.unbind(address)
    lab.override(address, state if state in ('vfio-pci', 'pci-stub') else None)
    wanted = host_driver if state == 'host' else state
    if wanted:
        lab.write(f'/sys/bus/pci/drivers/{wanted}/bind', address)
    return lab.driver(address) == wanted


def settled(number, addresses):
    """vfiod's view of the group once it knows the drivers as they are."""
    def look():
        entry = vfiod.group(number)
        known = {member['address']: member['driver'] for member in entry.get('members', [])}
        return entry if all(known.get(a) == lab.driver(a) for a in addresses) else None
    return lab.wait_for(look, 15) or vfiod.group(number)


def at_fault(number, addresses, states, host_drivers):
    """The members that keep the group from being viable, by the kernel's own word: all others
    are taken off their drivers but one VFIO member, and the kernel is asked."""
    guilty = []
    keeper = next(a for a, s in zip(addresses, states) if s == 'vfio-pci')
    for address, state in zip(addresses, states):
        if address != keeper and lab.driver(address) is not None:
            others = [a for a in addresses if a not in (address, keeper) and lab.driver(a)]
            for other in others:
                lab.unbind(other)
            if lab.truth_viable(number) is False:
                guilty.append(address)
            for other in others:
                put(other, states[addresses.index(other)],
                    host_drivers[addresses.index(other)])
    return sorted(guilty)


def compare(number, addresses, states, host_drivers):
    """One combination: one comparison of the verdict, one of the blockers."""
    global compared, mismatches  # pylint: disable=global-statement
    entry = settled(number, addresses)
    viable = lab.truth_viable(number)
    if viable is None:
        viable = lab.wait_for(lambda: lab.truth_viable(number), 5)
    said = entry.get('viable')
    blockers = sorted(b['address'] for b in entry.get('blockers', []))
    guilty = at_fault(number, addresses, states, host_drivers) if viable is False else []
    compared += 2
    if said is not viable or blockers != guilty:
        mismatches += (said is not viable) + (blockers != guilty)
        lab.note(f'{dict(zip(addresses, states))}: kernel viable={viable} at fault={guilty}, '
                 f'vfiod viable={said} blockers={blockers}')


def every_combination(name, addresses, choices):
    """All states of all members with at least one on VFIO."""
    number = lab.group(addresses[0])
    host_drivers = [lab.driver(a) for a in addresses]
    old = list(host_drivers)
    failures = []
    for states in itertools.product(*choices):
        if 'vfio-pci' not in states:
            continue
        # The kernel before 5.19 has no pity with a driver that binds beside an open group; none
        # is open here. VFIO first, so that the node is there.
        good = True
        for address, state, host_driver in zip(addresses, states, host_drivers):
            good &= put(address, state, host_driver)
        if not good:
            failures.append(states)
            continue
        compare(number, addresses, states, host_drivers)
    for address, driver in zip(addresses, old):
        lab.restore(address, driver)
    ok(f'{name}-states-reached', not failures, failures[:3])


def main():
    """The two-function group, and the bridge group with and without the bridge's driver."""
    if not ok('service-starts', vfiod.start()):
        return 1
    for module in ('vfio-pci', 'pci-stub'):
        lab.modprobe(module)
    two = lab.addrs('two_a', 'two_b')
    every_combination('two-function', two, [STATES] * 2)
    bridge = lab.addrs('bridge', 'bridge_rtl8139', 'bridge_edu', 'bridge_xhci')
    choices = [('host', None) if lab.driver(bridge[0]) else (None,)]
    for address in bridge[1:]:
        choices.append(STATES if lab.driver(address) else STATES[1:])
    every_combination('bridge', bridge, choices)
    ok(f'differential-{compared}-comparisons', compared > 100 and mismatches == 0,
       f'{mismatches} of {compared} differ')
    lab.note(f'comparisons: {compared}, mismatches: {mismatches}')
    vfiod.check_end()
    return 0


if __name__ == '__main__':
    sys.exit(main())
