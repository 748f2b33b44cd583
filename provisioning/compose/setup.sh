#!/bin/sh
# Makes what must not lie in a repository: an authority, certificates of broker and hub, passwords, tokens; and Grafana's
# files. Run it as root before the first start, once; what is there already is kept. --check says what is missing.
#
#   sh setup.sh [BROKER-NAME …]      further names and addresses by which agents reach the broker
set -eu
umask 077
cd "$(dirname "$0")"
days=825

if [ "${1:-}" = "--check" ]; then
    status=0
    for file in ca/ca.key secrets/broker/broker.crt secrets/broker/acl secrets/hub/hub.crt \
        secrets/influx/influx-admin.token secrets/grafana/grafana-admin.password grafana/datasources/watchkeeper.yaml; do
        [ -s "$file" ] || { echo "missing: $file" >&2; status=1; }
    done
    exit $status
fi

for tool in openssl watchkeeper-fleet; do
    command -v "$tool" >/dev/null || { echo "setup.sh: $tool is needed (pip install '.[provisioning]')" >&2; exit 1; }
done

secret() { [ -s "$1" ] || openssl rand -hex 32 >"$1"; }
pair() { # name, folder, common name, extensions
    [ -s "$2/$1.crt" ] && return
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$2/$1.key" -out "ca/$1.csr" -subj "/CN=$3" 2>/dev/null
    printf '%s\n' "$4" >"ca/$1.ext"
    openssl x509 -req -in "ca/$1.csr" -CA ca/ca.crt -CAkey ca/ca.key -CAcreateserial -days $days -extfile "ca/$1.ext" -out "$2/$1.crt" 2>/dev/null
    rm "ca/$1.csr" "ca/$1.ext"
}

mkdir -p ca secrets/broker secrets/hub secrets/influx secrets/grafana
if [ ! -s ca/ca.key ]; then
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout ca/ca.key -out ca/ca.crt -days 3650 \
        -subj "/CN=Watchkeeper CA" -addext "basicConstraints=critical,CA:TRUE,pathlen:0" -addext "keyUsage=critical,keyCertSign,cRLSign" 2>/dev/null
fi

names="DNS:localhost,IP:127.0.0.1,DNS:$(uname -n)"
for name in "$@"; do
    case $name in
    *[!0-9.]*) names="$names,DNS:$name" ;;
    *) names="$names,IP:$name" ;;
    esac
done
pair broker secrets/broker broker "subjectAltName=$names
extendedKeyUsage=serverAuth"
pair hub secrets/hub hub "extendedKeyUsage=clientAuth"
cp ca/ca.crt secrets/broker/ca.crt
cp ca/ca.crt secrets/hub/ca.crt
watchkeeper-fleet broker-acl >secrets/broker/acl

secret secrets/influx/influx-admin.password
secret secrets/influx/influx-admin.token
secret secrets/grafana/grafana-admin.password
# Until tokens of their own are made (docs/grafana.md) hub and Grafana use the administrator's.
for file in secrets/hub/influx-admin.token secrets/hub/influx-hub.token secrets/grafana/influx-grafana.token; do
    [ -s "$file" ] || cp secrets/influx/influx-admin.token "$file"
done
watchkeeper-fleet dashboards files --customers customers.toml --out grafana >/dev/null
chmod -R a+rX grafana

if [ "$(id -u)" = 0 ]; then # each container's user reads its own and nobody else's
    chown -R 1883:1883 secrets/broker
    chown -R 8200:8200 secrets/hub
    chown -R 1000:1000 secrets/influx
    chown -R 472:472 secrets/grafana
    chmod 711 secrets
else
    echo "setup.sh: not root: give secrets/broker to user 1883, secrets/hub to 8200, secrets/influx to 1000, secrets/grafana to 472" >&2
fi
echo "ready: docker compose up -d --build. Grafana's administrator is admin, the password is in secrets/grafana/grafana-admin.password"
