#!/bin/bash
# Shows that `docker compose up` holds what docs/deploy.md says, in a copy of the committed tree: from no image of Kiln's to the
# first Execute, the image and what it is built from, the second start, a rebuild after a change and one from cache_from alone, and
# that nothing is left. Says how long each step took; ends with 1 at the first that does not hold. scripts/compose-test.sh has the rest.
#
#   scripts/compose.sh [FILE]    FILE: certificate authorities to trust in builds beside the base image's own
set -euo pipefail
cd "$(dirname "$0")/.."

ready_wait=20m
start_seconds_max=5
image_bytes_max=40000000
context_bytes_max=1000000

export COMPOSE_PROJECT_NAME=kiln-shown KILN_IMAGE=kiln-shown:local KILN_INSTANCE=kiln-shown
export KILN_GRPC_PORT=50151 KILN_HTTP_PORT=8180 KILN_CACHE=kiln-shown
KILN_REVISION=$(git rev-parse HEAD) KILN_CREATED=$(date --utc +%Y-%m-%dT%H:%M:%SZ)
export KILN_REVISION KILN_CREATED
# The classic builder is asked for in words: the plugin that it would be replaced by need not be there.
export DOCKER_BUILDKIT=${DOCKER_BUILDKIT:-0} COMPOSE_DOCKER_CLI_BUILD=${COMPOSE_DOCKER_CLI_BUILD:-0}

say() { printf '%-58s %s\n' "$1" "$2"; }
fail() {
    echo "compose: $*" >&2
    exit 1
}

if docker compose version >/dev/null 2>&1; then
    compose() { docker compose "$@"; }
else
    command -v docker-compose >/dev/null || {
        [ "$(id -u)" = 0 ] || fail "neither 'docker compose' nor docker-compose is there: apt-get install docker-compose"
        apt-get update >/dev/null
        DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends docker-compose >/dev/null
    }
    compose() { docker-compose "$@"; }
fi

tree=$(mktemp -d)
words=$tree.log
leave() {
    status=$?
    [ "$status" = 0 ] || tail -n 40 "$words" >&2
    (cd "$tree" && compose down --volumes --timeout 60 >/dev/null 2>&1) || true
    rm -rf "$tree" "$words"
    exit "$status"
}
git archive HEAD | tar -x -C "$tree"
cd "$tree"
trap leave EXIT
trap 'exit 1' INT TERM
scripts/env.sh "$@" >/dev/null

# Runs a command and says how many seconds it took.
seconds=0
timed() {
    local what=$1 begun
    shift
    begun=$(date +%s.%N)
    "$@" >>"$words" 2>&1 || fail "$what failed"
    seconds=$(echo "$(date +%s.%N) - $begun" | bc)
    say "$what" "$(printf '%.1f s' "$seconds")"
}

hello() {
    local said
    said=$(echo 'print("hello from compose")' | compose exec -T kiln /usr/bin/kiln run --wait "$ready_wait" -l python -)
    [ "$said" = "hello from compose" ]
}
# The daemon is asked itself whether it serves: the engine's health check may be seconds old.
up() { compose up -d && hello; }
stage() { docker build --file deploy/Dockerfile --target "$1" --build-arg BASE="${KILN_BASE:-debian:bookworm-slim}" --tag "$KILN_CACHE:cache-$1" .; }
stages() { stage dependencies && stage build; }
from_cache() { compose -f docker-compose.yml -f deploy/compose.cache.yml build kiln; }

docker image rm --force "$KILN_IMAGE" >/dev/null 2>&1 || true
timed "build, from the base image alone" compose build --no-cache kiln
first_build=$seconds

bytes=$(docker image inspect --format '{{.Size}}' "$KILN_IMAGE")
say "size of the image" "$((bytes / 1000)) kB"
[ "$bytes" -lt "$image_bytes_max" ] || fail "the image is larger than $image_bytes_max bytes"

# What the builder is sent: the classic builder's own words, in units of its own, so counted from a build that copies everything.
printf 'FROM scratch\nCOPY . /\n' >"$tree.Dockerfile"
docker build --quiet --file "$tree.Dockerfile" --tag kiln-shown-context . >>"$words" 2>&1 || fail "no context"
rm -f "$tree.Dockerfile"
bytes=$(docker image inspect --format '{{.Size}}' kiln-shown-context)
docker image rm kiln-shown-context >/dev/null
say "size of the build context" "$((bytes / 1000)) kB, of a tree of $(du -sk "$tree" | cut -f1) KiB"
[ "$bytes" -lt "$context_bytes_max" ] || fail "the context is larger than $context_bytes_max bytes"

label=$(docker image inspect --format '{{index .Config.Labels "org.opencontainers.image.revision"}}' "$KILN_IMAGE")
[ "$label" = "$KILN_REVISION" ] || fail "the image's revision is $label"

executors="with the executor images there"
docker image inspect kiln-executor-python:local >/dev/null 2>&1 || executors="making the executor images"
timed "up to the first Execute, $executors" up
timed "stop" compose stop
timed "second start, up to the first Execute" up
second_start=$seconds

# Of the stages that cache_from names, each is the whole way to it, and made from the layers that are there.
timed "names for the stages" stages
timed "rebuild, all of it from cache_from" from_cache
echo '// A changed line.' >>src/main.rs
timed "rebuild after a change of one source line" compose build kiln
[ "$(echo "$seconds * 2 < $first_build" | bc)" = 1 ] || fail "a rebuild takes more than half of the first build's time"
echo '// Another.' >>src/main.rs
timed "rebuild after another, dependencies from cache_from" from_cache
[ "$(echo "$seconds * 2 < $first_build" | bc)" = 1 ] || fail "with cache_from a rebuild takes more than half of the first build's time"

timed "down" compose down --volumes
left=$(
    docker ps --all --quiet --filter "label=kiln.instance=$KILN_INSTANCE"
    docker ps --all --quiet --filter "label=com.docker.compose.project=$COMPOSE_PROJECT_NAME"
    docker volume ls --quiet --filter "label=kiln.instance=$KILN_INSTANCE"
    docker volume ls --quiet --filter "label=com.docker.compose.project=$COMPOSE_PROJECT_NAME"
    docker network ls --quiet --filter "label=com.docker.compose.project=$COMPOSE_PROJECT_NAME"
)
[ -z "$left" ] || fail "left behind: $left"
say "containers, volumes and networks left" none
[ "$(echo "$second_start < $start_seconds_max" | bc)" = 1 ] || fail "a second start took $second_start s, not under $start_seconds_max"
docker image rm --force "$KILN_IMAGE" "$KILN_CACHE:cache-dependencies" "$KILN_CACHE:cache-build" >/dev/null
