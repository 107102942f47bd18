// SPDX-License-Identifier: MIT
// What an extent item and the keyed references behind it record.
#pragma once

#include "libfs/survey/extent_item.h"
#include "libfs/survey/scan/references.h"

namespace btrkit::check {

/// Whether that type of item is a back reference with a key of its own.
constexpr bool is_keyed_ref(u8 type) {
    return type == btrfs::item_type::tree_block_ref || type == btrfs::item_type::extent_data_ref ||
           type == btrfs::item_type::shared_block_ref || type == btrfs::item_type::shared_data_ref;
}

/// Hands on the inline references of an extent item. Returns how many references they stand for.
u64 record_inline_refs(const survey::Extent& extent, const btrfs::Key& key, Bytes body, survey::ReferenceSink& sink);

/// The same for a reference with its own key, which belongs to that extent.
u64 record_keyed_ref(const survey::Extent& extent, const btrfs::Key& key, Bytes body, survey::ReferenceSink& sink);

/// That the extent item is there, and what that of a tree block says about the block itself.
void record_item(const survey::Extent& extent, survey::ReferenceSink& sink);

} // namespace btrkit::check
