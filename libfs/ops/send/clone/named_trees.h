// SPDX-License-Identifier: MIT
// The trees that references name.
#pragma once

#include "libfs/fs/filesystem.h"
#include "libfs/tree/tree_search.h"

#include <unordered_map>

namespace btrkit::send::clone {

struct NamedTree {
    Promise root;
    TreeSearch items;
};

/// Each is looked up once, as long as they are not very many.
class NamedTrees {
public:
    NamedTrees(const Filesystem& filesystem, BlockCache& cache) : filesystem_(&filesystem), cache_(&cache) {}

    /// Null: there is no such tree, or none that can be found. Stays until the next call.
    NamedTree* get(u64 id);

private:
    static constexpr std::size_t most = 256;

    const Filesystem* filesystem_;
    BlockCache* cache_;
    std::unordered_map<u64, std::optional<NamedTree>> trees_;
};

/// Where the block of this level lies on the way from a root to a key. Nothing where the tree is not so high, or where
/// it can't be read.
std::optional<u64> block_on_way(BlockCache& cache, const Promise& root, const btrfs::Key& key, u8 level);

} // namespace btrkit::send::clone
