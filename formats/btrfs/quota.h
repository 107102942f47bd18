// SPDX-License-Identifier: MIT
// Quota groups, full and simple.
#pragma once

#include "formats/btrfs/fields.h"

#include <optional>

namespace btrfs {

/// A quota group id: level in the top 16 bits, subvolume or number below.
constexpr u64 qgroup_level(u64 qgroupid) {
    return qgroupid >> 48;
}
constexpr u64 qgroup_number(u64 qgroupid) {
    return qgroupid & ((u64{1} << 48) - 1);
}
/// Nothing where one of them does not fit.
constexpr std::optional<u64> qgroup_id(u64 level, u64 number) {
    return level >> 16 == 0 && number >> 48 == 0 ? std::optional(level << 48 | number) : std::nullopt;
}

/// QGROUP_STATUS, key (0, 240, 0). With simple quotas an enable_gen follows (QgroupStatusTail).
struct QgroupStatusItem {
    le64 version;
    le64 generation;
    le64 flags;
    le64 rescan;
};
template <>
inline constexpr auto fields_of<QgroupStatusItem> = FieldList{
    Field{"version", &QgroupStatusItem::version},
    Field{"generation", &QgroupStatusItem::generation},
    Field{"flags", &QgroupStatusItem::flags, qgroup_status_flag_names},
    Field{"rescan", &QgroupStatusItem::rescan},
};
static_assert(layout_is<QgroupStatusItem>(32));

struct QgroupStatusTail {
    le64 enable_gen;
};
template <>
inline constexpr auto fields_of<QgroupStatusTail> = FieldList{Field{"enable_gen", &QgroupStatusTail::enable_gen}};
static_assert(layout_is<QgroupStatusTail>(8));

/// QGROUP_INFO, key (0, 242, qgroupid).
struct QgroupInfoItem {
    le64 generation;
    le64 rfer;
    le64 rfer_cmpr;
    le64 excl;
    le64 excl_cmpr;
};
template <>
inline constexpr auto fields_of<QgroupInfoItem> = FieldList{
    Field{"generation", &QgroupInfoItem::generation}, Field{"rfer", &QgroupInfoItem::rfer},
    Field{"rfer_cmpr", &QgroupInfoItem::rfer_cmpr},   Field{"excl", &QgroupInfoItem::excl},
    Field{"excl_cmpr", &QgroupInfoItem::excl_cmpr},
};
static_assert(layout_is<QgroupInfoItem>(40));

/// QGROUP_LIMIT, key (0, 244, qgroupid). QGROUP_RELATION (src, 246, dst) has no body.
struct QgroupLimitItem {
    le64 flags;
    le64 max_rfer;
    le64 max_excl;
    le64 rsv_rfer;
    le64 rsv_excl;
};
template <>
inline constexpr auto fields_of<QgroupLimitItem> = FieldList{
    Field{"flags", &QgroupLimitItem::flags, qgroup_limit_flag_names},
    Field{"max_rfer", &QgroupLimitItem::max_rfer},
    Field{"max_excl", &QgroupLimitItem::max_excl},
    Field{"rsv_rfer", &QgroupLimitItem::rsv_rfer},
    Field{"rsv_excl", &QgroupLimitItem::rsv_excl},
};
static_assert(layout_is<QgroupLimitItem>(40));

} // namespace btrfs
