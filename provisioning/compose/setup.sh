#!/bin/sh
# Makes what must not lie in a repository: an authority, certificates of broker and hub, passwords, tokens; and Grafana's
# files. Run it as root before the first start; what is there already is kept.
#
#   sh setup.sh [BROKER-NAME …]    further names and addresses by which agents reach the broker
#   sh setup.sh --tokens           starts InfluxDB and has it make the tokens of hub and Grafana: after the above, once
#   sh setup.sh --agent SITE/AGENT …   a key and a certificate for each, into agents/SITE/AGENT/ (docs/install.md)
#   sh setup.sh --check            what is missing
set -eu
umask 077
cd "$(dirname "$0")"
days=825

fail() { echo "setup.sh: $*" >&2; exit 1; }
quiet() { # what openssl says is said only where it fails
    said=$("$@" 2>&1) || { echo "$said" >&2; fail "failed: $1 $2"; }
}
give() { # each container's user reads its own folder and nobody else's
    if [ "$(id -u)" = 0 ]; then
        chown -R 1883:1883 secrets/broker
        chown -R 8200:8200 secrets/hub secrets/buckets
        chown -R 1000:1000 secrets/influx
        chown -R 472:472 secrets/grafana
        chmod 711 secrets
    else
        echo "setup.sh: not root: give secrets/broker to user 1883, secrets/hub and secrets/buckets to 8200," \
            "secrets/influx to 1000, secrets/grafana to 472" >&2
    fi
}

pair() { # name, folder, common name, extensions
    [ -s "$2/$1.crt" ] && return
    quiet openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$2/$1.key" -out "ca/$1.csr" -subj "/CN=$3"
    printf '%s\n' "$4" >"ca/$1.ext"
    quiet openssl x509 -req -in "ca/$1.csr" -CA ca/ca.crt -CAkey ca/ca.key -CAcreateserial -days $days -extfile "ca/$1.ext" -out "ca/$1.crt"
    rm "ca/$1.csr" "ca/$1.ext"
    mv "ca/$1.crt" "$2/$1.crt"
}
agent() { # site and agent: ids as agent.toml takes them; the common name is what the broker's access rules go by
    case $1 in */*) site=${1%%/*} name=${1#*/} ;; *) site= name= ;; esac
    for id in "$site" "$name"; do
        case $id in *[!a-z0-9-]* | "" | -*) fail "'$1' is no SITE/AGENT: lower-case letters, digits and -" ;; esac
        [ ${#id} -le 40 ] || fail "'$id' is longer than 40 characters"
    done
    folder=agents/$1
    [ ! -s "$folder/agent.crt" ] || fail "$folder is there already: for a new key and certificate remove it first"
    mkdir -p "$folder"
    cp ca/ca.crt "$folder/ca.crt"
    pair agent "$folder" "$site\\/$name" "extendedKeyUsage=clientAuth"
    echo "$folder: ca.crt, agent.crt, agent.key, for $days days: to /etc/watchkeeper/tls on the recorder"
}

case "${1:-}" in
--agent)
    shift
    [ $# -gt 0 ] || fail "which? --agent SITE/AGENT"
    [ -s ca/ca.key ] && [ -s ca/ca.crt ] || fail "ca/ca.crt and ca/ca.key are needed: run it without --agent first, or bring them back"
    for each in "$@"; do agent "$each"; done
    exit 0
    ;;
--check)
    status=0
    for file in ca/ca.key secrets/broker/broker.crt secrets/broker/acl secrets/hub/hub.crt secrets/influx/influx-admin.token \
        secrets/buckets/influx-admin.token secrets/hub/influx-hub.token secrets/grafana/influx-grafana.token \
        secrets/grafana/grafana-admin.password grafana/datasources/watchkeeper.yaml; do
        [ -s "$file" ] || { echo "missing: $file" >&2; status=1; }
    done
    exit $status
    ;;
--tokens)
    [ -s secrets/influx/influx-admin.token ] || fail "run it without --tokens first"
    docker compose version >/dev/null 2>&1 || fail "docker and its compose plugin are needed: docker compose version fails"
    docker compose up --detach --wait influxdb
    # token FILE, what it is for, what it may do: InfluxDB thinks it out and tells it once
    token() {
        file=$1 what=$2
        shift 2
        [ -s "$file" ] && return
        answer=$(docker compose exec -T influxdb influx auth create --org watchkeeper --description "$what" "$@" --json) ||
            fail "InfluxDB made no token for $what"
        answer=$(printf '%s\n' "$answer" | sed -n 's/.*"token": *"\([^"]*\)".*/\1/p')
        [ -n "$answer" ] || fail "InfluxDB told no token for $what"
        printf '%s\n' "$answer" >"$file"
    }
    token secrets/hub/influx-hub.token "Watchkeeper hub" --read-buckets --write-buckets
    token secrets/grafana/influx-grafana.token "Grafana" --read-buckets
    give
    echo "ready: docker compose up --detach --build"
    exit 0
    ;;
-*) fail "no such option: $1" ;;
esac

for tool in openssl watchkeeper-fleet; do
    command -v "$tool" >/dev/null || fail "$tool is needed, and on root's PATH (docs/grafana.md)"
done

names="DNS:localhost,IP:127.0.0.1,DNS:$(uname -n)"
for name in "$@"; do
    case $name in
    *[!A-Za-z0-9.:-]* | "" | -*) fail "'$name' is no name and no address" ;;
    *:* | *[0-9].[0-9]*.[0-9]*.[0-9]*) names="$names,IP:$name" ;;
    *) names="$names,DNS:$name" ;;
    esac
done

secret() { [ -s "$1" ] || openssl rand -hex 32 >"$1"; }

mkdir -p ca secrets/broker secrets/hub secrets/buckets secrets/influx secrets/grafana
if [ ! -s ca/ca.crt ]; then
    quiet openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout ca/ca.key -out ca/ca.new -days 3650 \
        -subj "/CN=Watchkeeper CA" -addext "basicConstraints=critical,CA:TRUE,pathlen:0" -addext "keyUsage=critical,keyCertSign,cRLSign"
    mv ca/ca.new ca/ca.crt
fi
pair broker secrets/broker broker "subjectAltName=$names
extendedKeyUsage=serverAuth"
pair hub secrets/hub hub "extendedKeyUsage=clientAuth"
for name in "$@"; do # a certificate that was there already has the names it was made with
    case $names in *"IP:$name,"* | *"IP:$name") option=-checkip ;; *) option=-checkhost ;; esac
    openssl x509 -in secrets/broker/broker.crt -noout $option "$name" | grep -q "does match" ||
        fail "the broker's certificate is not for $name: remove secrets/broker/broker.crt, run this again, start the broker again"
done
cp ca/ca.crt secrets/broker/ca.crt
cp ca/ca.crt secrets/hub/ca.crt
watchkeeper-fleet broker-acl >secrets/broker/acl

secret secrets/influx/influx-admin.password
secret secrets/influx/influx-admin.token
secret secrets/grafana/grafana-admin.password
cp secrets/influx/influx-admin.token secrets/buckets/influx-admin.token # of the container that makes buckets, and ends
watchkeeper-fleet dashboards files --customers customers.toml --out grafana >/dev/null
chmod -R a+rX grafana
give
if [ -s secrets/grafana/influx-grafana.token ]; then
    echo "ready: docker compose up --detach --build"
else
    echo "next: sh setup.sh --tokens"
fi
