#!/bin/sh
# The tests of limits, outcomes and resets on control groups of version 2, whatever this machine has: against an engine of its own in a
# guest, which is User-Mode Linux, a kernel that runs as an ordinary process.
#
#   scripts/cgroup2.sh [FILTER...]    FILTER: tests to run instead of those below, as `cargo test` takes them
#
# Needs root, Debian's package sources, mmdebstrap (fetched where it is not there), a C compiler, and an engine with the executor images
# (make images). The guest's kernel and disk are kept below target/cgroup2; nothing else is left.
set -eu
cd "$(dirname "$0")/.."

images="kiln-executor-python:local kiln-executor-cpp:local"
# Every one rests on what the agent reads of a control group; those that need other images, or measure time, are not among them.
tests="limits::each_limit limits::what_a limits::memory_beyond limits::bombs limits::bounds::bounds_of limits::bounds::memory_is
    limits::bounds::what_an limits::bounds::files_that limits::outcomes"
disk_size=6G
memory=4G
load_wait_s=300
test_wait_s=600

root=$PWD
work=$root/target/cgroup2
run=$work/run

say() { echo "cgroup2: $*"; }
fail() {
    echo "cgroup2: $*" >&2
    exit 1
}

guest=
cleanup() {
    # The guest's processes are processes of this machine, all in the group of their kernel.
    [ -z "$guest" ] || kill -s KILL -- "-$guest" 2>/dev/null || true
    rm -rf "$run"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# Boots a disk for a task, and waits until it is done.
boot() {
    rm -rf "$run/uml" "$run/result"
    mkdir -p "$run/uml"
    # The guest's memory is a file: /dev/shm is memory.
    env -i PATH="$PATH" HOME="$run" TMPDIR=/dev/shm LD_PRELOAD="$work/ptrace.so" \
        setsid "$work/kernel/usr/bin/linux.uml" ubd0="$1" root=/dev/ubda rw init=/init.sh mem="$memory" con0=fd:0,fd:1 con=null \
        ssl=null quiet panic=-1 uml_dir="$run/uml" umid=kiln kiln_root="$root" kiln_work="$run" kiln_task="$2" \
        </dev/null >"$run/console" 2>&1 &
    guest=$!
    waited_s=0
    while kill -0 "$guest" 2>/dev/null; do
        [ "$waited_s" -lt "$3" ] || {
            cat "$run/console"
            fail "the guest is not done with '$2' within $3 s"
        }
        sleep 1
        waited_s=$((waited_s + 1))
    done
    wait "$guest" || true
    kill -s KILL -- "-$guest" 2>/dev/null || true
    guest=
    [ -e "$run/result" ] || {
        cat "$run/console"
        fail "the guest ended without a result"
    }
}

[ "$(id -u)" = 0 ] || fail "making the guest's disk takes root"
[ "$(uname -m)" = x86_64 ] || fail "this machine is $(uname -m); only x86_64 has been tried"
rm -rf "$run"
mkdir -p "$run"

if [ ! -e "$work/kernel/complete" ]; then
    rm -rf "$work/kernel" "$work/packages"
    mkdir -p "$work/packages"
    (cd "$work/packages" && apt-get -o APT::Sandbox::User=root download user-mode-linux >/dev/null) ||
        fail "user-mode-linux cannot be had; the words above are apt's"
    dpkg -x "$work"/packages/user-mode-linux_*.deb "$work/kernel"
    touch "$work/kernel/complete"
fi
cc -shared -fPIC -O2 -Wall -Wextra -o "$work/ptrace.so" scripts/cgroup2-ptrace.c

# The disk is made anew when what is on it changes.
# shellcheck disable=SC2086 # Words are meant.
ids=$(docker image inspect --format '{{.Id}}' $images) || fail "the executor images are missing: make images"
key=$(echo "$ids" | cat - scripts/cgroup2.sh | sha256sum | cut -c1-16)
disk=$work/disk-$key.ext4
if [ ! -e "$disk" ]; then
    say "making the guest's disk"
    rm -rf "$work"/disk-*.ext4 "$work/rootfs"
    if ! command -v mmdebstrap >/dev/null; then
        apt-get update >/dev/null
        DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends mmdebstrap >/dev/null
    fi
    # Unpacked and not configured: what configuring would add is written below.
    mmdebstrap --quiet --variant=extract \
        --include=usr-is-merged,docker.io,crun,busybox,dash,bash,coreutils,grep,sed,mount,util-linux \
        --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr --aptopt='Acquire::Languages "none"' \
        --aptopt='APT::Install-Recommends "false"' --dpkgopt='path-exclude=/usr/share/doc/*' \
        --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
        bookworm "$work/rootfs" >"$run/mmdebstrap" 2>&1 || {
        cat "$run/mmdebstrap" >&2
        fail "cannot make the guest's root file system"
    }
    mkdir -p "$work/rootfs/usr/lib/modules"
    cp -a "$work"/kernel/usr/lib/uml/modules/* "$work/rootfs/usr/lib/modules/"
    echo 'root:x:0:0:root:/root:/bin/sh' >"$work/rootfs/etc/passwd"
    printf 'root:x:0:\ndocker:x:999:\n' >"$work/rootfs/etc/group"
    echo '127.0.0.1 localhost' >"$work/rootfs/etc/hosts"
    # Everything that changes comes from the repository itself.
    cat >"$work/rootfs/init.sh" <<'INIT'
#!/bin/sh
mount -t proc proc /proc
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /tmp
mkdir -p "$kiln_root"
mount -t hostfs -o "$kiln_root" none "$kiln_root"
exec sh "$kiln_root/scripts/cgroup2-guest.sh"
INIT
    chmod +x "$work/rootfs/init.sh"
    truncate -s "$disk_size" "$disk.part"
    mke2fs -q -F -t ext4 -O '^metadata_csum' -d "$work/rootfs" "$disk.part"
    rm -rf "$work/rootfs"
    # shellcheck disable=SC2086
    docker save --output "$run/images.tar" $images
    boot "$disk.part" load "$load_wait_s"
    [ "$(cat "$run/result")" = 0 ] || {
        cat "$run/console"
        fail "$(cat "$run/result")"
    }
    mv "$disk.part" "$disk"
fi

say "building the tests"
binary=$(cargo test --locked --test docker --no-run --message-format=json 2>/dev/null |
    sed -n 's/.*"name":"docker".*"executable":"\([^"]*\)".*/\1/p' | tail -n 1)
[ -x "$binary" ] || fail "the tests do not build: cargo test --test docker --no-run"
[ $# -gt 0 ] || {
    # shellcheck disable=SC2086
    set -- $tests
}
# One at a time: the guest has one processor.
{
    echo "export RUST_BACKTRACE=0 KILN_TEST_TIME_FACTOR=10 KILN_TEST_LANGUAGES=python,cpp"
    echo "cd '$root' && exec '$binary' --test-threads=1 --nocapture $*"
} >"$run/test.sh"
say "running: $*"
# What the guest writes goes beside the disk, and is dropped with the run.
boot "$run/disk.cow,$disk" test "$test_wait_s"
sed -n '/^guest:/,$p' "$run/console"
result=$(cat "$run/result")
[ "$result" = 0 ] || fail "the result is $result"
grep -q '^test result: ok\. [1-9]' "$run/console" || fail "no test has run"
say "all passed on cgroup v2"
