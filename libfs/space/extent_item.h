// SPDX-License-Identifier: MIT
// What an extent item says about its extent.
#pragma once

#include "formats/btrfs/item_types.h"
#include "libfs/base/bytes.h"
#include "libfs/volume/geometry.h"

#include <optional>

namespace btrkit {

/// The extent that an item of the extent tree stands for.
struct Extent {
    u64 bytenr = 0;
    u64 length_bytes = 0;
    u64 refs = 0; ///< as the item says
    u64 generation = 0;
    u64 flags = 0;
    u8 level = 0; ///< of a tree block

    bool is_data() const { return (flags & btrfs::extent_flag_data) != 0; }
    bool is_full_backref() const { return (flags & btrfs::extent_flag_full_backref) != 0; }
};

/// Nothing for other items, and for those that are too short.
std::optional<Extent> parse_extent(const btrfs::Key& key, Bytes body, const Geometry& geometry);

/// The inline references of that extent's item: what is behind all else.
Bytes inline_refs_of(const Extent& extent, const btrfs::Key& key, Bytes body);

/// The tree that a tree block belongs to, where its item proves it: the root of the first inline TREE_BLOCK_REF, if all
/// inline references are of that type.
std::optional<u64> owner_of_block(const Extent& extent, const btrfs::Key& key, Bytes body);

} // namespace btrkit
