#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs vfioctl against the fake daemon on a bus of its own: exit codes, JSON, progress, waiting.
# usage: test-verbs.sh VFIOCTL FAKE-DAEMON BUS.CONF.IN
set -u
vfioctl=$1 fake=$2 conf=$3
dir=$(mktemp -d) || exit 1
bus_pid='' fake_pid='' failed=0 passed=0
finish() {
        [ -z "$fake_pid" ] || kill "$fake_pid"
        [ -z "$bus_pid" ] || kill "$bus_pid"
        rm -rf "$dir"
}
trap finish EXIT
trap 'exit 1' INT TERM

# Waits until a command succeeds, at most ten seconds.
until_true() {
        n=0
        until "$@" >"$dir/until" 2>&1; do
                n=$((n + 1))
                [ $n -lt 100 ] || return 1
                sleep 0.1
        done
}
# Its last words are not those of the next, and its name is free only when the bus has noticed.
start_fake() {
        : >"$dir/fake"
        "$fake" 50 >"$dir/fake" 2>&1 &
        fake_pid=$!
        until_true grep -q ready "$dir/fake" || { cat "$dir/fake"; exit 1; }
}
stop_fake() {
        kill "$fake_pid" && wait "$fake_pid"
        fake_pid=''
        until_true is_gone || exit 1
}
is_gone() {
        ! "$vfioctl" list
}
# expect CODE PATTERN ARGUMENT...: what vfioctl exits with, and what it must say
expect() {
        code=$1 pattern=$2
        shift 2
        "$vfioctl" "$@" >"$dir/out" 2>&1
        got=$?
        if [ $got -eq "$code" ] && grep -q -e "$pattern" "$dir/out"; then
                passed=$((passed + 1))
        else
                failed=$((failed + 1))
                echo "FAILED: vfioctl $*: exit $got, not $code, or no '$pattern' in:"
                cat "$dir/out"
        fi
}

sed "s,@SOCKET@,$dir/bus," "$conf" >"$dir/bus.conf"
dbus-daemon --config-file="$dir/bus.conf" --nofork --nopidfile >"$dir/dbus" 2>&1 &
bus_pid=$!
until_true test -S "$dir/bus" || { cat "$dir/dbus"; exit 1; }
DBUS_SYSTEM_BUS_ADDRESS=unix:path=$dir/bus LC_ALL=C.UTF-8
export DBUS_SYSTEM_BUS_ADDRESS LC_ALL
unset COLUMNS

expect 4 'systemctl start vfiod' list
expect 4 'ServiceUnknown' --json list
expect 4 '^vfiod_up 0' status --metrics
start_fake
expect 0 'Host ready: VT-d on' status
expect 0 '2 groups hold only bridges and chipset devices: 1 2'
expect 0 '00:01.0' list --all
expect 0 'in use by qemu-system-x86 (4711)' list --class usb
expect 0 '"id": null' --json list
expect 0 '"groups": ' --json status
expect 0 '^vfiod_host_readiness{state="ready"} 1' status --metrics
expect 0 '^# EOF' status --metrics
expect 0 '^vfiod_device{address="0000:05:00.0",group="[0-9]*",driver="igc",' status --metrics
expect 2 'exclude each other' status --metrics --json
expect 2 'list takes no --metrics' list --metrics
expect 0 '"numa_node": null' --json show 05:00.0
expect 0 'Blocked by: 0000:01:00.1' show group 0
expect 0 '"default_domain": "DMA-FQ"' --json check
expect 0 'Take 05:00.0 away from igc' plan 05:00.0
expect 1 'vfioctl prepare 0000:02:00.0 --with 0000:01:00.1$' plan 02:00.0
expect 0 'Nothing to do for 06:00.0' plan 06:00.0
expect 1 'NoSuchDevice' --json show 77:00.0
expect 1 'no group 99' show group 99
expect 2 'is no address' show ../etc
expect 2 "not 'x'" show group x
expect 2 'takes no --accept' --accept=tpm release 05:00.0
expect 2 'plan takes no --persist' plan 05:00.0 --persist
expect 2 'prepare takes no --foreign' prepare 05:00.0 --foreign
expect 2 'plan takes no --wait' plan 05:00.0 --wait
expect 2 'unknown verb: frobnicate' frobnicate
expect 2 'list takes no --with' list --with 01:00.0
expect 2 'needs a device' plan
expect 2 'InvalidArgs' --json plan
expect 4 'cannot connect' --bus unix:path=/nonexistent
expect 1 '05:00.0 is not ready in time: it is preparable' wait 05:00.0 --timeout 100ms
expect 1 'no such device' wait 77:00.0 --for present --timeout 100ms
expect 2 'wait --for takes' wait 05:00.0 --for x
expect 1 '(4711) holds' prepare 07:00.0
expect 1 'not prepared by vfiod' release 05:00.0

# A job is waited for while it runs, across a restart of the daemon.
"$vfioctl" wait 05:00.0 >"$dir/wait" 2>&1 &
wait_pid=$!
sleep 1 # until it has looked once
stop_fake
start_fake
expect 0 'unbind        05:00.0  from igc … done' prepare 05:00.0
wait $wait_pid || { echo "FAILED: wait: exit $?"; cat "$dir/wait"; failed=$((failed + 1)); }
expect 0 '"result": "unchanged"' --json prepare 05:00.0
expect 0 '"result": "done"' --json release 05:00.0
# What fails later undoes what this command did, and only that.
expect 4 '05:00.0 is released again' prepare 05:00.0 06:00.0 08:00.0
expect 4 'bind          08:00.0  to vfio-pci … undone\|… failed' prepare 08:00.0
expect 0 '"readiness": "preparable"' --json show 05:00.0
expect 0 '"readiness": "ready"' --json show 06:00.0
expect 4 'did not bind' --json prepare 08:00.0

# No colour and no pager where there is no terminal.
"$vfioctl" >"$dir/out"
if grep -q "$(printf '\033')" "$dir/out" || [ "$(wc -L <"$dir/out")" -gt 80 ]; then
        echo "FAILED: colour, or a line of more than 80 columns"
        failed=$((failed + 1))
fi
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
