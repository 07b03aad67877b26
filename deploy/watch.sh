#!/bin/sh
# Runs the daemon from the sources in the current directory; builds and starts it again when one of them changes.
# For the development image. SIGTERM ends it, and the daemon with it.
set -eu

# entr ends with this when a file was added to a directory that it watches: the list has to be made anew.
new_file=2

trap 'kill "$watcher" 2>/dev/null || true; wait; exit 0' INT TERM
while :; do
    find Cargo.toml Cargo.lock build.rs proto src agent languages deploy/images -type f \
        -not -path '*/target/*' >/tmp/watched
    entr -n -d -r cargo run --locked -- serve </tmp/watched &
    watcher=$!
    status=0
    wait "$watcher" || status=$?
    [ "$status" = "$new_file" ] || exit "$status"
done
