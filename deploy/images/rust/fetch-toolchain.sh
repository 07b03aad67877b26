#!/bin/sh
# fetch-toolchain.sh SUMS CA INTO TOOLS
#
# Puts the Rust project's own rustc and standard library for this machine's
# architecture below INTO, and cargo below TOOLS. SUMS names the archives and their
# SHA-256, CA is a file of certificate authorities. Where cargo cannot be had TOOLS
# stays empty, where another archive cannot be had both do; one that is not what SUMS
# says is a failure.
set -eu

sums=$1
ca=$2
into=$3
tools=$4

mkdir -p "$into" "$tools" /tmp/toolchain
cd /tmp/toolchain
if ! grep -e "-$(uname -m)-" "$sums" >wanted; then
    echo "No toolchain is named for $(uname -m)." >&2
    exit 0
fi
while read -r _ archive; do
    if ! curl --proto =https --cacert "$ca" --fail --silent --show-error --location --retry 1 --connect-timeout 10 \
        --remote-name "https://static.rust-lang.org/dist/$archive"; then
        echo "$archive cannot be downloaded." >&2
        rm -f "$archive"
        case $archive in
        cargo-*) ;;
        *) exit 0 ;;
        esac
    fi
done <wanted
sha256sum --check --strict --ignore-missing wanted
# rustc with its libraries and linker, and the standard library; no debuggers' helpers, no documents.
for archive in rustc-*.tar.xz rust-std-*.tar.xz; do
    tar --extract --file="$archive" --directory="$into" --no-same-owner --strip-components=2 \
        --wildcards --exclude='*/rustlib/etc' '*/lib'
done
tar --extract --file="$(echo rustc-*.tar.xz)" --directory="$into" --no-same-owner --strip-components=2 \
    --wildcards '*/bin/rustc'
for archive in cargo-*.tar.xz; do
    [ ! -e "$archive" ] || tar --extract --file="$archive" --directory="$tools" --no-same-owner --strip-components=2 \
        --wildcards '*/bin/cargo'
done
