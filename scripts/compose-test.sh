#!/bin/bash
# Tests docker-compose.yml with all its profiles, in a copy of this tree and under names of its own, so that it gets in nobody's way:
# everything up and healthy, executions through TLS spread over the daemons, refusals as statuses, Prometheus and the dashboard, a
# daemon replaced and a daemon stopped under load, and nothing left. Ends with 1 at the first that does not hold.
#
#   scripts/compose-test.sh [FILE]    FILE: certificate authorities to trust in builds beside the base image's own
#
# nginx and Prometheus are Debian's and Grafana is a stand-in (deploy/test/Dockerfile), unless KILN_PROXY_IMAGE,
# KILN_PROMETHEUS_IMAGE and KILN_GRAFANA_IMAGE name others. The images that it builds stay, for the next time.
set -euo pipefail
cd "$(dirname "$0")/.."

ready_wait_s=240
kiln=$PWD/target/debug/kiln

export COMPOSE_PROJECT_NAME=kiln-composed KILN_IMAGE=kiln-composed:dev KILN_INSTANCE=kiln-composed
export KILN_GRPC_PORT=50251 KILN_HTTP_PORT=8280 KILN_TLS_PORT=8643 KILN_PROMETHEUS_PORT=9290 KILN_GRAFANA_PORT=3290
# One language is enough to see what compose is about, and the daemon is built quickly rather than well.
export KILN_LANGUAGES=python KILN_PROFILE=dev KILN_CACHE=kiln-composed
# The classic builder is asked for in words: the plugin that it would be replaced by need not be there.
export DOCKER_BUILDKIT=${DOCKER_BUILDKIT:-0} COMPOSE_DOCKER_CLI_BUILD=${COMPOSE_DOCKER_CLI_BUILD:-0}

say() { printf '%4d s  %s\n' "$SECONDS" "$*"; }
fail() {
    echo "compose-test: $*" >&2
    exit 1
}

needed=()
command -v curl >/dev/null || needed+=(curl)
command -v openssl >/dev/null || needed+=(openssl)
command -v python3 >/dev/null || needed+=(python3)
COMPOSE="docker compose"
docker compose version >/dev/null 2>&1 || {
    COMPOSE=docker-compose
    command -v docker-compose >/dev/null || needed+=(docker-compose)
}
export COMPOSE
[ "${#needed[@]}" = 0 ] || {
    [ "$(id -u)" = 0 ] || fail "missing: apt-get install ${needed[*]}"
    apt-get update >/dev/null
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${needed[@]}" >/dev/null
}
[ -x "$kiln" ] || fail "$kiln is not there: cargo build"

tree=$(mktemp -d)
words=$tree.log
compose() { $COMPOSE --profile production --profile monitoring "$@"; }
leave() {
    status=$?
    if [ "$status" != 0 ]; then
        tail -n 40 "$words" >&2
        (cd "$tree" && compose logs --no-color --tail 15 >&2) || true
    fi
    (cd "$tree" && compose down --volumes --timeout 60 >/dev/null 2>&1) || true
    rm -rf "$tree" "$words"
    exit "$status"
}
# Of the tree as it is, what git has or would take.
git ls-files -z --cached --others --exclude-standard | tar --create --null --files-from=- --ignore-failed-read | tar --extract --directory "$tree"
trap leave EXIT
trap 'exit 1' INT TERM
cd "$tree"
scripts/env.sh "$@" >/dev/null
export KILN_SECRETS=$tree/secrets
scripts/secrets.sh >"$words"
ca=$KILN_SECRETS/ca.crt
# A tenth of what an address may ask for, so that a slow machine gets there too.
sed -i 's/rate=100r/rate=10r/' deploy/proxy/limits.conf
grep -q 'executions.*rate=10r/s' deploy/proxy/limits.conf || fail "limits.conf has another rate than this test thinks"
tls=https://localhost:$KILN_TLS_PORT

# With cache_from, so that what was compiled last time is found whatever else was built on this engine since.
build() {
    for stage in dependencies build; do
        docker build --file deploy/Dockerfile --target "$stage" --tag "$KILN_CACHE:cache-$stage" \
            --cache-from "$KILN_CACHE:cache-dependencies" --cache-from "$KILN_CACHE:cache-build" \
            --build-arg BASE="${KILN_BASE:-debian:bookworm-slim}" --build-arg PROFILE="$KILN_PROFILE" . || return
    done
    compose -f docker-compose.yml -f deploy/compose.cache.yml build kiln || return
    for target in proxy prometheus grafana; do
        name=KILN_${target^^}_IMAGE
        [ -n "${!name:-}" ] || docker build --quiet --target "$target" --tag "kiln-composed-$target:local" \
            --build-arg BASE="${KILN_BASE:-debian:bookworm-slim}" deploy/test || return
    done
}
build >>"$words" 2>&1 || fail "cannot build the images"
export KILN_PROXY_IMAGE=${KILN_PROXY_IMAGE:-kiln-composed-proxy:local}
export KILN_PROMETHEUS_IMAGE=${KILN_PROMETHEUS_IMAGE:-kiln-composed-prometheus:local}
export KILN_GRAFANA_IMAGE=${KILN_GRAFANA_IMAGE:-kiln-composed-grafana:local}
say "the images are there"

# Waits until a command succeeds.
await() {
    local what=$1 end=$((SECONDS + ready_wait_s))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || fail "not within $ready_wait_s s: $what"
        sleep 0.1
    done
}
# By the engine's labels: docker-compose 1.29 takes most of a second to start.
id_of() {
    docker ps --all --quiet --filter "label=com.docker.compose.project=$COMPOSE_PROJECT_NAME" \
        --filter "label=com.docker.compose.service=$1" --filter label=com.docker.compose.oneoff=False
}
of() { docker inspect --format "$2" "$(id_of "$1")"; }
is_healthy() { [ "$(of "$1" '{{.State.Health.Status}}')" = healthy ]; }
is_over() { [ "$(of "$1" '{{.State.Status}}')" = exited ]; }
through() { "$kiln" "$@" --server "$tls" --ca "$ca"; }
metrics() { docker exec "$(id_of proxy)" curl --fail --silent "http://$1:8080/metrics"; }
executed() { metrics "$1" | awk '/^kiln_executions_total/ { n += $2 } END { print n + 0 }'; }
has_executed() { [ "$(executed "$1")" -ge "$2" ]; }

compose up -d >>"$words" 2>&1 || fail "up failed"
for service in kiln kiln-2 proxy prometheus grafana; do
    await "$service is healthy" is_healthy "$service"
done
await "the service images ends" is_over images
[ "$(of images '{{.State.ExitCode}}')" = 0 ] || fail "the service images failed"
say "all services are up and healthy"

for service in kiln kiln-2 proxy prometheus grafana; do
    confined=$(of "$service" '{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}} {{.HostConfig.SecurityOpt}} {{gt .HostConfig.Memory 0}} {{index .HostConfig.LogConfig.Config "max-size"}} {{.HostConfig.RestartPolicy.Name}}')
    [ "$confined" = "true [ALL] [no-new-privileges:true] true 10m unless-stopped" ] || fail "$service is not confined: $confined"
    [ "$(of "$service" '{{.Config.User}}' | cut -d: -f1)" -gt 0 ] || fail "$service runs as root"
    published=$(of "$service" '{{range .NetworkSettings.Ports}}{{range .}}{{.HostIp}} {{end}}{{end}}')
    [ "${published//127.0.0.1 /}" = "" ] || fail "$service is published on $published"
done
[ -z "$(of kiln-2 '{{range .NetworkSettings.Ports}}{{range .}}{{.HostPort}}{{end}}{{end}}')" ] || fail "kiln-2 is published"
secret=$(cat "$KILN_SECRETS/grafana-password")
[[ $(compose ps --quiet | xargs docker inspect) != *"$secret"* ]] || fail "the password is in a container's settings"
say "each is confined, and on loopback"

[ "$(echo 'print(6 * 7)' | through run -l python -)" = 42 ] || fail "no execution through TLS"
echo 'print(1)' | "$kiln" run -l python - --server "$tls" 2>/dev/null && fail "a client without an authority was content"
python3 - >programs.jsonl <<'P'
import json
for n in range(160):
    print(json.dumps({"language": "python", "name": str(n), "code": f"import time; time.sleep(0.4); print({n} * 7)", "expect": {"outcome": "SUCCEEDED", "stdout": f"{n * 7}\n"}}))
P
head -n 40 programs.jsonl >few.jsonl
before=$(($(executed kiln) + $(executed kiln-2)))
through load --programs few.jsonl --concurrency 4 >>"$words" || fail "40 executions through the proxy"
[ "$(($(executed kiln) + $(executed kiln-2) - before))" = 40 ] || fail "executions are missing, or ran twice"
for daemon in kiln kiln-2; do has_executed "$daemon" 5 || fail "$daemon got $(executed "$daemon") of 41 executions"; done
say "executions through TLS: kiln ran $(executed kiln), kiln-2 ran $(executed kiln-2)"

page() { curl --silent --cacert "$ca" "$@"; }
await "the proxy says ready" page --fail "$tls/readyz"
page --head "$tls/livez" -X GET >headers
for header in strict-transport-security x-content-type-options x-frame-options content-security-policy referrer-policy; do
    grep -qi "^$header:" headers || fail "no header $header"
done
page --dump-header headers --output /dev/null --header 'accept-encoding: gzip' "$tls/health"
grep -qi '^content-encoding: gzip' headers || fail "/health is not compressed: $(cat headers)"
[ "$(page --output /dev/null --write-out '%{http_code}' "$tls/metrics")" = 404 ] || fail "/metrics is served"
say "pages over HTTP: security headers, compression, no metrics"

prometheus=http://127.0.0.1:$KILN_PROMETHEUS_PORT
targets_up() {
    [ "$(curl --fail --silent "$prometheus/api/v1/targets" | python3 -c 'import json, sys
targets = json.load(sys.stdin)["data"]["activeTargets"]
print(*sorted(t["labels"]["instance"] for t in targets if t["labels"]["job"] == "kiln" and t["health"] == "up"))')" = "kiln kiln-2" ]
}
await "Prometheus has both daemons up" targets_up
docker exec "$(id_of prometheus)" promtool check config /etc/kiln-monitoring/prometheus.yml >>"$words" || fail "promtool refuses prometheus.yml"
metrics kiln | docker exec --interactive "$(id_of prometheus)" promtool check metrics >>"$words" 2>&1 || fail "promtool refuses the daemon's metrics"
checked=$({ metrics kiln && metrics kiln-2; } | python3 scripts/check-dashboard.py "$prometheus") || fail "the dashboard"
say "Prometheus has both daemons up; $checked"

# Both daemons replaced one after the other, while requests come.
executions_of() { awk '$1 ~ /^[0-9]+$/ && NF == 9 { print $2 }' "$1"; }
keep_asking() {
    until [ -e rolled.over ]; do
        through load --programs few.jsonl --concurrency 4 >>rolled || return
    done
}
keep_asking &
load=$!
before=$(id_of kiln-2)
await "the load runs" has_executed kiln 30
scripts/roll.sh >>"$words" 2>&1 || fail "roll.sh failed"
touch rolled.over
wait "$load" || fail "requests were refused while the daemons were replaced: $(cat rolled)"
[ "$(id_of kiln-2)" != "$before" ] || fail "kiln-2 was not replaced"
say "both daemons replaced while requests came: $(executions_of rolled | awk '{ n += $1 } END { print n }') executions, none refused"

# SIGTERM: what a daemon has accepted it finishes, and what it refuses meanwhile says when to come back.
at_least=$(($(executed kiln) + 20))
through load --programs programs.jsonl --concurrency 8 >stopped 2>&1 &
load=$!
await "the load runs" has_executed kiln "$at_least"
compose stop kiln >>"$words" 2>&1
[ "$(of kiln '{{.State.ExitCode}}')" = 0 ] || fail "the daemon ended with $(of kiln '{{.State.ExitCode}}')"
kill -0 "$load" 2>/dev/null || fail "the load was over before the daemon was stopped"
wait "$load" || true
grep '^refused' stopped >refusals || true
grep -vE '^refused [0-9]+ times: Unavailable: .* \(come back in ' refusals && fail "a refusal without a hint when to come back"
grep -q '^wrong' stopped && fail "a wrong reply: $(cat stopped)"
refused=$(awk '{ n += $2 } END { print n + 0 }' refusals)
executions=$(executions_of stopped)
[ "$((executions + refused))" = 160 ] || fail "$executions executions and $refused refusals are not 160"
say "a daemon stopped under load: $executions right replies, $refused refused with a hint when to come back, none lost"

# Refused at once by a daemon, so that what is too much for the proxy comes together soon on a slow machine as well.
for n in $(seq 600); do echo "{\"language\": \"none\", \"name\": \"$n\", \"code\": \"\"}"; done >refused.jsonl
through load --programs refused.jsonl --concurrency 32 >limited && fail "600 requests at once, and none refused"
grep -q 'ResourceExhausted: too many requests from this address; try again later (come back in 1s)' limited ||
    fail "no refusal as RESOURCE_EXHAUSTED: $(cat limited)"
[ "$(grep -c '^refused' limited)" = "$(grep -cE '^refused [0-9]+ times: (ResourceExhausted: too many|InvalidArgument: )' limited)" ] ||
    fail "refusals of another kind: $(cat limited)"
said=$(through pool 2>&1) && fail "the operators' service is served"
[[ $said == *PermissionDenied* ]] || fail "the operators' service: $said"
say "limits: $(grep -oE 'refused [0-9]+ times: ResourceExhausted' limited), and the operators' service is refused"

compose stop kiln-2 >>"$words" 2>&1
unreachable() {
    said=$(echo 'print(1)' | through run -l python - 2>&1) || true
    [[ $said == *"no daemon can be reached; try again later (Unavailable)"* ]]
}
await "an execution without a daemon is refused as UNAVAILABLE" unreachable
say "without a daemon: $said"

compose down --volumes >>"$words" 2>&1
left=$(
    for instance in "$KILN_INSTANCE" "$KILN_INSTANCE-2"; do
        docker ps --all --quiet --filter "label=kiln.instance=$instance"
        docker volume ls --quiet --filter "label=kiln.instance=$instance"
    done
    docker ps --all --quiet --filter "label=com.docker.compose.project=$COMPOSE_PROJECT_NAME"
    docker volume ls --quiet --filter "label=com.docker.compose.project=$COMPOSE_PROJECT_NAME"
    docker network ls --quiet --filter "label=com.docker.compose.project=$COMPOSE_PROJECT_NAME"
)
[ -z "$left" ] || fail "left behind: $left"
say "down: no container, volume or network is left"
