#!/bin/sh
# Shows Kiln from nothing: engine, base image, release build, executor images, daemon, one program in each language with its
# output and timings. Stops the daemon again, and the engine where this started it.
#
#   scripts/demo.sh [arguments of `kiln images build`]
set -eu
cd "$(dirname "$0")/.."

kiln=target/release/kiln
ready_wait_s=120
export KILN_SERVER=http://127.0.0.1:50051

daemon=
engine_is_ours=
stop() {
    status=$?
    if [ -n "$daemon" ]; then
        kill "$daemon" 2>/dev/null || true
        wait "$daemon" || status=$?
    fi
    [ -z "$engine_is_ours" ] || scripts/engine.sh stop
    exit "$status"
}
trap stop EXIT
trap 'exit 1' INT TERM

fail() {
    echo "demo: $*" >&2
    exit 1
}

timeout 10 docker info >/dev/null 2>&1 || engine_is_ours=yes
scripts/engine.sh
scripts/base.sh
cargo build --locked --release
"$kiln" images build "$@"

"$kiln" serve &
daemon=$!
waited=0
until "$kiln" health 2>/dev/null; do
    kill -0 "$daemon" 2>/dev/null || fail "the daemon has ended"
    [ "$waited" -lt "$ready_wait_s" ] || fail "the daemon does not serve within $ready_wait_s s"
    sleep 1
    waited=$((waited + 1))
done

for program in examples/programs/hello.*; do
    printf '\n$ kiln run -v %s\n' "$program"
    "$kiln" run -v "$program"
done
printf '\n$ kiln languages\n'
"$kiln" languages
printf '\n$ kiln pool\n'
"$kiln" pool
printf '\n'
