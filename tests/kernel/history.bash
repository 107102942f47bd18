# SPDX-License-Identifier: MIT
# Sourced by what sends and receives with a kernel: a filesystem that it makes, where a subvolume has a random history by a
# seed (tests/send/history.cpp) with snapshots; the streams of these; and a process for each seed. Needs BTRKIT_BIN and
# BTRKIT_WORK. Who sources it counts in failures and kernel_bugs and has a function run_one.
#
# Of a process: seed, and scratch, its folder, where source.img is mounted as source and kernel/ has the kernel's streams.
# shellcheck shell=bash disable=SC2034,SC2154
: "${BTRKIT_BIN:?the folder with the tools}" "${BTRKIT_WORK:?a folder for files}"
[ -z "${BTRFS_PROGS:-}" ] || PATH=$(cd "$BTRFS_PROGS" && pwd):$PATH
# shellcheck source=tests/support/loops.bash
. "$(dirname "${BASH_SOURCE[0]}")/../support/loops.bash"
failures=0 kernel_bugs=0 hole_maps=0
loops=() mounted=()
worth_keeping=(source.img kernel)
first=1 last=12 one=
export kept=${kept:-} totals=${totals:-} work=${work:-}

skip() {
    echo "SKIP $*"
    exit 77
}

# attach [-r] IMAGE: as loop.
attach() {
    loop=$(losetup --show -f "$@") || skip "no loop device"
    loops+=("$loop")
}

# mount_image [-r] IMAGE FOLDER OPTIONS
mount_image() {
    local read_only=()
    [ "$1" != -r ] || { read_only=(-r) && shift; }
    attach "${read_only[@]}" "$1"
    mkdir -p "$2"
    mount -t btrfs -o "noatime,$3" "$loop" "$2" || return
    mounted+=("$2")
}

unmount_all() {
    local i
    for ((i = ${#mounted[@]} - 1; i >= 0; i--)); do
        unmount "${mounted[i]}" || true
    done
    mounted=()
    detach_loops "${loops[@]}"
    loops=()
}

# All but the source, which came first.
unmount_target() {
    local source_mount=${mounted[0]} source_loop=${loops[0]}
    mounted=("${mounted[@]:1}") loops=("${loops[@]:1}")
    unmount_all
    mounted=("$source_mount") loops=("$source_loop")
}

# keep: what there is of this seed, once.
keep() {
    [ -n "$kept" ] && [ ! -d "$kept/$seed" ] || return 0
    mkdir -p "$kept/$seed"
    local name
    for name in "${worth_keeping[@]}"; do
        [ ! -e "$scratch/$name" ] || cp -r --sparse=always "$scratch/$name" "$kept/$seed/"
    done
}

# complain WHAT [FILE]: with the first lines of it.
complain() {
    failures=$((failures + 1))
    echo "FAIL seed $seed: $1"
    [ -z "${2:-}" ] || head -n 20 "$2" | cut -c 1-300 | sed 's/^/    /'
    keep
}

tell_kernel_bug() {
    kernel_bugs=$((kernel_bugs + 1))
    echo "kernel bug, seed $seed: $1"
    head -n 4 "$2" | cut -c 1-300 | sed 's/^/    /'
}

# options_of: of mkfs and mount, by the seed.
options_of() {
    local profile=single compressions=(no zstd lzo zlib compress-force=zstd compress-force=lzo compress-force=zlib no)
    local csums=(crc32c xxhash sha256 blake2)
    ((seed % 2)) || profile=dup
    mkfs_options=(-m "$profile" -d single --csum "${csums[seed / 2 % 4]}" -n $((seed % 2 ? 16384 : 4096)))
    ((seed % 11 != 5)) || mkfs_options=(--mixed --csum "${csums[seed / 2 % 4]}")
    ((seed % 3)) || mkfs_options+=(-O ^no-holes)
    compression=${compressions[seed % 8]}
    mount_options=$compression
    [[ $compression == compress-force=* ]] || mount_options=compress=$compression
    size=$((256 + seed % 4 * 256))M
    # Many changes at once are more than the kernel's own sender bears in every other history; few ones it sends well.
    steps=$((200 + seed * 379 % 1000))
    changes=$((seed % 4 == 3 ? steps : 10 + seed * 31 % 90))
}

# make_filesystem FILE OPTION... [-- MEMBER...]: MEMBERs are further devices.
make_filesystem() {
    local image=$1 options=() images
    shift
    while [ $# != 0 ] && [ "$1" != -- ]; do
        options+=("$1") && shift
    done
    images=("$image" "${@:2}")
    rm -f "${images[@]}"
    truncate -s "$size" "${images[@]}"
    mkfs.btrfs -q -f "${options[@]}" "${images[@]}" >"$scratch/mkfs" 2>&1 || {
        cat "$scratch/mkfs"
        skip "mkfs.btrfs fails"
    }
}

history() { "$BTRKIT_BIN/send-history" "$@"; }

# s1, s2 and s3, one after the other, and side, which went another way after s1; files of side and s1 are cloned later.
make_source() {
    local top=$scratch/source
    make_filesystem "$scratch/source.img" "${mkfs_options[@]}"
    mount_image "$scratch/source.img" "$top" "$mount_options"
    btrfs -q subvolume create "$top/work"
    history "$top/work" "$seed" "$steps"
    btrfs -q subvolume snapshot -r "$top/work" "$top/s1"
    btrfs -q subvolume snapshot "$top/work" "$top/side"
    history "$top/side" "$((seed + 1000000))" "$((changes / 2))"
    btrfs property set "$top/side" ro true
    history "$top/work" "$((seed + 2000000))" "$changes" "$top/side"
    btrfs -q subvolume snapshot -r "$top/work" "$top/s2"
    history "$top/work" "$((seed + 3000000))" "$((changes / (1 + seed % 3)))" "$top/s1"
    btrfs -q subvolume snapshot -r "$top/work" "$top/s3"
    unmount_all
}

# A name, and how it is sent. Each of versions comes with each kind of history now and then.
streams() {
    local versions=("" "--proto 2" "--compressed-data")
    cat <<END
full1 /s1
full1.v2 --proto 2 /s1
full1.v2c --compressed-data /s1
full1.nodata --no-data /s1
full2 ${versions[seed % 3]} /s2
both /s1 /s2
side ${versions[(seed + 1) % 3]} -p /s1 /side
inc2 -p /s1 /s2
inc2.v2 --proto 2 -p /s1 /s2
inc2.v2c --compressed-data -p /s1 /s2
inc2.nodata --no-data -p /s1 /s2
inc2.side ${versions[(seed + 2) % 3]} -p /s1 -c /side /s2
inc3 -p /s2 /s3
inc3.from1 ${versions[seed % 3]} -p /s1 -c /s2 /s3
inc3.auto --compressed-data -c /s1 -c /s2 /s3
inc3.pair -p /s1 /s2 /s3
back1 ${versions[(seed + 1) % 3]} -p /s2 /s1
across ${versions[(seed + 2) % 3]} -p /side -c /s1 /s3
END
}

# Their names, in the order that one filesystem receives them in.
chains() {
    cat <<END
full1 inc2 inc3
full1.v2 inc2.v2 inc3.from1
full1.v2c inc2.v2c inc3.auto
full2 back1
full1 side inc2.side across
both
full1 inc3.pair
END
}

# subvolumes_of STREAM: what it makes.
subvolumes_of() {
    case $1 in
    full1* | back1) echo s1 ;;
    both) echo s1 s2 ;;
    side) echo side ;;
    *pair) echo s2 s3 ;;
    full2 | inc2*) echo s2 ;;
    *) echo s3 ;;
    esac
}

is_full() { [[ $1 == full* || $1 == both ]]; }

send_kernel() {
    local name words
    while read -r name words; do
        # shellcheck disable=SC2086 # words
        btrfs -q send -f "$scratch/kernel/$name" ${words//\//$scratch/source/} >"$scratch/stdout" 2>"$scratch/stderr" || {
            tell_kernel_bug "$name: btrfs send" "$scratch/stderr"
            rm -f "$scratch/kernel/$name"
        }
    done < <(streams)
}

# encoded_files FOLDER: how many have a compressed extent.
encoded_files() {
    (cd "$1" && find . -type f -printf '%i %p\0' | sort -z -n -u -k 1,1 | sed -z 's/^[0-9]* //' |
        xargs -r -0 filefrag -v 2>/dev/null) |
        awk '/^File size of / { one = 1 } /encoded/ && !/inline/ { count += one; one = 0 } END { print 0 + count }'
}

# stays_compressed FOLDER: most of what is compressed in s1 is so when it was received there. (What is in a leaf comes as it
# is; and a file of which little is compressed may have only that.)
stays_compressed() {
    local before after
    sync -f "$1"
    before=$(encoded_files "$scratch/source/s1")
    after=$(encoded_files "$1/s1")
    ((before < 4 || after * 2 >= before)) || {
        echo "$before files are compressed, received $after" >>"$scratch/problem"
        return 1
    }
}

# same_subvolume FOLDER NAME FIELD,...: what was received in a folder, but for these. What is different is added to
# scratch/problem; files that have other holes are in scratch/holes.
same_subvolume() {
    local places=("$scratch/source/$2" "$1/$2") status=0
    "$BTRKIT_BIN/compare_trees" "${places[@]}" "--ignore=$3,subvolume" >"$scratch/differences" 2>&1 || status=$?
    grep ': ranges: ' "$scratch/differences" >"$scratch/holes" || true
    hole_maps=$((hole_maps + $(wc -l <"$scratch/holes")))
    if grep -q '^and [0-9]* more$' "$scratch/differences"; then
        status=0
        "$BTRKIT_BIN/compare_trees" "${places[@]}" "--ignore=$3,subvolume,ranges" >"$scratch/differences" 2>&1 || status=$?
    fi
    [ "$status" -lt 2 ] || echo "compare_trees: status $status" >>"$scratch/differences"
    ! grep -v ': ranges: ' "$scratch/differences" >>"$scratch/problem"
}

# begin: a process for each seed; the traps are its own.
begin() {
    trap 'unmount_all; rm -rf --one-file-system "$scratch"' EXIT
    trap 'exit 1' INT TERM
    scratch=$(mktemp -d "$work/kernel-${0##*/}.XXXXXX")
    mkdir "$scratch/kernel"
}

# Whether anything of this can be done here.
try_mounting() (
    size=256M
    begin
    make_filesystem "$scratch/source.img"
    mount_image "$scratch/source.img" "$scratch/source" compress=no || skip "mounting fails"
)

# run_seeds: a process for each of first to last, or it is one of them. Each adds a line to the file totals; status is 1
# where one fails, or none has. Not for conditions, where nothing would end what fails.
run_seeds() {
    if [ -n "$one" ]; then
        seed=$one
        run_one
        exit
    fi
    [ "$(id -u)" = 0 ] || skip "not root"
    local program
    for program in mkfs.btrfs btrfs losetup mount filefrag; do
        command -v "$program" >/dev/null || skip "no $program"
    done
    grep -qw btrfs /proc/filesystems || modprobe btrfs 2>/dev/null || skip "the kernel has no btrfs"
    mkdir -p "$BTRKIT_WORK"
    work=$BTRKIT_WORK
    # Three images at once for each seed, of which little is used.
    [ "$(df --output=avail -k /dev/shm 2>/dev/null | tail -n 1)" -lt $((3 << 20)) ] 2>/dev/null || work=/dev/shm
    try_mounting || exit
    totals=$(mktemp "$BTRKIT_WORK/kernel-${0##*/}-totals.XXXXXX")
    trap 'rm -f "$totals" "$totals".*' EXIT
    status=0
    seq "$first" "$last" | xargs -P "$(nproc)" -I{} "$0" --one {} || status=1
    [ "$(wc -l <"$totals")" -gt 0 ] || status=1
}
