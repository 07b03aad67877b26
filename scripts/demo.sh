#!/bin/sh
# Starts a daemon, runs one program in each language, shows output and timings, and stops the daemon again.
#
#   scripts/demo.sh target/release/kiln
set -eu

kiln=${1:?usage: scripts/demo.sh KILN}
ready_wait_s=120
export KILN_SERVER=http://127.0.0.1:50051

"$kiln" serve &
daemon=$!
stop() {
    kill "$daemon" 2>/dev/null || true
    wait "$daemon" || status=$?
    exit "${status:-0}"
}
trap stop EXIT
trap 'status=1; exit' INT TERM

# Serving means that at least one language is; each program below waits for its own container.
waited=0
until "$kiln" health 2>/dev/null && ! "$kiln" languages --json | grep -q '"lastError"'; do
    kill -0 "$daemon" 2>/dev/null || { echo "demo: the daemon has ended" >&2; status=1; exit; }
    [ "$waited" -lt "$ready_wait_s" ] || { echo "demo: not ready within $ready_wait_s s" >&2; status=1; exit; }
    sleep 1
    waited=$((waited + 1))
done

for program in examples/programs/hello.*; do
    printf '\n$ kiln run -v %s\n' "$program"
    "$kiln" run -v "$program" || { status=$?; exit; }
done
printf '\n$ kiln languages\n'
"$kiln" languages
printf '\n$ kiln pool\n'
"$kiln" pool
printf '\n'
