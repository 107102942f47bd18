// SPDX-License-Identifier: MIT
// Tree blocks: the header, a leaf's item headers, a node's pointers.
#pragma once

#include "formats/btrfs/key.h"
#include "formats/btrfs/uuid.h"

namespace btrfs {

inline constexpr std::size_t max_csum_size = 32;
inline constexpr unsigned max_level_count = 8;
inline constexpr u32 min_nodesize = 4096;
inline constexpr u32 max_nodesize = 65536;

using CsumBytes = std::array<u8, max_csum_size>;

struct TreeBlockHeader {
    CsumBytes csum{};
    Uuid fsid; ///< metadata_uuid where the superblock has one
    le64 bytenr;
    le64 flags; ///< header_flag_*; back reference revision in the top byte
    Uuid chunk_tree_uuid;
    le64 generation;
    le64 owner;
    le32 nritems;
    u8 level{};
};
template <>
inline constexpr auto fields_of<TreeBlockHeader> = FieldList{
    Field{"csum", &TreeBlockHeader::csum},
    Field{"fsid", &TreeBlockHeader::fsid},
    Field{"bytenr", &TreeBlockHeader::bytenr},
    Field{"flags", &TreeBlockHeader::flags, header_flag_names},
    Field{"chunk_tree_uuid", &TreeBlockHeader::chunk_tree_uuid},
    Field{"generation", &TreeBlockHeader::generation},
    Field{"owner", &TreeBlockHeader::owner},
    Field{"nritems", &TreeBlockHeader::nritems},
    Field{"level", &TreeBlockHeader::level},
};
static_assert(layout_is<TreeBlockHeader>(101));

/// A leaf's item header. The offset counts from the end of the block's header.
struct ItemHeader {
    DiskKey key;
    le32 offset;
    le32 size;
};
template <>
inline constexpr auto fields_of<ItemHeader> = FieldList{
    Field{"key", &ItemHeader::key},
    Field{"offset", &ItemHeader::offset},
    Field{"size", &ItemHeader::size},
};
static_assert(layout_is<ItemHeader>(25));

/// A node's pointer to a child: the child's first key, its logical address and its generation.
struct KeyPointer {
    DiskKey key;
    le64 blockptr;
    le64 generation;
};
template <>
inline constexpr auto fields_of<KeyPointer> = FieldList{
    Field{"key", &KeyPointer::key},
    Field{"blockptr", &KeyPointer::blockptr},
    Field{"generation", &KeyPointer::generation},
};
static_assert(layout_is<KeyPointer>(33));

/// Bytes of a block behind its header: what items and their headers share.
constexpr u32 leaf_data_size(u32 nodesize) {
    return nodesize - u32{sizeof(TreeBlockHeader)};
}
constexpr u32 node_capacity(u32 nodesize) {
    return leaf_data_size(nodesize) / u32{sizeof(KeyPointer)};
}
/// The largest item that fits a leaf by itself.
constexpr u32 max_item_size(u32 nodesize) {
    return leaf_data_size(nodesize) - u32{sizeof(ItemHeader)};
}

} // namespace btrfs
