// SPDX-License-Identifier: MIT
// A leaf of a file tree as a segment.
#pragma once

#include "libfs/base/range_set.h"
#include "libfs/ops/check/context.h"
#include "libfs/ops/check/files/segment.h"
#include "libfs/survey/scan/tree_scan.h"

namespace btrkit::check {

struct LeafSegment final : survey::LeafResult {
    Segment segment;
    std::vector<SubvolumeEntry> entries;
};

/// What a file's extents may be compared with.
struct ExtentFacts {
    const Geometry& geometry;
    const RangeSet& data_without_csum;
    bool knows_csums = true; ///< the checksum tree was read whole
    u64 seed = 0;
};

/// tree: decides whether the rules for complete inodes hold. Says what is wrong within the leaf.
std::unique_ptr<LeafSegment> summarize_leaf(const survey::LeafVisit& leaf, const ExtentFacts& facts,
                                            Problems& problems);

} // namespace btrkit::check
