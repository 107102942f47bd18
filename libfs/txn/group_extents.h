// SPDX-License-Identifier: MIT
// What extents have of block groups, as an extent tree says.
#pragma once

#include "libfs/base/range_set.h"
#include "libfs/tree/block_reader.h"

#include <string_view>
#include <vector>

namespace btrkit {

/// A block group and what extents have of it.
struct GroupExtents {
    Chunk chunk;
    RangeSet allocated;
};

/// Of its item, in whichever tree has it.
btrfs::Key block_group_key(const Chunk& chunk);

/// Fails with damaged where extents overlap or leave the group.
Result<RangeSet> read_allocated(const BlockReader& reader, const Promise& extents, const Chunk& chunk);
/// The same of all groups that the reader's volume has chunks of, by address.
Result<std::vector<GroupExtents>> read_group_extents(const BlockReader& reader, const Promise& extents);

/// That the group contradicts itself.
std::unexpected<Error> bad_group(const Chunk& chunk, std::string_view what);

} // namespace btrkit
