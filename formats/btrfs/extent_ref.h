// SPDX-License-Identifier: MIT
// Extents and the references back to whoever uses them.
#pragma once

#include "formats/btrfs/key.h"

namespace btrfs {

/// EXTENT_ITEM (logical, 168, length) and METADATA_ITEM (logical, 169, level). In an EXTENT_ITEM of a tree block
/// a TreeBlockInfo follows; then, in both, inline references up to the end of the item.
struct ExtentItem {
    le64 refs;
    le64 generation;
    le64 flags;
};
template <>
inline constexpr auto fields_of<ExtentItem> = FieldList{
    Field{"refs", &ExtentItem::refs},
    Field{"generation", &ExtentItem::generation},
    Field{"flags", &ExtentItem::flags, extent_flag_names},
};
static_assert(layout_is<ExtentItem>(24));

struct TreeBlockInfo {
    DiskKey key;
    u8 level{};
};
template <>
inline constexpr auto fields_of<TreeBlockInfo> =
    FieldList{Field{"key", &TreeBlockInfo::key}, Field{"level", &TreeBlockInfo::level}};
static_assert(layout_is<TreeBlockInfo>(18));

/// A reference from a file in a tree; inline behind its type byte, or alone with key (logical, 178, hash).
struct ExtentDataRef {
    le64 root;
    le64 objectid;
    le64 offset;
    le32 count;
};
template <>
inline constexpr auto fields_of<ExtentDataRef> = FieldList{
    Field{"root", &ExtentDataRef::root},
    Field{"objectid", &ExtentDataRef::objectid},
    Field{"offset", &ExtentDataRef::offset},
    Field{"count", &ExtentDataRef::count},
};
static_assert(layout_is<ExtentDataRef>(28));

/// A reference from a leaf; inline behind type byte and parent address, or alone with key (logical, 184, parent).
struct SharedDataRef {
    le32 count;
};
template <>
inline constexpr auto fields_of<SharedDataRef> = FieldList{Field{"count", &SharedDataRef::count}};
static_assert(layout_is<SharedDataRef>(4));

/// Who pays for an extent under simple quotas; inline only, and first.
struct ExtentOwnerRef {
    le64 root_id;
};
template <>
inline constexpr auto fields_of<ExtentOwnerRef> = FieldList{Field{"root_id", &ExtentOwnerRef::root_id}};
static_assert(layout_is<ExtentOwnerRef>(8));

/// The head of all inline references but ExtentDataRef, whose fields begin right behind the type byte.
struct InlineRef {
    u8 type{};   ///< a back reference's item type
    le64 offset; ///< the referring root, or the parent block's address
};
template <>
inline constexpr auto fields_of<InlineRef> =
    FieldList{Field{"type", &InlineRef::type}, Field{"offset", &InlineRef::offset}};
static_assert(layout_is<InlineRef>(9));

} // namespace btrfs
