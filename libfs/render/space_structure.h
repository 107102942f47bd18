// SPDX-License-Identifier: MIT
// The bodies of items that describe space: extents and their references, chunks, free space. Each function tells the
// emitter what the body holds and returns whether it was well-formed to its last byte.
#pragma once

#include "libfs/render/file_structure.h"
#include "libfs/tree/extent_ref.h"

#include <bit>

namespace btrkit::structure {

/// A body that is a list of equal structures.
template <class Struct, class Emitter>
bool describe_list(Emitter& emit, std::string_view name, Bytes bytes) {
    BodyReader reader(bytes);
    emit.begin_list(name);
    while (const auto* element = reader.read<Struct>()) {
        emit.begin_object();
        describe_fields(emit, *element);
        emit.end_object();
    }
    emit.end_list();
    return reader.at_end();
}

/// What follows the type byte of an inline reference.
template <class Emitter>
void describe_inline_ref_fields(Emitter& emit, const ExtentRef& ref) {
    namespace item_type = btrfs::item_type;
    if (ref.type == item_type::extent_data_ref) {
        describe_fields(emit, stored_data_ref(ref));
    } else if (ref.is_shared()) {
        emit.number("parent", ref.parent);
    } else {
        emit.number(ref.type == item_type::extent_owner_ref ? "root_id" : "root", ref.root);
    }
    if (ref.type == item_type::shared_data_ref) {
        describe_fields(emit, btrfs::SharedDataRef{.count = ref.count});
    }
}

/// What there is of an inline reference that is none or is cut off: of its fields, only the parent of a
/// SHARED_DATA_REF can be there.
template <class Emitter>
void describe_bad_inline_ref(Emitter& emit, Bytes rest) {
    const auto* head = view_at<btrfs::InlineRef>(rest);
    if (head != nullptr && head->type == btrfs::item_type::shared_data_ref) {
        emit.number("parent", u64{head->offset});
    }
}

/// True where all bytes are references.
template <class Emitter>
bool describe_inline_refs(Emitter& emit, Bytes rest) {
    bool complete = true;
    emit.begin_list("inline_refs");
    while (complete && !rest.empty()) {
        const auto type = std::to_integer<u8>(rest.front());
        const auto* info = btrfs::find_item_type(type);
        emit.begin_object();
        emit.choice("type", type, info != nullptr ? info->name : std::string_view{});
        const auto ref = decode_inline_ref(rest);
        if (ref) {
            describe_inline_ref_fields(emit, *ref);
            rest = rest.subspan(btrfs::inline_ref_size(type));
        } else {
            describe_bad_inline_ref(emit, rest);
            complete = false;
        }
        emit.end_object();
    }
    emit.end_list();
    return complete;
}

/// EXTENT_ITEM, METADATA_ITEM.
template <class Emitter>
bool describe_extent(Emitter& emit, const ItemBody& item) {
    if (!describe_front<btrfs::ExtentItem>(emit, item.bytes)) {
        return false;
    }
    BodyReader reader(item.bytes);
    const auto* extent = reader.read<btrfs::ExtentItem>();
    if (item.key.type == btrfs::item_type::extent_item && (extent->flags & btrfs::extent_flag_tree_block) != 0) {
        emit.begin_object("tree_block_info");
        const bool complete = describe_front<btrfs::TreeBlockInfo>(emit, reader.rest());
        emit.end_object();
        if (!complete) {
            return false;
        }
        reader.read<btrfs::TreeBlockInfo>();
    }
    return describe_inline_refs(emit, reader.rest());
}

/// BLOCK_GROUP_ITEM; the tail belongs to the remap-tree feature.
template <class Emitter>
bool describe_block_group(Emitter& emit, const ItemBody& item) {
    return describe_front<btrfs::BlockGroupItem>(emit, item.bytes) &&
           describe_optional<btrfs::BlockGroupRemapTail>(emit, item.bytes.subspan(sizeof(btrfs::BlockGroupItem)));
}

/// QGROUP_STATUS; the tail belongs to simple quotas.
template <class Emitter>
bool describe_qgroup_status(Emitter& emit, const ItemBody& item) {
    return describe_front<btrfs::QgroupStatusItem>(emit, item.bytes) &&
           describe_optional<btrfs::QgroupStatusTail>(emit, item.bytes.subspan(sizeof(btrfs::QgroupStatusItem)));
}

/// CHUNK_ITEM: as many stripes as the item has room for; well-formed if that is what it claims.
template <class Emitter>
bool describe_chunk(Emitter& emit, const ItemBody& item) {
    if (!describe_front<btrfs::ChunkItem>(emit, item.bytes)) {
        return false;
    }
    BodyReader reader(item.bytes);
    const auto* chunk = reader.read<btrfs::ChunkItem>();
    describe_list<btrfs::StripeItem>(emit, "stripes", reader.rest());
    return item.bytes.size() == btrfs::chunk_item_size(chunk->num_stripes);
}

/// The first bit at or behind from that is set (or clear); the number of bits if there is none.
inline std::size_t find_bit(Bytes bitmap, std::size_t from, bool set) {
    constexpr std::size_t word_bits = 64;
    const std::size_t bit_count = bitmap.size() * 8;
    while (from < bit_count) {
        const std::size_t word_index = from / word_bits;
        btrfs::le64 raw;
        const Bytes part = clipped(bitmap, word_index * sizeof(raw), sizeof(raw));
        std::ranges::copy(part, reinterpret_cast<std::byte*>(&raw));
        const u64 word = (set ? u64{raw} : ~u64{raw}) & (~u64{0} << (from % word_bits));
        if (word != 0) {
            const auto bit = static_cast<std::size_t>(std::countr_zero(word));
            return std::min(bit_count, word_index * word_bits + bit);
        }
        from = (word_index + 1) * word_bits;
    }
    return bit_count;
}

/// FREE_SPACE_BITMAP: the free ranges, in bytes.
template <class Emitter>
bool describe_free_space_bitmap(Emitter& emit, const ItemBody& item) {
    const u64 sectorsize = item.context.geometry.sectorsize;
    const std::size_t bit_count = item.bytes.size() * 8;
    emit.begin_list("free");
    for (std::size_t begin = find_bit(item.bytes, 0, true); begin < bit_count;) {
        const std::size_t end = find_bit(item.bytes, begin, false);
        emit.begin_list();
        emit.element(item.key.objectid + begin * sectorsize);
        emit.element((end - begin) * sectorsize);
        emit.end_list();
        begin = find_bit(item.bytes, end, true);
    }
    emit.end_list();
    return true;
}

/// UUID_KEY_SUBVOL, UUID_KEY_RECEIVED_SUBVOL: the uuid that the key is made of, and the subvolumes that have it.
template <class Emitter>
bool describe_uuid_subvolumes(Emitter& emit, const ItemBody& item) {
    const std::array<btrfs::le64, 2> halves = {item.key.objectid, item.key.offset};
    emit.uuid("uuid", std::bit_cast<btrfs::Uuid>(halves));
    BodyReader reader(item.bytes);
    emit.begin_list("subvolumes");
    while (const auto* id = reader.read<btrfs::le64>()) {
        emit.element(u64{*id});
    }
    emit.end_list();
    return reader.at_end();
}

} // namespace btrkit::structure
