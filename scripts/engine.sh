#!/bin/sh
# Make sure that a Docker engine answers; start one where none does.
#
#   scripts/engine.sh        say which engine answers, or install and start one
#   scripts/engine.sh stop   stop the engine, if this script started it
#
# For machines without systemd (containers, CI). Where an engine is already
# answering, here or at DOCKER_HOST, nothing is touched.
set -eu

run=/var/run
log=/var/log/kiln-dockerd.log
marker=$run/kiln-dockerd.started
ready_wait_s=60
stop_wait_s=40

say() { echo "engine: $*"; }
die() {
    echo "engine: $*" >&2
    exit 1
}

answers() {
    command -v docker >/dev/null || return 1
    # A half-dead engine accepts the connection and never answers: bound it.
    about=$(timeout 10 docker info --format \
        '{{.ServerVersion}}, storage driver {{.Driver}}' 2>/dev/null) || return 1
    # With no engine behind it the client still prints empty fields, and older ones exit 0.
    case $about in ,* | '') return 1 ;; esac
}

# The name of the running program with this pid; nothing if there is none. A
# zombie whose parent has not yet looked is none.
program() {
    [ -z "$1" ] || grep -qs '^State:.Z' "/proc/$1/status" || cat "/proc/$1/comm" 2>/dev/null || true
}

# The pid in a file, whatever that process is; nothing if there is no such file.
pid_in() { cat "$1" 2>/dev/null || true; }

stop() {
    [ -e "$marker" ] || {
        say "not started by this script, left alone"
        return
    }
    pid=$(pid_in "$marker")
    if [ "$(program "$pid")" != dockerd ]; then
        rm -f "$marker"
        say "already gone"
        return
    fi
    kill "$pid"
    waited=0
    while [ "$(program "$pid")" = dockerd ]; do
        [ "$waited" -lt "$stop_wait_s" ] || die "process $pid did not stop within $stop_wait_s s"
        sleep 1
        waited=$((waited + 1))
    done
    rm -f "$marker"
    say "stopped"
}

install_engine() {
    say "installing docker.io"
    {
        apt-get update
        DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends docker.io iptables
        # Since Debian 13 the command has a package of its own.
        command -v docker ||
            DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends docker-cli
    } >>"$log" 2>&1 || die "cannot install docker.io, see $log"
}

# What an engine that was killed, or whose machine was, leaves in /var/run. On
# a machine where that is a disk it even outlives a reboot, and then a recorded
# pid may belong to some other process; so names are compared, not only pids.
clear_leavings() {
    if [ "$(program "$(pid_in $run/docker.pid)")" != dockerd ]; then
        rm -f $run/docker.pid $run/docker.sock
    else
        # Alive and not answering: starting up, or stuck. The wait below tells.
        return 1
    fi

    # dockerd's own containerd, left behind without its dockerd.
    state=$run/docker/containerd
    pid=$(pid_in $state/containerd.pid)
    if [ "$(program "$pid")" = containerd ]; then
        kill "$pid" 2>/dev/null || true
        for _ in 1 2 3 4 5 6 7 8 9 10; do
            [ "$(program "$pid")" = containerd ] || break
            sleep 0.5
        done
        [ "$(program "$pid")" != containerd ] || kill -9 "$pid"
    fi
    rm -f $state/containerd.pid $state/containerd.sock $state/containerd.sock.ttrpc \
        $state/containerd-debug.sock

    # dockerd uses a system containerd as soon as its socket's file is there,
    # and gives up after a minute if nobody listens on it.
    grep -q '/run/containerd/containerd\.sock$' /proc/net/unix ||
        rm -f $run/containerd/containerd.sock $run/containerd/containerd.sock.ttrpc

    # With a shim alive its container is too, and dockerd takes it over to end
    # it. Without one nobody would ever end the container's processes, and the
    # records point at nothing.
    if ! pgrep -f '^[^ ]*containerd-shim.* -namespace moby' >/dev/null; then
        for container in /var/lib/docker/containers/*/; do
            id=$(basename "$container")
            cat /sys/fs/cgroup/docker/"$id"/cgroup.procs /sys/fs/cgroup/pids/docker/"$id"/cgroup.procs \
                2>/dev/null | sort -u | xargs -r kill -9 2>/dev/null || true
        done
        rm -rf $state/daemon/io.containerd.runtime.v2.task/moby $run/docker/runtime-runc/moby
    fi
}

start() {
    if answers; then
        say "already there: $about"
        return
    fi
    case ${DOCKER_HOST:-unix:///var/run/docker.sock} in
    unix:///var/run/docker.sock | unix:///run/docker.sock) ;;
    *) die "nothing answers at DOCKER_HOST=$DOCKER_HOST" ;;
    esac
    [ "$(id -u)" = 0 ] || die "no engine answers, and starting one takes root:" \
        "run 'sudo $0', or point DOCKER_HOST at an engine, or join the group of its socket"
    command -v dockerd >/dev/null || install_engine

    how=started
    if clear_leavings; then
        # Its own session and no terminal: it outlives the shell that called us.
        setsid dockerd --storage-driver overlay2 </dev/null >>"$log" 2>&1 &
        echo $! >"$marker"
    else
        how='was starting'
    fi
    waited=0
    until answers; do
        if [ "$how" = started ] && [ -z "$(program "$(pid_in "$marker")")" ]; then
            rm -f "$marker"
            tail -n 5 "$log" >&2
            die "dockerd ended, see $log"
        fi
        [ "$waited" -lt "$ready_wait_s" ] || die "no answer within $ready_wait_s s, see $log"
        sleep 1
        waited=$((waited + 1))
    done
    say "$how: $about"
}

case ${1:-start} in
start) start ;;
stop) stop ;;
*) die "usage: $0 [start|stop]" ;;
esac
