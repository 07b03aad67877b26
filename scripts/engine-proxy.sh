#!/bin/sh
# Runs nginx with deploy/engine-proxy.conf in front of the engine's socket, in the foreground; as root and without systemd (containers,
# CI), installs Debian's where there is none, and starts no other server.
#
#   scripts/engine-proxy.sh BIND    BIND: an address such as 127.0.0.1:2375, or unix: and the path of a socket to make
set -eu
cd "$(dirname "$0")/.."

bind=${1:?usage: scripts/engine-proxy.sh BIND}
socket=/var/run/docker.sock
# Debian's is not on everybody's path.
PATH=$PATH:/usr/sbin

command -v nginx >/dev/null || {
    [ "$(id -u)" = 0 ] || {
        echo "engine-proxy: nginx is missing: apt-get install nginx-light" >&2
        exit 1
    }
    # Under systemd the package starts a server of its own on port 80, now and at each boot, unless it is told first not to.
    [ ! -d /run/systemd/system ] || {
        echo "engine-proxy: nginx is missing: systemctl mask nginx && apt-get install nginx-light" >&2
        exit 1
    }
    # Elsewhere Debian asks this file whether services may start.
    policy=/usr/sbin/policy-rc.d
    if [ -e $policy ]; then policy=; else
        trap 'rm -f "$policy"' EXIT
        printf '#!/bin/sh\nexit 101\n' >$policy
        chmod 0755 $policy
    fi
    apt-get update >/dev/null
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends nginx-light >/dev/null
    [ -z "$policy" ] || rm -f "$policy"
}

work=$(mktemp -d)
chmod 0755 "$work"
trap 'rm -rf "$work"' EXIT
trap 'kill "$nginx" 2>/dev/null || true' INT TERM
sed "s|listen 127.0.0.1:2375;|listen $bind;|" deploy/engine-proxy.conf >"$work/nginx.conf"
# Its workers are nobody, in the group of the engine's socket.
user=
[ "$(id -u)" != 0 ] || user="user nobody $(stat -L -c %G $socket);"
nginx -p "$work" -c "$work/nginx.conf" -e stderr ${user:+-g "$user"} &
nginx=$!
status=0
wait "$nginx" || status=$?
# A signal ends the wait before nginx has ended.
wait "$nginx" 2>/dev/null || true
exit "$status"
