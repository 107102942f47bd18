# SPDX-License-Identifier: MIT
# Sourced: rows of cover.txt, and the images that mkfs makes of them. Needs BTRKIT_BIN (the folder with the tools) and
# BTRKIT_WORK (for files). Every function reads the row into row, data, metadata, csum, nodesize, features, compress,
# source, size and blocks.
set -euo pipefail
export LC_ALL=C TZ=UTC
shopt -s nullglob

: "${BTRKIT_BIN:?the folder with the tools}" "${BTRKIT_WORK:?a folder for files}"
cover=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/cover.txt
normal_rows="1 2 3 4 5 6 7 8"
failures=0

skip() {
    echo "SKIP $*"
    exit 77
}

complain() {
    echo "FAIL row $row: $*"
    failures=$((failures + 1))
}

# complain_with FILE WORD...: the same, with the first lines of a file.
complain_with() {
    local file=$1
    shift
    complain "$*:"
    head -n 10 "$file" | sed 's/^/    /'
}

all_rows() { awk '/^[0-9]/ { print $1 }' "$cover"; }

read_row() {
    local line
    line=$(awk -v row="$1" '$1 == row' "$cover")
    [ -n "$line" ] || {
        echo "no row $1 in $cover" >&2
        exit 2
    }
    read -r row data metadata csum nodesize features compress source size blocks <<<"$line"
}

# Sets jobs, rows and one (a row that a job was started for) from the arguments of a test.
read_arguments() {
    jobs=$(nproc) rows=$normal_rows one=
    while [ $# != 0 ]; do
        case $1 in
        --all) rows=$(all_rows) ;;
        --one) one=$2 scratch=$3; shift 2 ;;
        [0-9]*) rows=$* && break ;;
        *)
            echo "usage: $0 [--all | ROW...]" >&2
            exit 2
            ;;
        esac
        shift
    done
}

# run_rows: each row in a process of its own, some at once. Fails where one of them does.
run_rows() {
    printf '%s\n' $rows | xargs -P "$jobs" -I{} "$0" --one {} "$scratch"
}

devices_of() {
    case $1 in
    raid0 | raid1) echo 2 ;;
    raid1c3 | raid5) echo 3 ;;
    raid1c4 | raid10 | raid6) echo 4 ;;
    *) echo 1 ;;
    esac
}

# make_sources FOLDER [OPTION...]: what rows are filled with: all (by --rootdir), few (the same without extrefs), and both
# as far as GNU tar carries them, with the archives. OPTIONs are make_source's.
make_sources() {
    local top=$1 name
    shift
    for name in all few tar-all tar-few; do
        [ -d "$top/$name" ] || mkdir -p "$top/$name"
        local options=("$@")
        [[ $name != *few ]] || options+=(--no-extrefs)
        [[ $name != tar-* ]] || options+=(--for-tar)
        "$BTRKIT_BIN/make_source" "$top/$name" "${options[@]}"
        [[ $name != tar-* ]] || make_tar "$top/$name"
    done
}

make_tar() {
    tar --format=posix --sparse --atime-preserve=system --numeric-owner --xattrs --xattrs-include='*' --acls --sort=name \
        -C "$1" -cf "$1.tar" .
}

# source_of FOLDER: sets origin, the directory that the row's image must equal, and source_options.
source_of() {
    local name=all
    [ "$features" != ^extref ] || name=few
    if [ "$source" = tar ]; then
        origin=$1/tar-$name
        source_options=(--tar "$origin.tar")
    else
        origin=$1/$name
        source_options=(--rootdir "$origin")
    fi
}

# What differs where nothing is wrong, for compare_trees: a tar has no birth times, blocks of 64k no smaller holes.
allowed_differences() {
    allowed=(--ignore=subvolume)
    [ "$source" != tar ] || allowed=(--ignore=subvolume,otime)
    [ "$blocks" = 4k ] || allowed+=(--without=holes/blocks-4k)
}

# Sets mkfs_options to all of the row but source and images.
layout_of() {
    mkfs_options=(-n "$nodesize" -s "$blocks" --csum "$csum" -d "$data" -m "$metadata" --compress "$compress" -q)
    [ "$features" = default ] || mkfs_options+=(-O "$features")
    mkfs_options+=(--subvol rw:volumes/writable --subvol ro:volumes/writable/inner/read-only --subvol ro:volumes/empty)
    if ((row % 2)); then
        mkfs_options+=(--subvol default:volumes/default)
    else
        mkfs_options+=(--inode-flags nodatasum:holes)
    fi
    case $size in
    auto) mkfs_options+=(--size auto) ;;
    slack) mkfs_options+=(--size min+1g) ;;
    # With 2g the kernel has no room left to balance raid1c4, whoever made the filesystem.
    given) mkfs_options+=(--size 4g) ;;
    esac
}

# make_images FOLDER [OPTION...]: FOLDER/devN.img, their names in images.
make_images() {
    local folder=$1 count of_metadata i
    shift
    count=$(devices_of "$data")
    of_metadata=$(devices_of "$metadata")
    [ "$of_metadata" -le "$count" ] || count=$of_metadata
    mkdir -p "$folder"
    images=()
    for ((i = 1; i <= count; i++)); do
        images+=("$folder/dev$i.img")
    done
    layout_of
    "$BTRKIT_BIN/btrkit-mkfs" "${mkfs_options[@]}" "${source_options[@]}" "$@" "${images[@]}" >"$folder/mkfs.out" 2>&1 || {
        complain_with "$folder/mkfs.out" "mkfs failed"
        return 1
    }
}

# same_tree PLACE PLACE WHAT [OPTION...]: complains where compare_trees finds differences.
same_tree() {
    local first=$1 second=$2 what=$3
    shift 3
    allowed_differences
    "$BTRKIT_BIN/compare_trees" "$first" "$second" "${allowed[@]}" "$@" >"$scratch/$row.differences" 2>&1 ||
        complain_with "$scratch/$row.differences" "$what"
}

# Our own reading: everything is there, and nothing is wrong.
check_by_ours() {
    local joined
    joined=$(IFS=,; echo "${images[*]}")
    same_tree "$joined" "$origin" "the image is not what it was made of"
    if ! "$BTRKIT_BIN/btrkit-dump-tree" "${images[@]}" >/dev/null 2>"$scratch/$row.dump" || [ -s "$scratch/$row.dump" ]; then
        complain_with "$scratch/$row.dump" "dump-tree has findings"
    fi
}
