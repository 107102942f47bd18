// SPDX-License-Identifier: MIT
// The key of an item of the checksum tree.
#pragma once

#include "formats/btrfs/item_types.h"
#include "formats/btrfs/objectids.h"

namespace btrkit {

/// Of the item whose first checksum is that of the sector at this logical address.
constexpr btrfs::Key csum_key(btrfs::u64 logical) {
    return {btrfs::extent_csum_objectid, btrfs::item_type::extent_csum, logical};
}

} // namespace btrkit
