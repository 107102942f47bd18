// SPDX-License-Identifier: MIT
// Data extents cut, joined and moved as a layout says, while all that refers to them follows (a graph rewrite in its
// general form: one block becomes none, one or several). What files hold, and who shares what with whom, stays as it
// is; so do generations, but that what is joined is as old as the youngest part. lay_out() does this, in this order:
//
//  1. Copy the data that moves, and its checksums (data_copy.h): each sector is proven, and written into space that was
//     taken for it.
//  2. Go through the distinct blocks of all subvolumes (graph_rewriter.h): items refer to new extents; blocks split,
//     vanish and move with the generation that they had. What refers to what is counted by share_rules.h.
//  3. Settle: extents without a reference are given back, but for their bytes that stay in their place in another.
//
// The transaction is then proposed and committed as any other.
#pragma once

#include "libfs/base/run_context.h"
#include "libfs/relocate/extent_layout.h"
#include "libfs/txn/transaction.h"

namespace btrkit {

/// How the blocks of subvolumes are gone through.
struct BlockOrder {
    std::span<const TreeRoot> subvolumes; ///< all of them (whole_subvolumes()): what several share is the first one's
    RangeSet leaving = {};                ///< what lies there is laid out anew, too, in that order and that of keys
};
/// All blocks are.
inline RangeSet everywhere() {
    RangeSet all;
    all.append({0, ~u64{0}});
    return all;
}

/// The new places of what moves were taken from the transaction. Returns how many blocks were written. Fails with
/// damaged where anything that moves can't be proven, with no_space, with cancelled, and as devices do: the transaction
/// is to be dropped then, and nothing has happened.
Result<u64> lay_out(Transaction& transaction, const ExtentLayout& layout, const BlockOrder& blocks,
                    const RunContext& context);

} // namespace btrkit
