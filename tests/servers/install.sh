#!/usr/bin/env bash
# The servers, the browser and the tools that the tests run for real. Installs what is missing on Debian as root, else says what is.
# No service is started: the tests start their own, on free ports in temporary folders.
set -euo pipefail
PATH="$PATH:/usr/sbin:/sbin"

have_command() { command -v "$1" >/dev/null 2>&1; }
have_file() { compgen -G "$1" >/dev/null; }

missing=()
have_command mosquitto || missing+=(mosquitto)
have_command influxd || missing+=(influxdb)
have_command nginx || missing+=(nginx-light)
have_command initdb || have_file '/usr/lib/postgresql/*/bin/initdb' || missing+=(postgresql)
have_command chromium || missing+=(chromium)
# What collectors ask, or read what it writes.
have_command smartctl || missing+=(smartmontools)
have_command upsd || missing+=(nut-server)
have_command upsc || missing+=(nut-client)
have_command fatrace || missing+=(fatrace)
have_command ffmpeg || missing+=(ffmpeg)
have_command cryptsetup || missing+=(cryptsetup-bin)
have_command ip || missing+=(iproute2)
have_command mkfs.ext4 || missing+=(e2fsprogs)
have_command systemd-analyze || missing+=(systemd)
# Devices that are not ours: a switch's SNMP agent, an RTSP server with its streams, certificates.
have_command snmpd || missing+=(snmpd)
have_command openssl || missing+=(openssl)
# Reads provisioning/compose; no container is started.
have_command docker-compose || missing+=(docker-compose)
have_file '/usr/lib/*/girepository-1.0/GstRtspServer-1.0.typelib' || missing+=(gir1.2-gst-rtsp-server-1.0)
have_file '/usr/lib/python3/dist-packages/gi/__init__.py' || missing+=(python3-gi)
have_file '/usr/lib/*/gstreamer-1.0/libgstvideotestsrc.so' || missing+=(gstreamer1.0-plugins-base)
have_file '/usr/lib/*/gstreamer-1.0/libgstrtp.so' || missing+=(gstreamer1.0-plugins-good)
# Playwright's own node wants it, and a minimal Debian has none.
ldconfig -p | grep -q 'libatomic\.so\.1' || missing+=(libatomic1)
have_file '/usr/share/fonts/opentype/noto/NotoSansCJK-*' || missing+=(fonts-noto-cjk)

if [ ${#missing[@]} -eq 0 ]; then
    echo "servers: mosquitto, influxdb, nginx, postgresql, chromium and the collectors' tools are here"
    exit 0
fi
if [ "$(id -u)" -ne 0 ] || ! have_command apt-get; then
    echo "servers: these are missing; install them, or run 'make servers' as root on Debian:" >&2
    echo "    apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 1
fi

# Debian's packages start their daemons unless this file says no; it is ours alone, and goes when we go.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
fi
export DEBIAN_FRONTEND=noninteractive
echo "servers: installing ${missing[*]}"
apt-get update -qq
apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null
echo "servers: installed ${missing[*]}"
