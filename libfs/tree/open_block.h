// SPDX-License-Identifier: MIT
// A tree block that is being filled: by who builds a tree anew, and by who edits one.
#pragma once

#include "libfs/tree/tree_block.h"
#include "libfs/tree/tree_builder.h"

namespace btrkit {

/// What the data of items that stand side by side in a leaf takes: a proven leaf has it without gaps, from the last
/// item's to the first one's. At least one item.
inline std::size_t data_bytes_of(const TreeBlock& leaf, u32 first, u32 count) {
    const auto& front = leaf.item(first);
    return front.offset + front.size - leaf.item(first + count - 1).offset;
}

/// Entries are added in key order: items of a leaf, or pointers of a node, never both.
class OpenBlock {
public:
    explicit OpenBlock(u32 nodesize) : bytes_(nodesize) { clear(); }

    bool is_empty() const { return count_ == 0; }
    u32 count() const { return count_; }
    btrfs::Key first_key() const { return first_key_; }
    btrfs::Key last_key() const { return last_key_; }
    MutableBytes bytes() { return bytes_; }

    bool has_room_for_item(std::size_t size) const {
        return sizeof(btrfs::ItemHeader) + size <= data_start_ - entries_end_;
    }
    bool has_room_for_pointer() const { return count_ < btrfs::node_capacity(static_cast<u32>(bytes_.size())); }

    void add_item(const btrfs::Key& key, Bytes data) {
        data_start_ -= data.size();
        std::ranges::copy(data, bytes_.begin() + static_cast<std::ptrdiff_t>(data_start_));
        add_entry(key, btrfs::ItemHeader{.key = btrfs::DiskKey::from(key),
                                         .offset = static_cast<u32>(data_start_ - sizeof(btrfs::TreeBlockHeader)),
                                         .size = static_cast<u32>(data.size())});
    }
    /// Items of a leaf as they stand there, side by side; at least one.
    void add_items(const TreeBlock& leaf, u32 first, u32 count);
    void add_pointer(const btrfs::Key& key, Logical child, u64 generation) {
        add_entry(key, btrfs::KeyPointer{
                           .key = btrfs::DiskKey::from(key), .blockptr = child.bytenr, .generation = generation});
    }
    void clear() {
        std::ranges::fill(bytes_, std::byte{0});
        entries_end_ = sizeof(btrfs::TreeBlockHeader);
        data_start_ = bytes_.size();
        count_ = 0;
    }

    /// Gives the block its header, with that address: it is whole then, but for its checksum.
    BuiltBlock complete(const Geometry& geometry, const TreeIdentity& identity, u8 level, Logical address);
    /// The same with the address that the sink gives it; the sink takes it, and this is empty again.
    Result<BuiltBlock> emit(const Geometry& geometry, const TreeIdentity& identity, u8 level, BlockSink& sink);

private:
    template <class Entry>
    void add_entry(const btrfs::Key& key, const Entry& entry) {
        std::memcpy(bytes_.data() + entries_end_, &entry, sizeof(entry));
        entries_end_ += sizeof(entry);
        if (count_++ == 0) {
            first_key_ = key;
        }
        last_key_ = key;
    }

    std::vector<std::byte> bytes_;
    std::size_t entries_end_ = 0; ///< where the next item header or pointer goes
    std::size_t data_start_ = 0;  ///< where the last item's data begins
    u32 count_ = 0;
    btrfs::Key first_key_;
    btrfs::Key last_key_;
};

/// Makes a block of a tree that holds what another one holds.
Result<BuiltBlock> copy_block(const TreeBlock& from, const Geometry& geometry, const TreeIdentity& identity,
                              BlockSink& sink);

} // namespace btrkit
