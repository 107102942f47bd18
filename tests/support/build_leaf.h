// SPDX-License-Identifier: MIT
// Tree blocks made of items and pointers, with everything right about them unless a test changes it.
#pragma once

#include "formats/btrfs/tree_block.h"
#include "libfs/base/bytes.h"
#include "libfs/volume/geometry.h"

#include <string_view>
#include <vector>

namespace btrkit::test {

using Block = std::vector<std::byte>;

/// 4 KiB sectors and nodes, crc32c, generation 100, the features of a fresh filesystem.
Geometry sample_geometry();

/// What a block's header says.
struct BlockIdentity {
    u64 address = u64{30} << 20;
    u64 owner = 5;
    u64 generation = 100;
    u8 level = 0;
    u64 flags = btrfs::header_flag_written | btrfs::flag_bit(btrfs::header_backref_revision_shift);
};

struct LeafItem {
    btrfs::Key key;
    std::vector<std::byte> data = {};
};

struct NodeEntry {
    btrfs::Key key;
    u64 address = 0;
    u64 generation = 100;
};

/// A sealed leaf with these items in this order; the first item's data ends where the leaf does. Asserts that they fit.
Block build_leaf(const Geometry& geometry, const BlockIdentity& identity, const std::vector<LeafItem>& items);

/// A sealed node; give the identity a level above 0. Asserts that the entries fit.
Block build_node(const Geometry& geometry, const BlockIdentity& identity, const std::vector<NodeEntry>& entries);

/// Makes the checksum right again.
void seal_block(const Geometry& geometry, Block& block);

// Places in a block, to be changed; seal_block() afterwards.
btrfs::TreeBlockHeader& header_in(Block& block);
btrfs::ItemHeader& item_in(Block& block, u32 slot);
btrfs::KeyPointer& pointer_in(Block& block, u32 slot);

/// The bytes of a structure, or of a text without its terminator.
std::vector<std::byte> copy_of(Bytes bytes);
template <class T>
std::vector<std::byte> as_part(const T& part) {
    if constexpr (std::convertible_to<T, std::string_view>) {
        return copy_of(std::as_bytes(std::span(std::string_view(part))));
    } else {
        return copy_of(as_bytes_of(part));
    }
}

/// Structures and texts one behind the other, as an item's data.
std::vector<std::byte> joined(const std::vector<std::vector<std::byte>>& parts);
template <class... Parts>
std::vector<std::byte> bytes_from(const Parts&... parts) {
    return joined({as_part(parts)...});
}

} // namespace btrkit::test
