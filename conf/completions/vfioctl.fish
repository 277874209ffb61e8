# SPDX-License-Identifier: GPL-2.0-or-later
# fish completion for vfioctl(1)

# A daemon that does not run is not started for a completion.
function __vfioctl_addresses
    busctl --no-pager --acquired list 2>/dev/null | grep -q '^org\.vfiod1 '; or return
    timeout 2 vfioctl list 2>/dev/null |
        sed -n 's/^  \([0-9a-f:.]*\.[0-7]\)  *\(.*[^ ]\)   *[^ ]*  *[^ ]*$/\1\t\2/p'
end

function __vfioctl_topics
    vfioctl --no-pager explain 2>/dev/null | sed -n 's/^  \([a-z0-9-]*\)  *\(.*\)$/\1\t\2/p'
end

set -l verbs status list show check explain plan prepare release wait monitor
complete -c vfioctl -f
complete -c vfioctl -n "not __fish_seen_subcommand_from $verbs" -a status -d 'the host, its groups and their verdicts'
complete -c vfioctl -n "not __fish_seen_subcommand_from $verbs" -a list -d 'groups and devices'
complete -c vfioctl -n "not __fish_seen_subcommand_from $verbs" -a show -d 'everything about a device or a group'
complete -c vfioctl -n "not __fish_seen_subcommand_from $verbs" -a check -d 'whether this host can do it at all'
complete -c vfioctl -n "not __fish_seen_subcommand_from $verbs" -a explain -d 'what a finding means'
complete -c vfioctl -n "not __fish_seen_subcommand_from $verbs" -a plan -d 'what prepare would do'
complete -c vfioctl -n "not __fish_seen_subcommand_from $verbs" -a prepare -d 'give devices to VFIO'
complete -c vfioctl -n "not __fish_seen_subcommand_from $verbs" -a release -d 'give them back to the host'
complete -c vfioctl -n "not __fish_seen_subcommand_from $verbs" -a wait -d 'wait until a device is ready'
complete -c vfioctl -n "not __fish_seen_subcommand_from $verbs" -a monitor -d 'tell what changes'
complete -c vfioctl -n '__fish_seen_subcommand_from show plan prepare release wait' -a '(__vfioctl_addresses)'
complete -c vfioctl -n '__fish_seen_subcommand_from show' -a group
complete -c vfioctl -n '__fish_seen_subcommand_from explain' -a '(__vfioctl_topics)'
complete -c vfioctl -l class -x -a 'gpu net nvme usb audio' -d 'only devices of this class'
complete -c vfioctl -l all -d 'also groups of bridges only'
complete -c vfioctl -l with -x -a '(__vfioctl_addresses)' -d 'may be moved along'
complete -c vfioctl -l accept -x -a 'network-in-use own-connection network-storage display-in-use boot-display last-keyboard sound-in-use serial-console tpm watchdog disk-holds-data' -d 'lose what plan warns of'
complete -c vfioctl -l group -d 'every member of the group may be moved along'
complete -c vfioctl -l driver -x -a 'vfio-pci pci-stub' -d 'bind to this driver'
complete -c vfioctl -l for -x -a 'ready preparable present released' -d 'what to wait for, or who claims it'
complete -c vfioctl -l timeout -x -d 'how long it may take'
complete -c vfioctl -l persist -d 'prepare at every boot, or not any more'
complete -c vfioctl -l no-block -d 'do not wait until the work is done'
complete -c vfioctl -l wait -d 'wait until no VM holds the device any more'
complete -c vfioctl -l foreign -d 'also release what vfiod has not prepared'
complete -c vfioctl -l metrics -d 'as metrics, for node_exporter'
complete -c vfioctl -l json -d 'print JSON'
complete -c vfioctl -s H -l host -x -a '(__fish_print_hostnames)' -d 'ask the vfiod of another host'
complete -c vfioctl -s M -l machine -x -d 'ask the vfiod of a local container'
complete -c vfioctl -l bus -x -d 'use this bus'
complete -c vfioctl -l no-pager -d 'do not pipe long output into a pager'
complete -c vfioctl -l no-ask-password -d 'do not ask for passwords'
complete -c vfioctl -s h -l help -d 'show a short help'
complete -c vfioctl -l version -d 'show the version'
