#!/bin/sh
# Build one executor image with plain docker: scripts/build-image.sh ID
# tags kiln-executor-ID:local.
#
# Where the network's certificates are signed by an authority of its own, let
# KILN_EXTRA_CA name a file with it (PEM). Only fetch stages read it. BASE names
# another base image.
set -eu

id=${1:?usage: $0 ID, a directory of deploy/images}
root=$(cd "$(dirname "$0")/.." && pwd)
[ -f "$root/deploy/images/$id/Dockerfile" ] || {
    echo "build-image: no deploy/images/$id/Dockerfile" >&2
    exit 1
}

# The context is the image's own files and the language's side by side.
context=$(mktemp -d)
trap 'rm -rf "$context"' EXIT
cp -R "$root/deploy/images/$id/." "$context/"
[ ! -d "$root/languages/$id" ] || cp -R "$root/languages/$id/." "$context/"
# Always there, so that a Dockerfile may COPY it: the classic builder knows no
# optional files.
cat "${KILN_EXTRA_CA:-/dev/null}" >"$context/extra-ca.crt"

DOCKER_BUILDKIT=0 docker build --quiet \
    --build-arg "BASE=${BASE:-debian:bookworm-slim}" \
    --tag "kiln-executor-$id:local" "$context" >/dev/null
docker image inspect --format 'build-image: {{index .RepoTags 0}}, {{.Size}} bytes' "kiln-executor-$id:local"
