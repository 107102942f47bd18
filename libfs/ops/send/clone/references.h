// SPDX-License-Identifier: MIT
// Who refers to an extent or a tree block, by the extent tree.
#pragma once

#include "libfs/ops/send/clone/work_limit.h"
#include "libfs/survey/extent_item.h"
#include "libfs/tree/tree_search.h"

#include <vector>

namespace btrkit::send::clone {

/// A reference from a file of a tree.
struct FileReference {
    u64 tree = 0;
    u64 inode = 0;
    u64 offset = 0; ///< in the file, of the extent's first byte; below the file's beginning it wraps
    u64 count = 0;  ///< of file extent items

    friend auto operator<=>(const FileReference&, const FileReference&) = default;
};

/// All kinds in one; an extent has only files and parents, a tree block only trees and parents. Each once, none with a
/// count of 0. Descending: the kernel takes them in that order.
struct References {
    std::vector<FileReference> files;
    std::vector<u64> parents; ///< addresses of the blocks that point to it
    std::vector<u64> trees;   ///< whose block it is

    std::size_t count() const { return files.size() + parents.size() + trees.size(); }
};

/// For look-ups that are near each other.
class ExtentLookup {
public:
    ExtentLookup(BlockCache& cache, const Promise& extent_tree)
        : geometry_(&cache.reader().geometry()), items_(cache, extent_tree) {}

    /// What begins at this address. Nothing also where the tree can't be read there.
    std::optional<survey::Extent> find(u64 bytenr);
    /// Of what was found last. Nothing where there are too many. What can't be read is not there.
    std::optional<References> references(WorkBudget& work);

private:
    void add_inline(Bytes refs);
    bool add_keyed(WorkBudget& work);
    void add(u8 type, u64 key_offset, Bytes body);

    const Geometry* geometry_;
    TreeSearch items_;
    survey::Extent extent_;
    References found_;
};

} // namespace btrkit::send::clone
