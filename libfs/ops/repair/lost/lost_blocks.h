// SPDX-License-Identifier: MIT
// Blocks that no copy gives, and what is still known of them.
#pragma once

#include "libfs/base/run_context.h"
#include "libfs/fs/filesystem.h"

#include <set>
#include <vector>

namespace btrkit::repair {

/// A block that somebody points to.
struct LostBlock {
    Promise promise;               ///< with tree, level and generation
    std::optional<u64> owner = {}; ///< as its extent item says
    bool is_full_backref = false;  ///< so does that: references of its children name it

    u64 likely_owner() const { return owner.value_or(*promise.tree); }
    u8 level() const { return *promise.level; }
};

/// Those that can't be read, and those at these addresses; each once, in the order of trees and keys, where a chunk
/// is, and no more than single mistakes and one bad region make.
std::vector<LostBlock> find_lost_blocks(const Filesystem& filesystem, std::set<u64> wanted, const RunContext& context);

} // namespace btrkit::repair
