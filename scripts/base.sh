#!/bin/bash
# Make sure that the image debian:bookworm-slim, on which Kiln's own images are
# built, is in the engine: pulled, or made from Debian's packages where no
# image registry can be reached.
set -euo pipefail

image=debian:bookworm-slim
pull_timeout_s=30

say() { echo "base: $*"; }

if docker image inspect "$image" >/dev/null 2>&1; then
    say "$image is there"
    exit 0
fi

if timeout "$pull_timeout_s" docker pull --quiet "$image" >/dev/null 2>&1; then
    say "pulled $image"
    exit 0
fi

if ! command -v mmdebstrap >/dev/null; then
    [ "$(id -u)" = 0 ] || {
        say "cannot pull $image, and making it takes mmdebstrap: apt-get install mmdebstrap" >&2
        exit 1
    }
    apt-get update >/dev/null
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends mmdebstrap >/dev/null
fi

# usr-is-merged instead of the default usrmerge, which would bring all of Perl.
# The exclusions stay in the image's dpkg configuration, as in the official slim
# image, so that packages installed on top of it bring no documentation either.
# The hook is expanded by mmdebstrap. The import runs in a pipe: with a failed bootstrap nothing is tagged, because
# the tag is given only afterwards.
# What the packages print is shown only if the work fails.
words=$(mktemp)
trap 'rm -f "$words"' EXIT
# shellcheck disable=SC2016
id=$(mmdebstrap --quiet --variant=minbase --include=usr-is-merged \
    --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr \
    --aptopt='Acquire::Languages "none"' \
    --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-include=/usr/share/doc/*/copyright' \
    --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/info/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' \
    --dpkgopt='path-include=/usr/share/locale/locale.alias' \
    --dpkgopt='path-exclude=/usr/share/lintian/*' \
    --customize-hook='rm -rf "$1"/var/cache/apt/*.bin "$1"/var/log/*.log "$1"/var/log/apt' \
    bookworm - 2>"$words" |
    docker import --change 'CMD ["bash"]' - | tail -n 1) || {
    cat "$words" >&2
    say "cannot make $image from Debian's packages" >&2
    exit 1
}
docker tag "$id" "$image"
say "made $image from Debian's packages"
