// SPDX-License-Identifier: MIT
// A balance that is running or paused.
#pragma once

#include "formats/btrfs/fields.h"

namespace btrfs {

struct BalanceArgs {
    le64 profiles;
    le32 usage_min;
    le32 usage_max;
    le64 devid;
    le64 pstart;
    le64 pend;
    le64 vstart;
    le64 vend;
    le64 target;
    le64 flags;
    le32 limit_min;
    le32 limit_max;
    le32 stripes_min;
    le32 stripes_max;
    std::array<le64, 6> unused;
};
template <>
inline constexpr auto fields_of<BalanceArgs> = FieldList{
    Field{"profiles", &BalanceArgs::profiles},       Field{"usage_min", &BalanceArgs::usage_min},
    Field{"usage_max", &BalanceArgs::usage_max},     Field{"devid", &BalanceArgs::devid},
    Field{"pstart", &BalanceArgs::pstart},           Field{"pend", &BalanceArgs::pend},
    Field{"vstart", &BalanceArgs::vstart},           Field{"vend", &BalanceArgs::vend},
    Field{"target", &BalanceArgs::target},           Field{"flags", &BalanceArgs::flags},
    Field{"limit_min", &BalanceArgs::limit_min},     Field{"limit_max", &BalanceArgs::limit_max},
    Field{"stripes_min", &BalanceArgs::stripes_min}, Field{"stripes_max", &BalanceArgs::stripes_max},
    Field{"unused", &BalanceArgs::unused},
};
static_assert(layout_is<BalanceArgs>(136));

/// TEMPORARY_ITEM with objectid BALANCE, key (-4, 248, 0).
struct BalanceItem {
    le64 flags;
    BalanceArgs data;
    BalanceArgs meta;
    BalanceArgs sys;
    std::array<le64, 4> unused;
};
template <>
inline constexpr auto fields_of<BalanceItem> = FieldList{
    Field{"flags", &BalanceItem::flags}, Field{"data", &BalanceItem::data},     Field{"meta", &BalanceItem::meta},
    Field{"sys", &BalanceItem::sys},     Field{"unused", &BalanceItem::unused},
};
static_assert(layout_is<BalanceItem>(448));

} // namespace btrfs
