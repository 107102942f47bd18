# SPDX-License-Identifier: MIT
# Sourced: gives inputs to both dumps, to check, info, resolve, diff, extract, scrub, usage, send, defragment and resize, with
# BTRKIT_LONG in every format and way, and holds them to their manners: an end within the time, by themselves, within the
# memory, and never with status 0 after an error was printed.
# Needs BTRKIT_BIN and BTRKIT_WORK; BTRKIT_SANITIZED=yes for sanitizer builds.
set -euo pipefail
export LC_ALL=C

: "${BTRKIT_BIN:?the folder with the tools}" "${BTRKIT_WORK:?a folder for files}"
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
mkdir -p "$BTRKIT_WORK"
scratch=$(mktemp -d "$BTRKIT_WORK/badinput.XXXXXX")
trap 'rm -rf "$scratch"' EXIT

# What a sanitizer finds ends the process by a signal, or else it would look like a refusal.
export ASAN_OPTIONS=detect_leaks=0:abort_on_error=1 UBSAN_OPTIONS=abort_on_error=1
seconds=10
memory_kib=$((2 * 1024 * 1024))
if [ "${BTRKIT_SANITIZED:-no}" = yes ]; then
    seconds=60
    memory_kib=unlimited # the sanitizer's shadow takes terabytes of addresses
fi

runs=0
failures=0

complain() {
    echo "FAIL $*"
    head -n 3 "$scratch/stderr" | cut -c 1-300
    failures=$((failures + 1))
}

# run_once WHAT COMMAND...
run_once() {
    local what=$1 status=0 tool
    shift
    tool=${1##*/btrkit-}
    runs=$((runs + 1))
    (
        ulimit -c 0 -v "$memory_kib"
        exec timeout --signal KILL "$seconds" "$@" >/dev/null 2>"$scratch/stderr" </dev/null
    ) || status=$?
    case $tool:$status in
    *:0)
        # Errors are the lines that are neither warnings nor notes.
        if grep -Evq '^btrkit-[a-z-]+: (warning|note): ' "$scratch/stderr"; then
            complain "$what: status 0, but an error was printed"
        fi
        ;;
    check:4 | scrub:3 | info:1 | diff:1) ;; # what it found it has told on stdout
    dump-*:[12] | diff:2 | extract:1 | resolve:1 | usage:1 | scrub:1 | send:1 | resize:1 | defragment:1 | check:8 | check:12)
        [ -s "$scratch/stderr" ] || complain "$what: status $status without a word"
        ;;
    *:137) complain "$what: not at its end after $seconds seconds" ;;
    *) complain "$what: status $status" ;;
    esac
    if grep -Eq 'Sanitizer|runtime error|bad_alloc|terminate called' "$scratch/stderr"; then
        complain "$what: broke down"
    fi
}

# formats FIRST...: of a normal run only the first.
formats() {
    [ -n "${BTRKIT_LONG-}" ] && echo "$@" || echo "$1"
}

# feed WHAT FILE...: one input, of one or more devices, to all of them.
feed() {
    local what=$1 format file members=()
    shift
    for file in "${@:2}"; do
        members+=(--member "$file")
    done
    for format in $(formats json text); do
        run_once "dump-super --format $format: $what" "$BTRKIT_BIN/btrkit-dump-super" --format "$format" -a -f "$@"
    done
    [ -z "${BTRKIT_LONG-}" ] || run_once "dump-super -F: $what" "$BTRKIT_BIN/btrkit-dump-super" -F -f "$@"
    for format in $(formats text json lines); do
        run_once "dump-tree --format $format: $what" "$BTRKIT_BIN/btrkit-dump-tree" --format "$format" "$@"
    done
    for format in $(formats json text); do
        run_once "check --format $format: $what" "$BTRKIT_BIN/btrkit-check" --check-data-csum --format "$format" "$@"
    done
    for format in $(formats text json); do
        run_once "info --format $format: $what" "$BTRKIT_BIN/btrkit-info" --format "$format" "$@"
    done
    for format in $(formats text json); do
        run_once "resolve --format $format: $what" "$BTRKIT_BIN/btrkit-resolve" physical -o --format "$format" "${members[@]}" \
            "$1" 0x1500000
    done
    run_once "diff --other-image: $what" "$BTRKIT_BIN/btrkit-diff" "${members[@]}" "$1" 5 --other-image "$1"
    run_once "diff --subvolumes: $what" "$BTRKIT_BIN/btrkit-diff" --subvolumes "${members[@]}" "$1" 5 257
    rm -rf "$scratch/extracted"
    run_once "extract: $what" "$BTRKIT_BIN/btrkit-extract" -q --bad raw --limit 16m --to "$scratch/extracted" "${members[@]}" "$1"
    for format in $(formats text json); do
        run_once "scrub --format $format: $what" "$BTRKIT_BIN/btrkit-scrub" --format "$format" "$@"
    done
    for format in $(formats text json); do
        run_once "usage df --format $format: $what" "$BTRKIT_BIN/btrkit-usage" df --format "$format" "$@"
        run_once "usage du --format $format: $what" "$BTRKIT_BIN/btrkit-usage" du --format "$format" "${members[@]}" "$1"
        run_once "usage du --format $format /: $what" "$BTRKIT_BIN/btrkit-usage" du --format "$format" "${members[@]}" "$1" /
    done
    run_once "usage map: $what" "$BTRKIT_BIN/btrkit-usage" map --html "$scratch/map.html" "$@"
    [ -z "${BTRKIT_LONG-}" ] || run_once "send: $what" "$BTRKIT_BIN/btrkit-send" -q --allow-writable "${members[@]}" "$1" 5
    run_once "send --skip-errors: $what" "$BTRKIT_BIN/btrkit-send" -q --allow-writable --skip-errors --proto 0 \
        --compressed-data "${members[@]}" "$1" 5
    [ -z "${BTRKIT_LONG-}" ] || for format in json text; do
        run_once "send --dry-run --format $format: $what" "$BTRKIT_BIN/btrkit-send" -q --allow-writable --dry-run \
            --skip-errors --format "$format" "${members[@]}" "$1" 5
    done
    # Last, for it may change the input; and only what is ours.
    for file in "$@"; do
        case $file in
        "$scratch"/*) ;;
        *) return ;;
        esac
    done
    run_once "scrub --repair: $what" "$BTRKIT_BIN/btrkit-scrub" --repair "$@"
    run_once "defragment: $what" "$BTRKIT_BIN/btrkit-defragment" -q "${members[@]}" "$1"
    run_once "resize compact: $what" "$BTRKIT_BIN/btrkit-resize" compact -q "${members[@]}" "$1"
}

# The closing line, and the exit status.
finish() {
    echo "$runs runs, $failures failures"
    [ "$runs" -gt 0 ] && [ "$failures" = 0 ]
}
