#!/usr/bin/env bash
# Builds the disk of the tests' virtual machine in build/vm/: Debian 12 with its stock kernel, the tools that the
# collectors ask, and a virtual environment with the agent's locked packages. The agent itself is no part of it: the
# tests install the code at hand into an overlay. Built anew only when this file or the lock changed.
#
# Debian's packages come from where this machine gets its own (its sources file), Python's from its package index.
# Needs root: it makes a root file system with its owners and device files.
set -euo pipefail
PATH="$PATH:/usr/sbin:/sbin"
cd "$(dirname "$0")/../.."

out=build/vm
sources=/etc/apt/sources.list.d/debian.sources
[ -e "$sources" ] || sources=/etc/apt/sources.list
stamp=$(cat tests/vm/image.sh requirements/agent.lock | sha256sum | cut -d' ' -f1)
if [ -e "$out/stamp" ] && [ "$(cat "$out/stamp")" = "$stamp" ]; then
    echo "vm: $out is current"
    exit 0
fi
if [ "$(id -u)" -ne 0 ]; then
    echo "vm: building the disk needs root (owners and device files of a root file system): sudo make vm" >&2
    exit 1
fi

packages=(
    linux-image-amd64 initramfs-tools zstd
    systemd systemd-sysv udev kmod qemu-guest-agent
    python3 python3-venv
    mosquitto smartmontools cryptsetup-bin mdadm fatrace chrony nut-server nut-client
    e2fsprogs dosfstools iproute2 procps sqlite3
)

started=$SECONDS
mkdir -p "$out"
rm -f "$out/stamp"
work=$(mktemp -d /tmp/watchkeeper-vm-XXXXXX)
trap 'rm -rf --one-file-system "$work"' EXIT
root=$work/root wheels=$work/wheels

echo "vm: Python packages of requirements/agent.lock"
.venv/bin/pip wheel --disable-pip-version-check -q --no-build-isolation --require-hashes \
    -r requirements/agent.lock -w "$wheels"

echo "vm: Debian's packages"
mmdebstrap --quiet --variant=minbase --include="$(IFS=,; echo "${packages[*]}")" \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' \
    --setup-hook='mkdir -p "$1/etc/initramfs-tools/conf.d"' \
    --setup-hook='printf "MODULES=list\nCOMPRESS=zstd\n" >"$1/etc/initramfs-tools/conf.d/small"' \
    --setup-hook='printf "virtio_pci\nvirtio_blk\next4\n" >"$1/etc/initramfs-tools/modules"' \
    bookworm "$root" "$sources"

# Nothing runs but what a test starts itself, and nothing waits for a person: where the processor is emulated every
# service costs seconds of each boot. No network either: there is the loopback and nothing else.
for unit in mosquitto chrony smartmontools nut-server nut-monitor nut-client; do
    systemctl --root="$root" --quiet disable "$unit"
done
systemctl --root="$root" --quiet mask systemd-logind.service systemd-networkd.service systemd-timesyncd.service \
    getty.target serial-getty@ttyS0.service getty@tty1.service nut-driver-enumerator.service nut-driver-enumerator.path \
    e2scrub_reap.service e2scrub_all.timer fstrim.timer apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer \
    mdmonitor.service systemd-binfmt.service systemd-pstore.service modprobe@drm.service
printf 'watchkeeper-vm\n' >"$root/etc/hostname"
printf '127.0.0.1 localhost watchkeeper-vm\n' >"$root/etc/hosts"
printf '/dev/vda / ext4 defaults,errors=remount-ro 0 1\n' >"$root/etc/fstab"
# The journal is on the disk, so that what was logged before a power cut can be read after it.
mkdir -p "$root/var/log/journal"

echo "vm: the agent's virtual environment"
mkdir "$root/tmp/wheels"
cp "$wheels"/*.whl "$root/tmp/wheels"
chroot "$root" python3 -m venv /opt/watchkeeper
chroot "$root" sh -c '/opt/watchkeeper/bin/pip install --disable-pip-version-check -q --no-index --no-deps /tmp/wheels/*.whl'
rm -rf "$root/tmp/wheels" "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/*

echo "vm: the disk"
cp --dereference "$root/vmlinuz" "$out/vmlinuz"
cp --dereference "$root/initrd.img" "$out/initrd.img"
rm -f "$out/debian.ext4"
mke2fs -q -t ext4 -L root -m 0 -d "$root" "$out/debian.ext4" 2500M
echo "$stamp" >"$out/stamp"
echo "vm: built in $((SECONDS - started)) s: $(du -h "$out/debian.ext4" | cut -f1) of disk, $(du -h "$out/initrd.img" | cut -f1) initrd"
