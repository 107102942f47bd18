// SPDX-License-Identifier: MIT
// The free space of one block group as the items of the free space tree: from them, and to them (docs/format.md 5).
#pragma once

#include "libfs/space/extent_record.h"
#include "libfs/space/free_space.h"
#include "libfs/tree/tree_search.h"

namespace btrkit {

/// What the tree says of a block group.
struct RecordedFreeSpace {
    bool uses_bitmaps = false;
    RangeSet free;
};

/// The items of the free space tree whose keys begin in the group. Fails with damaged where they can't be read.
Result<std::vector<EncodedItem>> read_free_space_items(TreeSearch& free_space_tree, const Chunk& chunk);

/// From all items whose keys begin in the group, in key order, its FREE_SPACE_INFO first. Fails with damaged where they
/// are not what a kernel writes: another order, ranges outside the group, a wrong count of ranges.
Result<RecordedFreeSpace> decode_free_space(const Chunk& chunk, std::span<const EncodedItem> items, u32 sectorsize);

/// Whether a group with so many free ranges is written in bitmaps. Between two thresholds it stays as it was: these are
/// the kernel's.
bool wants_bitmaps(const Chunk& chunk, std::size_t free_range_count, u32 sectorsize, bool uses_bitmaps);

/// All items of the group in key order. The free ranges are made of whole sectors inside it.
std::vector<EncodedItem> encode_free_space(const Chunk& chunk, const RecordedFreeSpace& space, u32 sectorsize);

} // namespace btrkit
