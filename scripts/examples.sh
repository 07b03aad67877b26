#!/bin/sh
# Sets up the example clients below target/examples and runs them against a daemon.
#
#   scripts/examples.sh HOST:PORT|unix:PATH
set -eu

server=${1:?usage: scripts/examples.sh HOST:PORT|unix:PATH}
root=$(cd "$(dirname "$0")/.." && pwd)
work=$root/target/examples
authorities=/etc/ssl/certs/ca-certificates.crt

die() {
    echo "examples: $*" >&2
    exit 1
}

# Whether what was set up in a folder was set up from this file, as it is now.
is_current() { cmp -s "$1" "$2/installed-from"; }

# As root, what is missing is installed; others are told.
need() {
    command -v "$1" >/dev/null && return
    [ "$(id -u)" = 0 ] || die "$1 is missing: apt-get install $2"
    apt-get update >/dev/null
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$2" >/dev/null
}

python=$work/python
if ! is_current "$root/examples/python/requirements.txt" "$python"; then
    need python3 python3
    python3 -c 'import ensurepip' 2>/dev/null || need pip-for-venv python3-venv
    rm -rf "$python"
    python3 -m venv "$python"
    "$python/bin/pip" install --quiet --disable-pip-version-check -r "$root/examples/python/requirements.txt"
    cp "$root/examples/python/requirements.txt" "$python/installed-from"
fi

node=$work/node
if ! is_current "$root/examples/node/package-lock.json" "$node"; then
    need npm npm
    rm -rf "$node"
    mkdir -p "$node"
    cp "$root/examples/node/package.json" "$root/examples/node/package-lock.json" "$node"
    # Node brings authorities of its own; a network that re-signs TLS is known to the system's.
    [ ! -e "$authorities" ] || export NODE_EXTRA_CA_CERTS="${NODE_EXTRA_CA_CERTS:-$authorities}"
    npm ci --prefix "$node" --silent --no-audit --no-fund
    cp "$root/examples/node/package-lock.json" "$node/installed-from"
fi
cp "$root/examples/node/client.mjs" "$node"

echo "== python"
"$python/bin/python" "$root/examples/python/client.py" "$server"
echo "== node"
node "$node/client.mjs" "$server" "$root/proto"
