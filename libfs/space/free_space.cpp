// SPDX-License-Identifier: MIT
#include "libfs/space/free_space.h"

namespace btrkit {

RangeSet free_ranges(const Chunk& chunk, const RangeSet& allocated) {
    if ((chunk.type & btrfs::block_group_remapped) != 0) {
        return {};
    }
    RangeSet group;
    group.append(range_of(chunk));
    return difference(difference(group, allocated.within(range_of(chunk))), super_stripes(chunk));
}

} // namespace btrkit
