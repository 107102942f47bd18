// SPDX-License-Identifier: MIT
// What the extent tree says of extents, kept: a deletion asks for the same shared blocks once for each subvolume that
// goes.
#pragma once

#include "libfs/space/extent_lookup.h"

#include <unordered_map>

namespace btrkit {

class RecordedHeads {
public:
    /// As find_extent_head(), in the tree with that root. What it answers holds until forget().
    Result<ExtentHead> find(BlockCache& cache, const Promise& extent_tree, u64 bytenr, const Geometry& geometry);
    /// The extent tree has changed.
    void forget() { kept_.clear(); }

private:
    std::unordered_map<u64, ExtentHead> kept_;
};

} // namespace btrkit
