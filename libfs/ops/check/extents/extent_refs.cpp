// SPDX-License-Identifier: MIT
#include "libfs/ops/check/extents/extent_refs.h"

namespace btrkit::check {

using namespace survey;

namespace {

namespace type = btrfs::item_type;
using RefKind = Reference::Kind;

RefKind kind_of(u8 ref_type) {
    switch (ref_type) {
    case type::tree_block_ref: return RefKind::tree_block;
    case type::shared_block_ref: return RefKind::shared_block;
    case type::shared_data_ref: return RefKind::shared_data;
    default: return RefKind::data;
    }
}

/// Returns how many references it stands for.
u64 record_ref(const Extent& extent, const ExtentRef& ref, ReferenceSink& sink) {
    if (ref.type == type::extent_owner_ref) {
        return 0; // it only says whose quota pays
    }
    sink.record({.kind = kind_of(ref.type),
                 .bytenr = extent.bytenr,
                 .length_bytes = extent.length_bytes,
                 .owner = ref.is_shared() ? ref.parent : ref.root,
                 .inode = ref.objectid,
                 .offset = ref.offset},
                ref.count);
    return ref.count;
}

} // namespace

u64 record_inline_refs(const Extent& extent, const btrfs::Key& key, Bytes body, ReferenceSink& sink) {
    InlineRefs refs(inline_refs_of(extent, key, body));
    u64 count = 0;
    while (const auto ref = refs.next()) {
        count += record_ref(extent, *ref, sink);
    }
    return count;
}

u64 record_keyed_refs(const Extent& extent, const btrfs::Key& key, Bytes body, ReferenceSink& sink) {
    KeyedRefs refs(key, body);
    u64 count = 0;
    while (const auto ref = refs.next()) {
        count += record_ref(extent, *ref, sink);
    }
    return count;
}

void record_item(const Extent& extent, ReferenceSink& sink) {
    sink.record({.kind = RefKind::item, .bytenr = extent.bytenr, .length_bytes = extent.length_bytes}, 0);
    if (!extent.is_data()) {
        sink.record({.kind = RefKind::block,
                     .bytenr = extent.bytenr,
                     .length_bytes = extent.length_bytes,
                     .inode = extent.generation,
                     .offset = extent.level},
                    1);
    }
}

} // namespace btrkit::check
