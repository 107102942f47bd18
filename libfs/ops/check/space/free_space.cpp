// SPDX-License-Identifier: MIT
#include "libfs/ops/check/space/free_space.h"

#include "libfs/ops/check/space/free_ranges.h"
#include "libfs/volume/super_stripes.h"

namespace btrkit::check {

namespace {

RangeSet cut_out(const RangeSet& ranges, Range window) {
    RangeSet result;
    for (const Range& range : ranges.touching(window)) {
        result.append({std::max(range.start, window.start), std::min(range.end, window.end)});
    }
    return result;
}

} // namespace

FreeSpaceDifference compare_free_space(const Context& context, const Chunk& chunk, const RangeSet& recorded) {
    RangeSet group;
    // What was moved elsewhere by the remap tree is not free again before the whole group is.
    if ((chunk.type & btrfs::block_group_remapped) == 0) {
        group.append(range_of(chunk));
    }
    const RangeSet allocated = cut_out(context.space.allocated, range_of(chunk));
    const RangeSet superblocks = super_stripes(chunk);
    const RangeSet free = difference(difference(group, allocated), superblocks);
    const RangeSet recorded_free = difference(recorded, superblocks);
    return {.missing = difference(free, recorded_free), .used = difference(recorded_free, free)};
}

void check_free_space(Context& context) {
    check_free_space_tree(context);
    if ((context.geometry().compat_ro_flags & btrfs::compat_ro_free_space_tree) == 0) {
        check_space_caches(context);
    }
}

} // namespace btrkit::check
