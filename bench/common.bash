# SPDX-License-Identifier: MIT
# Sourced by benchmarks: runs in turns, their figures, a table. Needs here (the folder bench/), scratch (a folder for
# files) and rounds (how often each is run). BTRFS_PROGS: a folder with the peer's programs (a built source tree of
# btrfs-progs, for instance), instead of those that are installed.
[ -z "${BTRFS_PROGS:-}" ] || PATH=$(cd "$BTRFS_PROGS" && pwd):$PATH

# compile NAME [OPTION...]
compile() { "${CXX:-c++}" -std=c++20 -O2 -o "$scratch/$1" "$here/$1.cpp" "${@:2}"; }

# run NAME COMMAND...: one run; appends what it took to the figures of NAME. The command's output goes to the file in
# output, and is dropped without one.
run() {
    local name=$1
    shift
    if ! "$scratch/measure" "${output:-/dev/null}" "$@" >>"$scratch/$name.figures" 2>"$scratch/stderr"; then
        echo "$0: $name failed: $* $(head -c 300 "$scratch/stderr")" >&2
        exit 1
    fi
}

# median NAME COLUMN
median() { cut -d' ' -f"$2" "$scratch/$1.figures" | sort -n | sed -n "$(((rounds + 1) / 2))p"; }

row() { printf '%-34s %9s %9s %9s %12s\n' "$@"; }

# report NAME...
report() {
    echo
    row "median of $rounds" "wall s" "user s" "system s" "memory KiB"
    local name
    for name in "$@"; do
        row "$name" "$(median "$name" 1)" "$(median "$name" 2)" "$(median "$name" 3)" "$(median "$name" 4)"
    done
}

# ratio NAME OTHER: how many times as long OTHER takes, and how much memory.
ratio() {
    echo "$(median "$1" 1) $(median "$2" 1) $(median "$1" 4) $(median "$2" 4)" |
        awk -v a="$1" -v b="$2" '{ printf "%s is %.2f times as fast as %s, with %.2f of its memory\n", a, $2 / $1, b, $3 / $4 }'
}
