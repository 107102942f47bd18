// SPDX-License-Identifier: MIT
// Extents with all their references, looked up in the extent tree.
#pragma once

#include "libfs/space/extent_record.h"
#include "libfs/tree/tree_editor.h"
#include "libfs/tree/tree_search.h"

namespace btrkit {

/// What the extent tree says of the extent at an address, and where it says it.
struct FoundExtent {
    ExtentRecord record;
    std::vector<EncodedItem> items; ///< as they stand in the tree
};

/// `extents` searches the extent tree; it is cheap to ask for one address after the other. Fails with damaged where no
/// extent begins there, where its items are wrong, and where they can't be read.
Result<FoundExtent> find_extent(TreeSearch& extents, u64 bytenr, const Geometry& geometry);

/// What an extent's own item says of all its references together.
struct ExtentHead {
    u64 ref_count = 0;
    bool is_full_backref = false;
};

/// The same for the item alone, which costs the same however many references there are; they are not compared with it.
Result<ExtentHead> find_extent_head(TreeSearch& extents, u64 bytenr, const Geometry& geometry);

/// What is changed by putting `now` in the place of `before`, both sorted: puts of new and other items, and erasures.
/// They refer to what is in `now`.
std::vector<ItemEdit> edits_between(std::span<const EncodedItem> before, std::span<const EncodedItem> now);

} // namespace btrkit
