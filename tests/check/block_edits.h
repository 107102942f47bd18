// SPDX-License-Identifier: MIT
// The ways to change one block. Checksums are the caller's matter.
#pragma once

#include "libfs/tree/block_view.h"
#include "libfs/volume/geometry.h"
#include "tests/check/value_change.h"
#include "tests/support/build_leaf.h"

#include <optional>

namespace btrkit::test {

struct Edit {
    std::string what; ///< without numbers: "INODE_ITEM.nlink", "header.level", "delete.DIR_ITEM"
    std::string detail;
    Block block;
};

// Each gives nothing where chance has it that nothing changed, or that anyone would see it. Slots are below count().

/// A field of an item's body.
std::optional<Edit> edit_body(const BlockView& leaf, u32 slot, const Geometry& geometry, Dice& dice);
/// A part of an item's key; mostly so that keys still ascend.
std::optional<Edit> edit_key(const BlockView& leaf, u32 slot, Dice& dice);
/// Where an item's body is, and how long.
std::optional<Edit> edit_item_place(const BlockView& leaf, u32 slot, Dice& dice);
/// An item less.
std::optional<Edit> delete_item(const BlockView& leaf, u32 slot, Dice& dice);
/// An item once more, under another key.
std::optional<Edit> copy_item(const BlockView& leaf, u32 slot, Dice& dice);
/// A field of the header; other: any other block.
std::optional<Edit> edit_header(const BlockView& block, const BlockView& other, Dice& dice);
/// A field of some pointer, or a pointer less.
std::optional<Edit> edit_pointer(const BlockView& node, Dice& dice);

} // namespace btrkit::test
