#!/usr/bin/env bash
# What the virtual machine of the tests needs: QEMU, and what builds its disk. Installs what is missing on Debian as
# root, else says what is.
set -euo pipefail
PATH="$PATH:/usr/sbin:/sbin"

have_command() { command -v "$1" >/dev/null 2>&1; }

missing=()
have_command qemu-system-x86_64 || missing+=(qemu-system-x86)
have_command qemu-img || missing+=(qemu-utils)
have_command mmdebstrap || missing+=(mmdebstrap)
have_command mke2fs || missing+=(e2fsprogs)

if [ ${#missing[@]} -eq 0 ]; then
    echo "vm: qemu, mmdebstrap and mke2fs are here"
    exit 0
fi
if [ "$(id -u)" -ne 0 ] || ! have_command apt-get; then
    echo "vm: these are missing; install them, or run 'make vm' as root on Debian:" >&2
    echo "    apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 1
fi

export DEBIAN_FRONTEND=noninteractive
echo "vm: installing ${missing[*]}"
apt-get update -qq
apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null
echo "vm: installed ${missing[*]}"
