# SPDX-License-Identifier: GPL-2.0-or-later
# What tests/run and tests/try share. Sourced, not run.
# shellcheck shell=bash

# Debian's names: what the build, the tests, the lab and tests/try need.
# shellcheck disable=SC2034 # used where this is sourced
{
        packages_build="gcc libc6-dev meson ninja-build pkg-config libsystemd-dev libudev-dev"
        packages_build+=" libpci-dev libmount-dev libblkid-dev libjansson-dev libinih-dev"
        packages_build+=" libexpat1-dev scdoc pci.ids"
        packages_unit="dbus systemd python3 binutils udev kmod jq"
        packages_unit+=" systemd-journal-remote zsh fish bash-completion"
        packages_unit+=" dunst xvfb imagemagick fonts-dejavu-core"
        packages_test="$packages_unit clang clang-tidy cppcheck shellcheck git"
        packages_lab="qemu-system-x86 qemu-utils mmdebstrap e2fsprogs debian-archive-keyring zstd"
        packages_lab+=" cpio kmod util-linux python3"
        packages_try="dbus python3"
}

bold='' dim='' red='' cyan='' plain='' erase=''
if [ -t 1 ] && [ "${TERM:-dumb}" != dumb ]; then
        erase=$'\r\e[K'
        if [ -z "${NO_COLOR:-}" ]; then
                bold=$'\e[1m' dim=$'\e[2m' red=$'\e[31m' cyan=$'\e[36m' plain=$'\e[0m'
        fi
fi

say() {
        printf '\n%s== %s%s\n' "$bold" "$*" "$plain"
}

# minutes_of SECONDS
minutes_of() {
        printf '%d:%02d' $(($1 / 60)) $(($1 % 60))
}

elapsed() {
        minutes_of "$SECONDS"
}

# --- rights ---

# What stands before a command that needs root: nothing, or sudo. An array, so that a command that
# runs aside is the process that is known by its id, and no shell around it.
root_prefix=()
[ "$(id -u)" -eq 0 ] || root_prefix=(sudo)

# Whether as_root can work; asks for sudo's password now and not in the middle.
can_be_root() {
        [ ${#root_prefix[@]} -eq 0 ] && return 0
        if ! command -v sudo >/dev/null; then
                echo "This needs root, or sudo, to install packages." >&2
                return 1
        fi
        sudo -v
}

as_root() {
        "${root_prefix[@]}" "$@"
}

# --- what runs aside ---

children=()
progress_log=

# Ends what runs aside, by its id, and waits for it to be gone. A sudo obeys root only.
end_children() {
        local pid
        for pid in "${children[@]}"; do
                kill "$pid" 2>/dev/null || as_root kill "$pid" 2>/dev/null
        done
        for pid in "${children[@]}"; do
                wait "$pid" 2>/dev/null
        done
        children=()
        [ -z "$progress_log" ] || rm -f "$progress_log"
}

# Waits for the youngest child. Returns its status.
wait_child() {
        local status
        wait "${children[-1]}"
        status=$?
        # Its id may be somebody else's from now on.
        unset 'children[-1]'
        return $status
}

# Once is enough: a second signal would cut short how they clean up.
interrupted() {
        trap '' INT TERM HUP
        printf '%s\nInterrupted; ending what was started.\n' "$erase" >&2
        end_children
        exit "$1"
}
trap 'interrupted 130' INT
trap 'interrupted 143' TERM
trap 'interrupted 129' HUP

# ticker SECONDS TEXT: how long it has taken. On a terminal a line that is written over; elsewhere a
# line every 15 seconds.
ticker() {
        if [ -n "$erase" ]; then
                printf '%s  %s%s  %s%s' "$erase" "$dim" "$(minutes_of "$1")" "${2:0:70}" "$plain"
        elif [ $(($1 % 15)) -eq 0 ] && [ "$1" -gt 0 ]; then
                printf '  %s  %s\n' "$(minutes_of "$1")" "${2:0:70}"
        fi
}

# with_progress TITLE COMMAND...: runs a program aside (no function) and shows for how long, and the
# last line of what it writes; the end of all that if it fails. Returns its status.
with_progress() {
        local title=$1 began=$SECONDS last status
        shift
        progress_log=$(mktemp) || return 1
        "$@" >"$progress_log" 2>&1 </dev/null &
        children+=($!)
        while [ -d "/proc/${children[-1]}" ]; do
                last=$(tail -n 1 "$progress_log" | tr -cd '[:print:]')
                ticker $((SECONDS - began)) "$title: $last"
                sleep 1
        done
        wait_child
        status=$?
        printf '%s' "$erase"
        if [ $status -eq 0 ]; then
                printf '  %s  %s\n' "$(minutes_of $((SECONDS - began)))" "$title"
        else
                tail -n 40 "$progress_log"
                printf '%s%s failed with status %s; its last words are above.%s\n' "$red" "$title" \
                        "$status" "$plain"
        fi
        rm -f "$progress_log"
        progress_log=
        return $status
}

# --- a build for the guests of the lab ---

# The guests are Debian 12. What was built with a newer C library brings its libraries along.
guest_glibc=2.36
guest_library_dir=/opt/vfiod-libraries

is_newer_than_guest() {
        local own
        own=$(getconf GNU_LIBC_VERSION) || return 1
        [ "$(printf '%s\n' "$guest_glibc" "${own#* }" | sort -V | tail -n 1)" != "$guest_glibc" ]
}

if is_newer_than_guest; then
        packages_lab+=" patchelf"
fi

# guest_libraries TREE: makes the programs in a DESTDIR tree run in a guest.
guest_libraries() {
        local program library interpreter
        is_newer_than_guest || return 0
        mkdir -p "$1$guest_library_dir" || return 1
        for program in "$1"/usr/bin/* "$1"/usr/sbin/* "$1"/usr/libexec/vfiod/*; do
                interpreter=$(patchelf --print-interpreter "$program") || return 1
                for library in "$interpreter" $(ldd "$program" | grep -o '/[^ ]*'); do
                        cp -Lu "$library" "$1$guest_library_dir/" || return 1
                done
                # RPATH and not RUNPATH: it holds for the libraries of libraries, too.
                patchelf --force-rpath --set-rpath "$guest_library_dir" --set-interpreter \
                        "$guest_library_dir/${interpreter##*/}" "$program" || return 1
        done
}

# --- packages ---

is_debian() {
        local ID='' VERSION_ID=''
        # shellcheck source=/dev/null
        [ -r /etc/os-release ] && . /etc/os-release
        # Testing and unstable have no VERSION_ID.
        [ "$ID" = debian ] && [ "${VERSION_ID:-12}" -ge 12 ] && command -v apt-get >/dev/null
}

# What to install where this cannot do it.
print_packages() {
        cat <<EOF
This is not Debian 12 or later, so nothing is installed here. What the build
needs, with the names of other distributions, untested. (The virtual machines
are made from Debian's packages and need a Debian's apt.)

  Fedora    dnf install gcc meson hwdata dbus-daemon python3 \\
            'pkgconfig(libsystemd)' 'pkgconfig(libudev)' \\
            'pkgconfig(libpci)' 'pkgconfig(mount)' 'pkgconfig(blkid)' 'pkgconfig(jansson)' \\
            'pkgconfig(expat)' 'pkgconfig(inih)' scdoc
  Arch      pacman -S gcc meson pkgconf systemd systemd-libs pciutils util-linux-libs \\
            jansson expat libinih scdoc hwdata dbus python
  openSUSE  zypper install gcc meson hwdata dbus-1 python3 \\
            'pkgconfig(libsystemd)' 'pkgconfig(libudev)' \\
            'pkgconfig(libpci)' 'pkgconfig(mount)' 'pkgconfig(blkid)' 'pkgconfig(jansson)' \\
            'pkgconfig(expat)' 'pkgconfig(inih)' scdoc

Then:  meson setup --buildtype=release build && ninja -C build

Debian's names, for a distribution that is made from it:
EOF
        printf '%s\n' "$*" | fold -s -w 78 | sed 's/^/  /'
}

# Prints the packages of the list that are not installed.
missing_packages() {
        local package
        for package in "$@"; do
                dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null | grep -q ' installed$' ||
                        echo "$package"
        done
}

# install_packages PACKAGE...: says what is missing and installs it, without asking. On another
# distribution it says what to install, and ends.
install_packages() {
        local missing
        if ! is_debian; then
                print_packages "$@" >&2
                exit 1
        fi
        missing=$(missing_packages "$@" | sort -u)
        [ -n "$missing" ] || return 0
        say "Installing, with what they need"
        # shellcheck disable=SC2086 # one word per package
        echo $missing | fold -s -w 78 | sed 's/^/  /'
        can_be_root || return 1
        with_progress "Reading the package lists" "${root_prefix[@]}" apt-get -q update || return 1
        # shellcheck disable=SC2086 # one word per package
        with_progress "Installing packages" "${root_prefix[@]}" env DEBIAN_FRONTEND=noninteractive \
                apt-get -q install -y --no-install-recommends -o Dpkg::Use-Pty=0 $missing
}
