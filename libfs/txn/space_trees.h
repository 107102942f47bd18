// SPDX-License-Identifier: MIT
// Which trees tell of space, changed in the midst of a transaction: features that a filesystem can get and lose.
#pragma once

#include "libfs/txn/transaction.h"

namespace btrkit {

struct SpaceTrees {
    bool has_free_space_tree = false;
    bool has_block_group_tree = false; ///< else the extent tree has the block groups

    bool operator==(const SpaceTrees&) const = default;
};

/// Those that the filesystem will have as it is now. A free space tree that kernels don't believe is none.
SpaceTrees space_trees_of(const Transaction& transaction);

/// From now on it has these; all that the run does before and after is accounted for.
///
///  1. Settle, so that the extent tree says what is in use. What is begun is made from that alone.
///  2. Begin the trees that are wanted, empty; a free space tree that kernels don't believe goes before.
///  3. Settle again: their first blocks are in use, too. Put all items of what was begun into its tree.
///  4. Take what has ended out: items from the extent tree, or a tree with its blocks.
///
/// The old cache of free space (v1) goes with any change of the free space tree, and the superblocks say that there is
/// none: kernels with a free space tree would throw it away, and without one they look at the extents themselves.
///
/// Fails with refused where a block group tree would lack what kernels want with it, a free space tree and no-holes;
/// with no_space, and with damaged.
Result<void> set_space_trees(Transaction& transaction, SpaceTrees wanted);

} // namespace btrkit
