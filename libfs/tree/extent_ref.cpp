// SPDX-License-Identifier: MIT
#include "libfs/tree/extent_ref.h"

#include "libfs/base/checksum.h"

namespace btrkit {

namespace type = btrfs::item_type;

namespace {

ExtentRef data_ref_from(const btrfs::ExtentDataRef& stored) {
    return {.type = type::extent_data_ref,
            .root = stored.root,
            .objectid = stored.objectid,
            .offset = stored.offset,
            .count = stored.count};
}

/// target: the tree or the parent. All types but EXTENT_DATA_REF.
ExtentRef ref_to(u8 ref_type, u64 target, u32 count) {
    ExtentRef ref{.type = ref_type, .count = count};
    (ref.is_shared() ? ref.parent : ref.root) = target;
    return ref;
}

u64 target_of(const ExtentRef& ref) {
    return ref.is_shared() ? ref.parent : ref.root;
}

} // namespace

u64 ExtentRef::sequence() const {
    return type == type::extent_data_ref ? extent_data_ref_hash(root, objectid, offset) : target_of(*this);
}

std::expected<ExtentRef, BadInlineRef> decode_inline_ref(Bytes bytes) {
    const auto ref_type = std::to_integer<u8>(bytes.front());
    const std::size_t size = btrfs::inline_ref_size(ref_type);
    if (size == 0) {
        return std::unexpected(BadInlineRef::unknown_type);
    }
    if (size > bytes.size()) {
        return std::unexpected(BadInlineRef::cut_off);
    }
    if (ref_type == type::extent_data_ref) {
        return data_ref_from(*view_at<btrfs::ExtentDataRef>(bytes, sizeof(u8)));
    }
    u32 count = ref_type == type::extent_owner_ref ? 0 : 1;
    if (ref_type == type::shared_data_ref) {
        count = view_at<btrfs::SharedDataRef>(bytes, sizeof(btrfs::InlineRef))->count;
    }
    return ref_to(ref_type, view_at<btrfs::InlineRef>(bytes)->offset, count);
}

std::optional<ExtentRef> decode_keyed_ref(const btrfs::Key& key, Bytes body) {
    switch (key.type) {
    case type::tree_block_ref:
    case type::shared_block_ref: return ref_to(key.type, key.offset, 1);
    case type::shared_data_ref:
        if (const auto* stored = view_at<btrfs::SharedDataRef>(body)) {
            return ref_to(key.type, key.offset, stored->count);
        }
        return std::nullopt;
    case type::extent_data_ref:
        if (const auto* stored = view_at<btrfs::ExtentDataRef>(body)) {
            return data_ref_from(*stored);
        }
        return std::nullopt;
    default: return std::nullopt;
    }
}

btrfs::ExtentDataRef stored_data_ref(const ExtentRef& ref) {
    return {.root = ref.root, .objectid = ref.objectid, .offset = ref.offset, .count = ref.count};
}

StoredRef encode_inline_ref(const ExtentRef& ref) {
    assert(btrfs::inline_ref_size(ref.type) != 0);
    StoredRef stored;
    if (ref.type == type::extent_data_ref) {
        return stored.add(ref.type).add(stored_data_ref(ref));
    }
    stored.add(btrfs::InlineRef{.type = ref.type, .offset = target_of(ref)});
    if (ref.type == type::shared_data_ref) {
        stored.add(btrfs::SharedDataRef{.count = ref.count});
    }
    return stored;
}

btrfs::Key key_of_ref(u64 bytenr, const ExtentRef& ref) {
    assert(is_keyed_ref(ref.type));
    return {bytenr, ref.type, ref.sequence()};
}

StoredRef encode_keyed_ref(const ExtentRef& ref) {
    StoredRef stored;
    if (ref.type == type::extent_data_ref) {
        stored.add(stored_data_ref(ref));
    } else if (ref.type == type::shared_data_ref) {
        stored.add(btrfs::SharedDataRef{.count = ref.count});
    }
    return stored;
}

} // namespace btrkit
