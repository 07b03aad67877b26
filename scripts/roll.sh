#!/bin/bash
# Replaces the daemons of the profile `production` by the present image and settings, one at a time. The proxy asks the other one
# meanwhile, and the one that leaves finishes what it runs (up to server.shutdown_seconds), so that no request is refused.
#
#   docker compose build kiln && scripts/roll.sh [DAEMON…]    the names of the daemons' services; kiln and kiln-2 without
#
# COMPOSE says how compose is called where `docker compose` is not there: COMPOSE=docker-compose.
set -euo pipefail
cd "$(dirname "$0")/.."

ready_wait=15m
[ "$#" -gt 0 ] || set -- kiln kiln-2
read -ra compose <<<"${COMPOSE:-docker compose}"
compose() { "${compose[@]}" --profile production "$@"; }
proxy() { compose exec -T proxy "$@"; }

# Whatever happens, in the end all are asked again.
trap 'proxy find /tmp -maxdepth 1 -name "only-*" -delete || true' EXIT
for daemon in "$@"; do
    other=kiln
    [ "$daemon" != kiln ] || other=kiln-2
    compose exec -T "$other" /usr/bin/kiln health || {
        echo "roll: $other does not serve; without it, replacing $daemon would cost requests" >&2
        exit 1
    }
    proxy touch "/tmp/only-$other"
    compose up -d --no-deps --no-build --force-recreate "$daemon"
    compose exec -T "$daemon" /usr/bin/kiln health --wait "$ready_wait"
    proxy rm "/tmp/only-$other"
    echo "roll: $daemon is replaced"
done
