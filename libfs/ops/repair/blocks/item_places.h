// SPDX-License-Identifier: MIT
// Where a leaf has the data of its items: one behind the other, from the end of the leaf on, without gaps.
#pragma once

#include "libfs/ops/repair/blocks/block_proof.h"

#include <string_view>

namespace btrkit::repair {

/// A leaf as it may have been.
struct PlacedItems {
    Block leaf;
    std::string_view what; ///< was wrong
};

/// The ways in which places and sizes of items follow from each other; some of them may lead to the same leaf.
std::vector<PlacedItems> with_items_in_place(const Geometry& geometry, const Block& leaf);

} // namespace btrkit::repair
