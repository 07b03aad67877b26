#!/bin/sh
# The first process of the guest that scripts/cgroup2.sh boots: mounts what an engine needs, starts one, does its work and switches
# the guest off. Never to be run on a machine: it takes itself for the only one there.
#
#   $kiln_root    the repository, mounted already, at the same path as on the host
#   $kiln_work    the directory in it for messages
#   $kiln_task    what to do: 'load' images.tar into the engine, or 'test'
# shellcheck disable=SC2154 # Both come from the kernel's command line, which it passes on as the environment.
set -u
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C
export DOCKER_RAMDISK=1 DOCKER_HOST=unix:///run/docker.sock
engine_wait_s=120

say() { echo "guest: $* ($(cut -d' ' -f1 /proc/uptime) s)"; }

finish() {
    echo "$1" >"$kiln_work/result"
    [ -z "${engine:-}" ] || { kill "$engine" && wait "$engine"; }
    sync
    busybox umount -a -r 2>/dev/null
    busybox poweroff -f
}

mount -t sysfs sysfs /sys
mkdir -p /dev/pts /dev/shm /dev/mqueue /run/lock
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
mount -t mqueue mqueue /dev/mqueue
# crun reads new limits from /dev/stdin; the tests end daemons by the command kill.
ln -sf /proc/self/fd /dev/fd
ln -sf /proc/self/fd/0 /dev/stdin
ln -sf /proc/self/fd/1 /dev/stdout
ln -sf /proc/self/fd/2 /dev/stderr
ln -sf busybox /usr/bin/kill
busybox ip link set lo up
busybox hostname cgroup2
# Each kill for memory would be told between the lines of the tests.
echo 1 >/proc/sys/kernel/printk

# Processes may not live in a group that hands controllers on to others.
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir /sys/fs/cgroup/init
echo $$ >/sys/fs/cgroup/init/cgroup.procs
for controller in cpu io memory pids; do
    echo "+$controller" >/sys/fs/cgroup/cgroup.subtree_control
done
busybox modprobe overlay
busybox modprobe ipv6

say "kernel $(busybox uname -r), controllers $(cat /sys/fs/cgroup/cgroup.subtree_control)"

# This engine, of 2020, sends a bound on kernel memory with every update, which crun refuses on cgroup v2; later engines do not.
cat >/run/crun <<'CRUN'
#!/bin/sh
case " $* " in
*' update '*) sed 's/,"kernel":0//' | /usr/bin/crun "$@" ;;
*) exec /usr/bin/crun "$@" ;;
esac
CRUN
chmod +x /run/crun

dockerd --host "$DOCKER_HOST" --storage-driver overlay2 --add-runtime crun=/run/crun --default-runtime crun \
    --iptables=false --ip6tables=false --bridge=none >"$kiln_work/engine.log" 2>&1 &
engine=$!
waited_s=0
until docker version >/dev/null 2>&1; do
    [ "$waited_s" -lt "$engine_wait_s" ] || finish 'the engine does not answer'
    sleep 1
    waited_s=$((waited_s + 1))
done
say "engine $(docker info --format '{{.ServerVersion}}, cgroup v{{.CgroupVersion}}, {{.DefaultRuntime}}, {{.Driver}}')"

case $kiln_task in
load)
    docker load --quiet --input "$kiln_work/images.tar" || finish 'the images cannot be loaded'
    say loaded
    finish 0
    ;;
test)
    sh "$kiln_work/test.sh"
    finish $?
    ;;
esac
finish "no such task: $kiln_task"
