#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Completions in the real shells, against a daemon that shows devices:
# test-completions.sh SOURCE VFIOCTL FAKE-DAEMON BUS-CONF-IN
set -u
source=$1 vfioctl=$2 fake=$3 conf=$4
dir=$(mktemp -d) failed=0
PATH=$(dirname "$vfioctl"):$PATH
export PATH LC_ALL=C.UTF-8
trap 'kill "${pids[@]}" 2>/dev/null; wait; rm -rf "$dir"' EXIT
pids=()

# check NAME PATTERN TEXT
check() {
        if grep -qE -- "$2" <<<"$3"; then
                echo "ok $1"
        else
                printf 'not ok %s: no %s in:\n%s\n' "$1" "$2" "$3"
                failed=$((failed + 1))
        fi
}

# A library of completion waits for nothing: give busctl our bus as the system's.
sed "s,@SOCKET@,$dir/bus," "$conf" >"$dir/bus.conf"
dbus-daemon --config-file="$dir/bus.conf" --nofork --nopidfile >"$dir/dbus" 2>&1 &
pids+=($!)
for _ in $(seq 100); do [ -S "$dir/bus" ] && break; sleep 0.1; done
DBUS_SYSTEM_BUS_ADDRESS=unix:path=$dir/bus
export DBUS_SYSTEM_BUS_ADDRESS
"$fake" >"$dir/fake" 2>&1 &
pids+=($!)
for _ in $(seq 100); do "$vfioctl" list >"$dir/list" 2>/dev/null && break; sleep 0.1; done
grep -q 05:00.0 "$dir/list" || { cat "$dir/fake" "$dir/list"; echo "not ok the daemon is there"; exit 1; }

# in_bash WORD...: what completes the last one
in_bash() {
        bash --norc -c '
                [ -f /usr/share/bash-completion/bash_completion ] &&
                        . /usr/share/bash-completion/bash_completion
                . "$1/conf/completions/vfioctl.bash"; shift
                COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE}
                _vfioctl
                printf "%s\n" "${COMPREPLY[@]}"' - "$source" "$@"
}

check "bash: a verb" '^prepare$' "$(in_bash vfioctl pre)"
check "bash: an option" '^--timeout$' "$(in_bash vfioctl prepare --t)"
check "bash: an address" '^05:00\.0$' "$(in_bash vfioctl prepare 05)"
check "bash: a class" '^nvme$' "$(in_bash vfioctl list --class nv)"
check "bash: a finding" '^no-iommu$' "$(in_bash vfioctl explain no-io)"

in_fish() {
        fish --no-config -c "source $source/conf/completions/vfioctl.fish; complete -C '$1'"
}

check "fish: a verb" '^prepare	give devices' "$(in_fish 'vfioctl pre')"
check "fish: an option" '^--timeout=?	how long' "$(in_fish 'vfioctl prepare --ti')"
check "fish: an address with its name" '^05:00\.0	.*[A-Za-z]{4}' "$(in_fish 'vfioctl prepare 05')"
check "fish: a finding" '^no-iommu	no IOMMU' "$(in_fish 'vfioctl explain no-io')"

# zsh only completes on a terminal: one of its own, in which Tab is pressed.
# in_zsh LINE PATTERN: what it shows until the pattern is there, for 20 seconds at most
in_zsh() {
        SOURCE=$source LINE=$1 PATTERN=$2 DUMP=$dir/zcompdump zsh -f -c '
                zmodload zsh/zpty
                read_until() {
                        local seen="" chunk
                        repeat 200; do
                                while zpty -r -t shell chunk; do seen+=$chunk; done
                                grep -qE -- $1 <<<$seen && break
                                sleep 0.1
                        done
                        print -r -- $seen
                }
                zpty shell zsh -f -i
                zpty -w shell "PS1=; stty -echo rows 60 columns 120; fpath=($SOURCE/conf/completions \$fpath)"
                zpty -w shell "autoload -Uz compinit; compinit -u -d $DUMP; bindkey \"^I\" complete-word"
                zpty -w shell "LISTMAX=1000; print BE\GIN"
                read_until "^BEGIN" >/dev/null
                zpty -w -n shell "$LINE"$'"'\t\t'"'
                read_until $PATTERN
                zpty -d shell' 2>&1 | sed 's/\x1b\[[0-9;?]*[a-zA-Z]//g' | tr -d '\r\a'
}

# check_zsh NAME LINE PATTERN
check_zsh() {
        check "$1" "$3" "$(in_zsh "$2" "$3")"
}

check_zsh "zsh: a verb" 'vfioctl prep' 'prepare'
check_zsh "zsh: addresses with names" 'vfioctl prepare 0' '05:00\.0 +-- .*[A-Za-z]{4}'
[ "$failed" -eq 0 ]
