// SPDX-License-Identifier: MIT
#include "libfs/ops/check/extents/extent_refs.h"

#include "formats/btrfs/inline_ref.h"

namespace btrkit::check {

using namespace survey;

namespace {

namespace type = btrfs::item_type;
using RefKind = Reference::Kind;

Reference block_reference(const Extent& extent, u8 ref_type, u64 owner) {
    return {.kind = ref_type == type::tree_block_ref ? RefKind::tree_block : RefKind::shared_block,
            .bytenr = extent.bytenr,
            .length_bytes = extent.length_bytes,
            .owner = owner};
}

u64 record_data_ref(const Extent& extent, const btrfs::ExtentDataRef& ref, ReferenceSink& sink) {
    sink.record({.kind = RefKind::data,
                 .bytenr = extent.bytenr,
                 .length_bytes = extent.length_bytes,
                 .owner = ref.root,
                 .inode = ref.objectid,
                 .offset = ref.offset},
                ref.count);
    return ref.count;
}

u64 record_shared_data_ref(const Extent& extent, u64 parent, const btrfs::SharedDataRef& ref, ReferenceSink& sink) {
    sink.record(
        {.kind = RefKind::shared_data, .bytenr = extent.bytenr, .length_bytes = extent.length_bytes, .owner = parent},
        ref.count);
    return ref.count;
}

/// One inline reference; returns its size, 0 where it is none or is cut off.
std::size_t record_inline(const Extent& extent, Bytes rest, ReferenceSink& sink, u64& count) {
    const auto* ref = view_at<btrfs::InlineRef>(rest);
    const std::size_t size = ref == nullptr ? 0 : btrfs::inline_ref_size(ref->type);
    if (size == 0 || size > rest.size()) {
        return 0;
    }
    switch (ref->type) {
    case type::tree_block_ref:
    case type::shared_block_ref:
        sink.record(block_reference(extent, ref->type, ref->offset), 1);
        ++count;
        break;
    case type::extent_data_ref:
        count += record_data_ref(extent, *view_at<btrfs::ExtentDataRef>(rest, sizeof(u8)), sink);
        break;
    case type::shared_data_ref:
        count += record_shared_data_ref(extent, ref->offset,
                                        *view_at<btrfs::SharedDataRef>(rest, sizeof(btrfs::InlineRef)), sink);
        break;
    default: break; // EXTENT_OWNER_REF is no reference: it only says whose quota pays
    }
    return size;
}

} // namespace

u64 record_inline_refs(const Extent& extent, const btrfs::Key& key, Bytes body, ReferenceSink& sink) {
    Bytes rest = inline_refs_of(extent, key, body);
    u64 count = 0;
    while (const std::size_t size = record_inline(extent, rest, sink, count)) {
        rest = rest.subspan(size);
    }
    return count;
}

u64 record_keyed_ref(const Extent& extent, const btrfs::Key& key, Bytes body, ReferenceSink& sink) {
    switch (key.type) {
    case type::tree_block_ref:
    case type::shared_block_ref: sink.record(block_reference(extent, key.type, key.offset), 1); return 1;
    case type::shared_data_ref: {
        const auto* ref = view_at<btrfs::SharedDataRef>(body);
        return ref == nullptr ? 0 : record_shared_data_ref(extent, key.offset, *ref, sink);
    }
    default: break;
    }
    u64 count = 0;
    std::size_t at = 0;
    while (const auto* ref = view_at<btrfs::ExtentDataRef>(body, at)) {
        count += record_data_ref(extent, *ref, sink);
        at += sizeof(*ref);
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
