// SPDX-License-Identifier: MIT
// Where superblock mirrors lie inside chunks: logical addresses that nothing may be allocated at.
#pragma once

#include "libfs/base/range_set.h"
#include "libfs/volume/chunk_map.h"

namespace btrkit {

/// The logical addresses of a chunk that share a 64 KiB stripe with a superblock mirror on any of its devices, cut at
/// the chunk's end. In raid5 and raid6 it is the whole row. The kernel keeps the same ranges out of its free space.
RangeSet super_stripes(const Chunk& chunk);

} // namespace btrkit
