#!/bin/sh
# Builds the daemon as the benchmarks measure it: once so that it counts what it runs, then, by what it ran for some programs, as it
# is to be (profile-guided optimisation). Prints where it is. docs/adr/0024-a-release-is-built-by-profile.md has what that gains.
#
# Needs the engine, the executor images, and llvm-profdata of the toolchain's own LLVM, which rustup has.
set -eu
cd "$(dirname "$0")/.."

directory=target/profiled
profile=$PWD/$directory/profile
instance=kiln-release
ready_wait=120s
# One, two, four at the same time and so on, for this long each.
load_duration=8s
stream_runs=40
export KILN_SERVER="unix:$PWD/$directory/kiln.sock"

say() { echo "release: $*" >&2; }

tool() {
    ls "$(rustc --print target-libdir)/../bin/llvm-profdata" 2>/dev/null
}
profdata=$(tool) || {
    say "llvm-profdata is not there; asking rustup for it"
    rustup component add llvm-tools >&2
    profdata=$(tool)
}
host=$(rustc -vV | sed -n 's/^host: //p')

build() {
    cargo build --locked --release --bin kiln --target "$host" --target-dir "$1" --config "build.rustflags = ['$2']" >&2
}

daemon=
stop() {
    status=$?
    if [ -n "$daemon" ]; then
        kill "$daemon" 2>/dev/null || true
        wait "$daemon" || true
    fi
    exit "$status"
}
trap stop EXIT
trap 'exit 1' INT TERM

say "building what counts"
build "$directory/counting" "-Cprofile-generate=$profile"
counting=$directory/counting/$host/release/kiln
rm -rf "$profile"

# A client of this build counts too, and is not what is to be optimised.
client() { LLVM_PROFILE_FILE=/dev/null "$counting" "$@"; }
KILN__SERVER__GRPC=$KILN_SERVER KILN__SERVER__HTTP=127.0.0.1:0 KILN__SERVER__INSTANCE=$instance KILN__LOG__FILTER=warn \
    KILN__CACHE__DIRECTORY=$directory/cache KILN__LANGUAGES__ONLY=python,javascript,cpp \
    LLVM_PROFILE_FILE=$profile/%p.profraw "$counting" serve &
daemon=$!

say "running programs"
programs=$directory/programs.jsonl
cat >"$programs" <<'JSONL'
{"language": "python", "name": "hello", "code": "print('hello')"}
{"language": "python", "name": "reads", "code": "import sys\nprint(sum(map(int, sys.stdin)))", "stdin": "1\n2\n3\n"}
{"language": "python", "name": "fails", "code": "raise ValueError('wrong')", "expect": {"exit_code": 1}}
{"language": "javascript", "name": "hello", "code": "console.log('hello')"}
{"language": "cpp", "name": "hello", "code": "#include <iostream>\nint main() { std::cout << \"hello\" << std::endl; }"}
JSONL
client load --programs "$programs" --wait "$ready_wait" >/dev/null
client load --programs "$programs" --language python --duration "$load_duration" --concurrency 4 >/dev/null
client load --programs "$programs" --duration "$load_duration" --concurrency 2 >/dev/null
run=0
while [ "$run" -lt "$stream_runs" ]; do
    echo 'print("x" * 300000)' | client run -l python - >/dev/null
    run=$((run + 1))
done
client pool >/dev/null
kill "$daemon"
wait "$daemon"
daemon=

say "building by what was counted"
"$profdata" merge -o "$directory/kiln.profdata" "$profile"
# cargo does not look into a profile: what was built by another one would do.
rm -rf "$directory/built"
build "$directory/built" "-Cprofile-use=$PWD/$directory/kiln.profdata"
install "$directory/built/$host/release/kiln" "$directory/kiln"
echo "$directory/kiln"
