# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# bash completion for vfioctl(1)

# Addresses of what can be handed on. A daemon that does not run is not started for a completion,
# and one that hangs does not hang the shell.
_vfioctl_addresses() {
        busctl --no-pager --acquired list 2>/dev/null | grep -q '^org\.vfiod1 ' || return
        timeout 2 vfioctl list 2>/dev/null | sed -n 's/^  \([0-9a-f:.]*\.[0-7]\) .*/\1/p'
}

_vfioctl() {
        local verbs='status list show check explain plan prepare release wait monitor'
        local options='--class --all --with --group --accept --driver --for --timeout --persist
                --no-block --wait --foreign --metrics --json --host --machine --bus --no-pager
                --no-ask-password --help --version'
        local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} verb='' word
        local words=()

        # Colons and equals signs are words of their own for bash; _get_comp_words puts them together.
        if declare -F _get_comp_words_by_ref >/dev/null; then
                _get_comp_words_by_ref -n := cur prev
        fi
        for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
                case " $verbs " in *" $word "*) verb=$word && break ;; esac
        done
        case $prev in
        --class) mapfile -t words < <(compgen -W 'gpu net nvme usb audio' -- "$cur") ;;
        --with) mapfile -t words < <(compgen -W "$(_vfioctl_addresses)" -- "$cur") ;;
        --accept)
                mapfile -t words < <(compgen -W 'network-in-use own-connection network-storage display-in-use boot-display
                        last-keyboard sound-in-use serial-console tpm watchdog disk-holds-data' -- "$cur") ;;
        --driver) mapfile -t words < <(compgen -W 'vfio-pci pci-stub' -- "$cur") ;;
        --for) mapfile -t words < <(compgen -W 'ready preparable present released' -- "$cur") ;;
        --timeout | --host | --machine | --bus | -H | -M) ;;
        *)
                case $cur in
                -*) mapfile -t words < <(compgen -W "$options" -- "$cur") ;;
                *)
                        case $verb in
                        '') mapfile -t words < <(compgen -W "$verbs" -- "$cur") ;;
                        show) mapfile -t words < <(compgen -W "group $(_vfioctl_addresses)" -- "$cur") ;;
                        plan | prepare | release | wait)
                                mapfile -t words < <(compgen -W "$(_vfioctl_addresses)" -- "$cur") ;;
                        explain)
                                mapfile -t words < <(compgen -W "$(vfioctl --no-pager --json explain \
                                        2>/dev/null | sed -n 's/.*"id": "\([^"]*\)".*/\1/p')" -- "$cur") ;;
                        esac ;;
                esac ;;
        esac
        COMPREPLY=("${words[@]}")
        if declare -F __ltrim_colon_completions >/dev/null; then
                __ltrim_colon_completions "$cur"
        fi
}
complete -F _vfioctl vfioctl
