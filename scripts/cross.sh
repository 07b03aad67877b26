#!/bin/sh
# Builds Kiln for another architecture than this machine's, from Debian's packages alone: the compiler, the other architecture's
# standard library, its linker and C library, and QEMU's user mode to try the result. They are unpacked below target/cross and not
# installed; no root is needed. The daemon gets the agents of both architectures, so that it serves engines of either.
#
#   scripts/cross.sh aarch64 [PROFILE]    PROFILE: cargo's, release by default
#
# Needs cargo, an x86_64 machine with Debian 12's package sources, and gcc for the build scripts.
set -eu
cd "$(dirname "$0")/.."

fail() {
    echo "cross: $*" >&2
    exit 1
}

[ "${1:-}" = aarch64 ] || fail "usage: scripts/cross.sh aarch64 [PROFILE]; no other architecture has been tried"
[ "$(uname -m)" = x86_64 ] || fail "this machine is $(uname -m); only x86_64 has been tried"
arch=aarch64 debian=arm64 triple=aarch64-unknown-linux-gnu
profile=${2:-release}
rust=1.96

work=$PWD/target/cross
root=$work/root
mkdir -p "$work/apt/lists/partial" "$work/apt/cache/archives/partial" "$work/packages" "$root"

# apt with a state of its own: what is installed here does not matter, and stays as it is.
: >"$work/apt/status"
private_apt() {
    apt-get -o "Dir::State=$work/apt" -o "Dir::State::lists=$work/apt/lists" -o "Dir::State::status=$work/apt/status" \
        -o "Dir::Cache=$work/apt/cache" -o APT::Architecture=amd64 -o APT::Architectures::=amd64 \
        -o "APT::Architectures::=$debian" -o APT::Sandbox::User=root "$@"
}

if [ ! -e "$root/complete" ]; then
    private_apt update >/dev/null
    (
        cd "$work/packages"
        private_apt download rustc-web:amd64 "libstd-rust-web-$rust:amd64" libllvm22:amd64 libstd-rust-web-dev:amd64 \
            "libstd-rust-web-dev:$debian" "gcc-12-$arch-linux-gnu:amd64" "cpp-12-$arch-linux-gnu:amd64" \
            "binutils-$arch-linux-gnu:amd64" "libgcc-12-dev-$debian-cross" "libgcc-s1-$debian-cross" \
            "libc6-$debian-cross" "libc6-dev-$debian-cross" "linux-libc-dev-$debian-cross" qemu-user-static:amd64 >/dev/null
    ) || fail "the packages cannot be had; the words above are apt's"
    for package in "$work"/packages/*.deb; do
        dpkg -x "$package" "$root"
    done
    touch "$root/complete"
fi

# The tools look for their libraries where they would be installed.
wrap() { printf '#!/bin/sh\nLD_LIBRARY_PATH=%s/usr/lib/x86_64-linux-gnu exec %s "$@"\n' "$root" "$2" >"$work/$1"; }
wrap rustc "$root/usr/bin/rustc"
wrap cc "$root/usr/bin/$arch-linux-gnu-gcc-12 --sysroot=$root"
wrap ar "$root/usr/bin/$arch-linux-gnu-ar"
chmod +x "$work/rustc" "$work/cc" "$work/ar"
export PATH="$root/usr/bin:$PATH" RUSTC="$work/rustc"
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER="$work/cc"
export CC_aarch64_unknown_linux_gnu="$work/cc" AR_aarch64_unknown_linux_gnu="$work/ar"
# The other of the two: the target's own is always built.
export KILN_AGENT_ARCHES=x86_64

cargo build --locked --profile "$profile" --target "$triple" --target-dir "$work/build"
# The dev profile's directory has another name than the profile.
built=$work/build/$triple/$(echo "$profile" | sed 's/^dev$/debug/')/kiln

echo "$built"
# -L: where the dynamic linker and the C library are.
"$root/usr/bin/qemu-$arch-static" -L "$root/usr/$arch-linux-gnu" "$built" --version
