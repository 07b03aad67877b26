#!/bin/sh
# Writes .env for docker-compose.yml from what this machine is like; an .env that is there is left alone.
#
#   scripts/env.sh [FILE]    FILE: certificate authorities to trust in builds beside the base image's own
set -eu
cd "$(dirname "$0")/.."

socket=${DOCKER_HOST:-unix:///var/run/docker.sock}
case $socket in
unix://*) socket=${socket#unix://} ;;
*)
    echo "env: DOCKER_HOST=$socket is no local socket; compose needs one" >&2
    exit 1
    ;;
esac
[ -S "$socket" ] || {
    echo "env: no engine's socket at $socket; see 'make engine'" >&2
    exit 1
}

if [ -n "${1:-}" ]; then
    cmp -s "$1" deploy/extra-ca.crt || cp "$1" deploy/extra-ca.crt
fi
if [ -e .env ]; then
    echo "env: .env is there, left alone"
    exit 0
fi
{
    sed -e "s|^DOCKER_GID=.*|DOCKER_GID=$(stat -L -c %g "$socket")|" \
        -e "s|^# DOCKER_SOCKET=.*|DOCKER_SOCKET=$(readlink -f "$socket")|" .env.example
    [ -z "${1:-}" ] || printf 'KILN_EXTRA_CA=%s\n' "$(readlink -f "$1")"
} >.env
echo "env: wrote .env"
