// SPDX-License-Identifier: MIT
// Trees that map addresses again: the raid stripe tree and the remap tree.
#pragma once

#include "formats/btrfs/fields.h"

namespace btrfs {

/// RAID_STRIPE, key (logical, 230, length): one stride a copy or stripe.
struct RaidStride {
    le64 devid;
    le64 physical;
};
template <>
inline constexpr auto fields_of<RaidStride> =
    FieldList{Field{"devid", &RaidStride::devid}, Field{"physical", &RaidStride::physical}};
static_assert(layout_is<RaidStride>(16));

/// REMAP (old, 235, length) and REMAP_BACKREF (new, 236, length). IDENTITY_REMAP (addr, 234, length) has no body.
struct RemapItem {
    le64 address;
};
template <>
inline constexpr auto fields_of<RemapItem> = FieldList{Field{"address", &RemapItem::address}};
static_assert(layout_is<RemapItem>(8));

} // namespace btrfs
