#!/bin/sh
# Runs tests/docker against daemons that are containers of Kiln's own production image, confined as docker-compose.yml confines
# them. Says which tests are left out, and why: tests/docker/bare_only.txt.
#
#   scripts/test-composed.sh [FILE]    FILE: certificate authorities to trust in the build beside the base image's own
#
#   KILN_TEST_IMAGE   an image that is there already; nothing is built then
set -eu
cd "$(dirname "$0")/.."

fail() {
    echo "test-composed: $*" >&2
    exit 1
}

# One test compares the container with compose's.
command -v docker-compose >/dev/null || {
    [ "$(id -u)" = 0 ] || fail "docker-compose is missing: apt-get install docker-compose"
    apt-get update >/dev/null
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends docker-compose >/dev/null
}

if [ -z "${KILN_TEST_IMAGE:-}" ]; then
    if [ -n "${1:-}" ]; then
        cmp -s "$1" deploy/extra-ca.crt || cp "$1" deploy/extra-ca.crt
    fi
    KILN_TEST_IMAGE=kiln:test
    docker build --file deploy/Dockerfile --target production --build-arg PROFILE=dev --tag "$KILN_TEST_IMAGE" .
fi
export KILN_TEST_IMAGE

tests=$(cargo test --locked --test docker -- --list --include-ignored | sed -n 's/: test$//p')
# The options are a list: no name has a blank in it.
set --
while IFS= read -r line; do
    case $line in '#'* | '') continue ;; esac
    name=${line%%: *}
    echo "$tests" | grep -qxF "$name" || fail "tests/docker/bare_only.txt names $name, which is no test"
    echo "not against a composed daemon: $line"
    set -- "$@" --skip "$name"
done <tests/docker/bare_only.txt

cargo test --locked --test docker -- --test-threads=2 --include-ignored "$@"
