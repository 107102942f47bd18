// SPDX-License-Identifier: MIT
#include "libfs/ops/check/phases.h"

#include "libfs/ops/check/space/free_ranges.h"

namespace btrkit::check {

FreeSpaceDifference compare_free_space(const Context& context, const Chunk& chunk, const RangeSet& recorded) {
    const RangeSet free = free_ranges(chunk, context.space.allocated);
    const RangeSet recorded_free = difference(recorded, super_stripes(chunk));
    return {.missing = difference(free, recorded_free), .used = difference(recorded_free, free)};
}

void check_free_space(Context& context) {
    check_free_space_tree(context);
    if ((context.geometry().compat_ro_flags & btrfs::compat_ro_free_space_tree) == 0) {
        check_space_caches(context);
    }
}

} // namespace btrkit::check
