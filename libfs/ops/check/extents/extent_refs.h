// SPDX-License-Identifier: MIT
// What an extent item and the keyed references behind it record.
#pragma once

#include "formats/btrfs/item_types.h"
#include "libfs/ops/check/references.h"
#include "libfs/volume/geometry.h"

#include <optional>

namespace btrkit::check {

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

/// Whether that type of item is a back reference with a key of its own.
constexpr bool is_keyed_ref(u8 type) {
    return type == btrfs::item_type::tree_block_ref || type == btrfs::item_type::extent_data_ref ||
           type == btrfs::item_type::shared_block_ref || type == btrfs::item_type::shared_data_ref;
}

/// Hands on the inline references of an extent item. Returns how many references they stand for.
u64 record_inline_refs(const Extent& extent, const btrfs::Key& key, Bytes body, ReferenceSink& sink);

/// The same for a reference with its own key, which belongs to that extent.
u64 record_keyed_ref(const Extent& extent, const btrfs::Key& key, Bytes body, ReferenceSink& sink);

/// That the extent item is there, and what that of a tree block says about the block itself.
void record_item(const Extent& extent, ReferenceSink& sink);

} // namespace btrkit::check
