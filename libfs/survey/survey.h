// SPDX-License-Identifier: MIT
// What all parts of a verb that looks at a whole filesystem share: the filesystem, the findings, and what one part
// learns for the next.
#pragma once

#include "libfs/base/range_set.h"
#include "libfs/base/run_context.h"
#include "libfs/base/sparse_bits.h"
#include "libfs/fs/filesystem.h"
#include "libfs/survey/findings.h"
#include "libfs/survey/roots.h"
#include "libfs/survey/scan/references.h"

#include <set>

namespace btrkit::survey {

struct Survey {
    const Filesystem& filesystem;
    RunContext run; ///< of the verb
    Findings& findings;

    Roots roots = {};
    ReferenceSums references;
    std::set<btrfs::Key> scanned_trees = {}; ///< by the key of their root item; only of trees that share nothing
    SparseBits visited = {};                 ///< tree blocks that were seen, by address in sectors
    SparseBits full_backref = {}; ///< tree blocks whose extent item says that references of their children name them
    SparseBits alone = {};        ///< tree blocks of trees that share nothing
    SparseBits shared = {};       ///< tree blocks with more than one reference
    SparseBits referred_by_owner = {};  ///< tree blocks that their owner's tree refers to
    SparseBits referred_by_others = {}; ///< tree blocks that must be among those, for their children are their owner's
    SparseBits referred_by_left = {};   ///< the same, by a block that their owner's tree does not have any more
    RangeSet unknown_extents = {};      ///< addresses whose extent items were lost with blocks of the extent tree
    u64 block_count = 0;                ///< distinct tree blocks so far
    u64 rescanned_count = 0;            ///< tree blocks that were looked at once more
    bool lost_blocks = false;           ///< some tree block can't be read: what it referred to is not known

    const Geometry& geometry() const { return filesystem.geometry(); }
};

} // namespace btrkit::survey
