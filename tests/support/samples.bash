# SPDX-License-Identifier: MIT
# Sourced by suites that run on the sample images: those of BTRKIT_SHARED, or of ../shared beside the repository. Ends
# the suite as skipped where there are none. Needs BTRKIT_WORK.
#
# Unpacked samples stay in $BTRKIT_WORK/samples (a gigabyte), so suites must not change them.
: "${BTRKIT_WORK:?a folder for files}"
samples=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
samples=${BTRKIT_SHARED:-$samples/../shared}/images
if [ ! -x "$samples/unpack" ]; then
    echo "SKIP: no sample images in $samples"
    exit 77
fi
unpacked=$BTRKIT_WORK/samples
mkdir -p "$unpacked"

# unpack_sample NAME: as in index.tsv; it is in $unpacked/NAME then. Two suites may want the same one at the same time.
unpack_sample() {
    local mark=$unpacked/.${1//\//-}
    (
        flock 9
        if [ ! -f "$mark" ] || [ "$samples/$1.tar.zst" -nt "$mark" ]; then
            rm -rf "${unpacked:?}/$1"
            "$samples/unpack" "$unpacked" "$1"
            touch "$mark"
        fi
    ) 9>"$mark.lock"
}

# each_sample [NAME...]: lines "NAME VERDICT" of those that are wanted, tab between them; without names: all.
each_sample() {
    local name verdict
    while IFS=$'\t' read -r name verdict _; do
        if [ $# = 0 ] || [[ " $* " == *" $name "* ]]; then
            printf '%s\t%s\n' "$name" "$verdict"
        fi
    done < <(tail -n +2 "$samples/index.tsv")
}
