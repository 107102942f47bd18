# SPDX-License-Identifier: MIT
# Sourced: compares what the tools print with the peer's texts in expect/. Needs BTRKIT_BIN (the folder with the tools)
# and BTRKIT_WORK (for files). Runs in the folder above the image, as the peer did, because devices are named.
set -euo pipefail
export LC_ALL=C TZ=UTC

: "${BTRKIT_BIN:?the folder with the tools}" "${BTRKIT_WORK:?a folder for files}"
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repository=$(cd "$here/../.." && pwd)
mkdir -p "$BTRKIT_WORK"
scratch=$(mktemp -d "$BTRKIT_WORK/golden.XXXXXX")
trap 'rm -rf "$scratch"' EXIT

compared=0
failures=0

complain() {
    echo "FAIL $*"
    failures=$((failures + 1))
}

# The options of dump-tree that dump-tree.NAME.txt was printed with, into the array options; $2 is the file `block`.
options_of() {
    case $1 in
    '') options=(-e) ;;
    R | r | d | u) options=("-$1") ;;
    bfs | dfs) options=("--$1") ;;
    csumheaders) options=(--csum-headers) ;;
    csumitems) options=(--csum-items) ;;
    hidenames) options=(--hide-names) ;;
    block) options=(-b "$(cat "$2")") ;;
    follow) options=(-b "$(cat "$2")" --follow) ;;
    t*) options=(-t "${1#t}") ;;
    *) return 1 ;;
    esac
}

# devices_of NAME: the devices that the peer was given, into the array devices.
devices_of() {
    devices=("$1"/dev*.img)
    # The peer opened the seed by itself; with the sprout beside it ours opens the sprout.
    if [ "$1" = seed-sprout ]; then
        devices=("$1/dev1.img")
    fi
}

# Status 0 and nothing on standard error: what a clean image gives. $1 is what was run.
expect_quiet() {
    [ "$status" = 0 ] || complain "$1: exit status $status"
    [ ! -s "$scratch/stderr" ] || complain "$1: standard error: $(head -n 3 "$scratch/stderr")"
}

run() {
    status=0
    "$@" >"$scratch/stdout" 2>"$scratch/stderr" || status=$?
}

# expect_text FILE WHAT [FIRST_LINE]: standard output is FILE, from FIRST_LINE on.
expect_text() {
    compared=$((compared + 1))
    if ! cmp -s <(tail -n +"${3:-1}" "$1") <(tail -n +"${3:-1}" "$scratch/stdout"); then
        complain "$2"
        diff <(tail -n +"${3:-1}" "$1") <(tail -n +"${3:-1}" "$scratch/stdout") | head -n 12 || true
    fi
}

compare_dump_tree() {
    local name=$1 file=$2 verdict=$3 option
    option=$(basename "$file" .txt)
    option=${option#dump-tree}
    if [ -z "$option" ]; then
        options=()
    elif ! options_of "${option#.}" "$name/expect/block"; then
        complain "$name: no options known for $file"
        return
    fi
    devices_of "$name"
    run "$BTRKIT_BIN/btrkit-dump-tree" "${options[@]}" "${devices[@]}"
    head -n 1 "$scratch/stdout" | grep -q '^btrkit v' || complain "$name: dump-tree ${options[*]}: no version line"
    # The first line is the version: the peer's there, ours here.
    expect_text "$file" "$name: dump-tree ${options[*]}" 2
    [ "$verdict" != clean ] || expect_quiet "$name: dump-tree ${options[*]}"
}

compare_dump_super() {
    local name=$1 file=$2 verdict=$3 option=-f device
    device=$(basename "$file" .txt)
    device=${device#dump-super.}
    if [ "$device" = all ]; then
        option=-a
        device=dev1
    fi
    run "$BTRKIT_BIN/btrkit-dump-super" "$option" "$name/$device.img"
    expect_text "$file" "$name: dump-super $option of $device"
    [ "$verdict" != clean ] || expect_quiet "$name: dump-super $option of $device"
}

# compare_image FOLDER NAME VERDICT: all texts of one image.
compare_image() {
    local file
    cd "$1"
    for file in "$2"/expect/dump-super.*.txt; do
        compare_dump_super "$2" "$file" "$3"
    done
    for file in "$2"/expect/dump-tree*.txt; do
        [ -f "$file" ] || continue
        compare_dump_tree "$2" "$file" "$3"
    done
    cd - >/dev/null
}

# The closing line, and the exit status.
finish() {
    echo "$compared texts compared, $failures failures"
    [ "$compared" -gt 0 ] && [ "$failures" = 0 ]
}
