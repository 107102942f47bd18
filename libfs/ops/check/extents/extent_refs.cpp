// SPDX-License-Identifier: MIT
#include "libfs/ops/check/extents/extent_refs.h"

namespace btrkit::check {

namespace {

namespace type = btrfs::item_type;
using Kind = Reference::Kind;

Reference block_reference(const Extent& extent, u8 ref_type, u64 owner) {
    return {.kind = ref_type == type::tree_block_ref ? Kind::tree_block : Kind::shared_block,
            .bytenr = extent.bytenr,
            .length_bytes = extent.length_bytes,
            .owner = owner};
}

u64 record_data_ref(const Extent& extent, const btrfs::ExtentDataRef& ref, ReferenceSink& sink) {
    sink.record({.kind = Kind::data,
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
        {.kind = Kind::shared_data, .bytenr = extent.bytenr, .length_bytes = extent.length_bytes, .owner = parent},
        ref.count);
    return ref.count;
}

/// One inline reference; returns its size, 0 where it is none or is cut off.
std::size_t record_inline(const Extent& extent, Bytes rest, ReferenceSink& sink, u64& count) {
    const auto* ref = view_at<btrfs::InlineRef>(rest);
    if (ref == nullptr) {
        return 0;
    }
    switch (ref->type) {
    case type::extent_owner_ref: return sizeof(btrfs::InlineRef); // is no reference: it only says whose quota pays
    case type::tree_block_ref:
    case type::shared_block_ref:
        sink.record(block_reference(extent, ref->type, ref->offset), 1);
        ++count;
        return sizeof(btrfs::InlineRef);
    case type::extent_data_ref: {
        const auto* data = view_at<btrfs::ExtentDataRef>(rest, sizeof(u8));
        if (data == nullptr) {
            return 0;
        }
        count += record_data_ref(extent, *data, sink);
        return sizeof(u8) + sizeof(*data);
    }
    case type::shared_data_ref: {
        const auto* data = view_at<btrfs::SharedDataRef>(rest, sizeof(btrfs::InlineRef));
        if (data == nullptr) {
            return 0;
        }
        count += record_shared_data_ref(extent, ref->offset, *data, sink);
        return sizeof(btrfs::InlineRef) + sizeof(*data);
    }
    default: return 0;
    }
}

bool has_block_info(const Extent& extent, const btrfs::Key& key) {
    return key.type == type::extent_item && !extent.is_data();
}

} // namespace

std::optional<Extent> parse_extent(const btrfs::Key& key, Bytes body, const Geometry& geometry) {
    const auto* item = view_at<btrfs::ExtentItem>(body);
    if (item == nullptr || (key.type != type::extent_item && key.type != type::metadata_item)) {
        return std::nullopt;
    }
    Extent extent{.bytenr = key.objectid,
                  .length_bytes = key.offset,
                  .refs = item->refs,
                  .generation = item->generation,
                  .flags = item->flags};
    if (key.type == type::metadata_item) {
        extent.length_bytes = geometry.nodesize;
        extent.level = static_cast<u8>(std::min<u64>(key.offset, 0xff));
    } else if (has_block_info(extent, key)) {
        const auto* info = view_at<btrfs::TreeBlockInfo>(body, sizeof(*item));
        extent.level = info == nullptr ? u8{0} : info->level;
    }
    return extent;
}

u64 record_inline_refs(const Extent& extent, const btrfs::Key& key, Bytes body, ReferenceSink& sink) {
    const std::size_t before =
        sizeof(btrfs::ExtentItem) + (has_block_info(extent, key) ? sizeof(btrfs::TreeBlockInfo) : 0);
    Bytes rest = body.subspan(std::min(before, body.size()));
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
    sink.record({.kind = Kind::item, .bytenr = extent.bytenr, .length_bytes = extent.length_bytes}, 0);
    if (!extent.is_data()) {
        sink.record({.kind = Kind::block,
                     .bytenr = extent.bytenr,
                     .length_bytes = extent.length_bytes,
                     .inode = extent.generation,
                     .offset = extent.level},
                    1);
    }
}

} // namespace btrkit::check
