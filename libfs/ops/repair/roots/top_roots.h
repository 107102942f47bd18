// SPDX-License-Identifier: MIT
// The chunk tree and the root tree, to which nothing but superblocks lead: where they can't be read, they are looked
// for by what their blocks say of themselves, and superblocks on paper lead to what is found.
#pragma once

#include "libfs/ops/repair/blocks/mend_block.h"
#include "libfs/ops/repair/roots/found_roots.h"
#include "libfs/txn/overlaid.h"

#include <set>

namespace btrkit::repair {

/// A tree that superblocks on paper lead to.
struct TopRoot {
    Grade grade = Grade::proven;
    /// The root as it is now, where it has become one of the last commit.
    std::optional<MendedBlock> block = {};
};

/// Where the array of system chunks says what can't be, or the root of the chunk tree can't be read through it: goes
/// through the devices for blocks of the chunk tree, for they hold these chunks, too, until what is found leads to the
/// chunk tree whole. Proven where the superblock names that root; guessed where it is another. Nothing where there is
/// no need, or nothing is found that is allowed; then the superblocks are what they were. told: as
/// change_superblocks(), if it is something. Fails as devices do, and with cancelled.
Result<std::optional<TopRoot>> find_chunk_tree(Overlaid& overlaid, const std::set<Grade>& allowed,
                                               const RunContext& context, Problems& told);

/// Where the root of the root tree can't be read: the newest that was found. Guessed where it is of the last commit,
/// lossy where it is older. Else as find_chunk_tree().
Result<std::optional<TopRoot>> find_root_tree(Overlaid& overlaid, const FoundRoots& found,
                                              const std::set<Grade>& allowed, Problems& told);

} // namespace btrkit::repair
