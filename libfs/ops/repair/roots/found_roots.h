// SPDX-License-Identifier: MIT
// Roots of trees, found by what blocks say of themselves.
//
// Whatever is changed in a tree, its root is written anew. So of the blocks that name a tree as their owner none is
// younger than its root, and of those as young as that the root is the highest.
#pragma once

#include "libfs/ops/repair/roots/stored_blocks.h"

#include <map>
#include <vector>

namespace btrkit::repair {

/// A block that may be, or may once have been, the root of the tree that it names as its owner.
struct FoundRoot {
    Logical address;
    u64 generation = 0;
    u8 level = 0;
    /// The extent tree has that block, of that generation: it is no leftover.
    bool is_recorded = false;
};

class FoundRoots {
public:
    /// One pass over all space for tree blocks. Blocks of a change that was never committed are none. Fails with
    /// cancelled.
    static Result<FoundRoots> find(const Filesystem& filesystem, const RunContext& context);

    enum class Preferred {
        youngest,
        recorded, ///< the one that the extent tree has, if it has any blocks of the tree
    };
    /// A root of a tree that can be read with half of its children at least. Of the blocks that the extent tree has,
    /// the highest is the root, if it is the only one so high; else they hang below a root that is lost, and one that
    /// is higher is an older one.
    std::optional<FoundRoot> newest(const Filesystem& filesystem, u64 tree, Preferred preferred) const;

private:
    std::vector<FoundRoot> readable(const Filesystem& filesystem, u64 tree) const;

    std::map<u64, std::vector<FoundRoot>> candidates_; ///< by owner; the likeliest first
};

} // namespace btrkit::repair
