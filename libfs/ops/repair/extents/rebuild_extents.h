// SPDX-License-Identifier: MIT
// The extent tree made anew from all other trees, and with it all that follows from it: block groups, free space, used
// bytes. No allocator of the old filesystem is needed, and nothing of the old extent tree.
//
//  1. Go through all trees but those that are begun anew: what they have is what is in use (used_space.h). Not where a
//     newer root than theirs may be somewhere (stale_roots.h).
//  2. Open space by that. Blocks of the old trees that can be read are not written over either, nor is what the old
//     extent tree has and nobody refers to, so that what was can be looked at, and brought back.
//  3. Build the new extent tree from the bottom up (extent_records.h); the others begin empty, but for
//     the device tree, which follows from the chunks.
//  4. Put block groups and the free space tree; give back the blocks of the old trees.
#pragma once

#include "libfs/base/run_context.h"
#include "libfs/ops/repair/extents/lost_file_extents.h"
#include "libfs/txn/transaction.h"

namespace btrkit::repair {

struct Rebuild {
    /// Derived trees that are begun anew beside the extent tree. Block groups and free space come by themselves,
    /// device extents with it; the uuid tree begins empty, and whoever knows what is in it puts it.
    std::set<u64> damaged = {};
    /// What files get back, where nothing stands: space is kept for it. put_restored() follows.
    std::span<const LostFileExtent> restored = {};
    /// Trees whose roots were looked for: none of theirs is stale.
    std::set<u64> settled = {};
};

struct RebuiltExtents {
    /// That the old extent tree has and nobody refers to; where part of that is lost, all that nobody refers to.
    RangeSet unheld_data;
    RangeSet reserved; ///< where nothing stands, for what files get back
};

/// Before anything else is changed. Fails with damaged where blocks of other trees are lost, a root is stale, or trees
/// contradict each other; with no_space; with cancelled.
Result<RebuiltExtents> rebuild_extents(Transaction& transaction, Rebuild rebuild, const RunContext& context);
/// After that, with what it has reserved, and when no blocks of files are moved any more.
Result<void> put_restored(Transaction& transaction, std::span<const LostFileExtent> restored, RangeSet reserved);

} // namespace btrkit::repair
