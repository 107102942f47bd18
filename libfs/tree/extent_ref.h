// SPDX-License-Identifier: MIT
// The references of extents, inline in the extent's item or items of their own: from bytes, and to bytes.
#pragma once

#include "formats/btrfs/inline_ref.h"
#include "libfs/base/bytes.h"

#include <array>
#include <cassert>
#include <expected>
#include <optional>

namespace btrkit {

/// Who refers to an extent. Fields that its type does not have are 0.
struct ExtentRef {
    u8 type = 0;      ///< TREE_BLOCK_REF, SHARED_BLOCK_REF, EXTENT_DATA_REF, SHARED_DATA_REF or EXTENT_OWNER_REF
    u64 root = 0;     ///< the tree; the shared ones have none
    u64 parent = 0;   ///< the shared ones: address of the node, or of the leaf
    u64 objectid = 0; ///< EXTENT_DATA_REF: the inode
    u64 offset = 0;   ///< EXTENT_DATA_REF: in the file, of the extent's first byte; below the file's beginning it wraps
    u32 count = 0;    ///< references that it stands for: 1 to a tree block, 0 of the owner

    bool is_shared() const {
        return type == btrfs::item_type::shared_block_ref || type == btrfs::item_type::shared_data_ref;
    }
    bool is_of_block() const {
        return type == btrfs::item_type::tree_block_ref || type == btrfs::item_type::shared_block_ref;
    }
    bool is_of_data() const {
        return type == btrfs::item_type::extent_data_ref || type == btrfs::item_type::shared_data_ref;
    }
    /// What inline references of one type descend by, and what the key of a reference has as offset.
    u64 sequence() const;

    friend bool operator==(const ExtentRef&, const ExtentRef&) = default;
};

/// Whether that type of item is a reference with a key of its own.
constexpr bool is_keyed_ref(u8 type) {
    return type == btrfs::item_type::tree_block_ref || type == btrfs::item_type::extent_data_ref ||
           type == btrfs::item_type::shared_block_ref || type == btrfs::item_type::shared_data_ref;
}

/// Why bytes begin with no inline reference.
enum class BadInlineRef : u8 {
    unknown_type,
    cut_off, ///< of a known type, but its size is more than there is
};

/// The inline reference that bytes begin with; there must be at least one byte. It takes inline_ref_size(type) of them.
std::expected<ExtentRef, BadInlineRef> decode_inline_ref(Bytes bytes);

/// The reference that an item is; of several EXTENT_DATA_REFs in one item, the first. Nothing for items of other types,
/// and where the body is cut off.
std::optional<ExtentRef> decode_keyed_ref(const btrfs::Key& key, Bytes body);

/// Inline references one behind the other.
class InlineRefs {
public:
    explicit InlineRefs(Bytes refs) : rest_(refs) {}

    /// Nothing behind the last one, and where the bytes are none.
    std::optional<ExtentRef> next() {
        if (rest_.empty()) {
            return std::nullopt;
        }
        const auto ref = decode_inline_ref(rest_);
        if (!ref) {
            return std::nullopt;
        }
        rest_ = rest_.subspan(btrfs::inline_ref_size(ref->type));
        return *ref;
    }
    /// What is behind those that next() has returned; after its last one: empty where all was well-formed.
    Bytes rest() const { return rest_; }

private:
    Bytes rest_;
};

/// The references of an item: one, or several EXTENT_DATA_REFs where their hashes collide.
class KeyedRefs {
public:
    KeyedRefs(const btrfs::Key& key, Bytes body) : key_(key), rest_(body) {}

    std::optional<ExtentRef> next() {
        const auto ref = is_at_end_ ? std::nullopt : decode_keyed_ref(key_, rest_);
        is_at_end_ = !ref || ref->type != btrfs::item_type::extent_data_ref;
        if (!is_at_end_) {
            rest_ = rest_.subspan(sizeof(btrfs::ExtentDataRef));
        }
        return ref;
    }

private:
    btrfs::Key key_;
    Bytes rest_;
    bool is_at_end_ = false;
};

/// A reference as it stands on disk.
class StoredRef {
public:
    Bytes bytes() const { return std::span(bytes_).first(size_); }

    template <class T>
    StoredRef& add(const T& part) {
        assert(size_ + sizeof(part) <= bytes_.size());
        std::memcpy(bytes_.data() + size_, &part, sizeof(part));
        size_ += sizeof(part);
        return *this;
    }

private:
    std::array<std::byte, sizeof(u8) + sizeof(btrfs::ExtentDataRef)> bytes_{};
    std::size_t size_ = 0;
};

/// The structure of an EXTENT_DATA_REF.
btrfs::ExtentDataRef stored_data_ref(const ExtentRef& ref);

/// Inline, type byte and all. The type must be one of the five.
StoredRef encode_inline_ref(const ExtentRef& ref);

/// The item of a reference to the extent at that address. Of EXTENT_DATA_REFs with one hash, the later ones take the
/// next free key offsets. An EXTENT_OWNER_REF has no item.
btrfs::Key key_of_ref(u64 bytenr, const ExtentRef& ref);
StoredRef encode_keyed_ref(const ExtentRef& ref);

} // namespace btrkit
