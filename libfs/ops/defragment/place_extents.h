// SPDX-License-Identifier: MIT
// Where planned extents go: what lies well stays, what does not is given room in one piece.
//
//  1. Take the extents of a file in windows of as much as one extent can hold. A window whose bytes lie in one piece
//     stays where it is, even where its extents are cut or joined.
//  2. Else it moves, if there is room for it in one piece.
//  3. Else the same is tried with each half of its extents. An extent for which there is no room in one piece falls
//     apart: each of its pieces becomes an extent where it is.
#pragma once

#include "libfs/ops/defragment/planned_extents.h"
#include "libfs/relocate/extent_layout.h"
#include "libfs/txn/transaction.h"

namespace btrkit::defragment {

struct Placed {
    ExtentLayout layout;
    u64 extent_count = 0;   ///< as there are going to be, of those that were planned
    u64 fragment_count = 0; ///< pieces in which windows lie: as they lay,
    u64 laid_fragments = 0; ///< and as they are going to lie
    u64 moved_bytes = 0;
    bool lacked_room = false; ///< pieces that are not long stay apart
    bool was_recompressed = false;
};

/// Takes room for what moves, limit_bytes at most together with what has moved, from the transaction. Adds to `placed`,
/// whose layout is then complete. Fails with damaged.
Result<void> place_extents(Transaction& transaction, const DataExtents& extents, std::span<const PlannedExtent> planned,
                           u64 limit_bytes, Placed& placed);

} // namespace btrkit::defragment
