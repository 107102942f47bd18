// SPDX-License-Identifier: MIT
// The references inside an extent item.
#pragma once

#include "formats/btrfs/item_types.h"

namespace btrfs {

/// Bytes of an inline reference of that type, type byte included; 0 for what is none.
constexpr std::size_t inline_ref_size(u8 type) {
    switch (type) {
    case item_type::extent_owner_ref:
    case item_type::tree_block_ref:
    case item_type::shared_block_ref: return sizeof(InlineRef);
    case item_type::shared_data_ref: return sizeof(InlineRef) + sizeof(SharedDataRef);
    case item_type::extent_data_ref: return sizeof(u8) + sizeof(ExtentDataRef);
    default: return 0;
    }
}

} // namespace btrfs
