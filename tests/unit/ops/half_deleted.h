// SPDX-License-Identifier: MIT
// Subvolumes as a kernel leaves them that was interrupted while it deleted them (docs/format.md 8.5), made by a plain
// walk that knows nothing of the engine's.
#pragma once

#include "tests/unit/ops/transaction_bench.h"

namespace btrkit::test {

/// Where a deletion stands still: what nodes of that level and above have before the key is gone.
struct DropPlace {
    btrfs::Key key;
    u8 level = 0;
};

/// All places where the deletion of that tree can stand still: the pointers of its nodes that nobody else has, in the
/// order in which it comes to them.
std::vector<DropPlace> drop_places(const Filesystem& filesystem, u64 tree);

enum class StopsIn : bool {
    blocks,
    /// The first block behind the place, if others share it and the tree owns it, refers in full already, and those
    /// below it not yet.
    backrefs
};

/// The subvolume's name is gone, and what lies before that place; nothing: all of it is still there. Returns its id.
u64 half_delete(const TransactionBench& bench, const std::string& path, const std::optional<DropPlace>& place,
                StopsIn stops_in = StopsIn::blocks);

} // namespace btrkit::test
