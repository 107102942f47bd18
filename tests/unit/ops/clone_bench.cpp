// SPDX-License-Identifier: MIT
#include "tests/unit/ops/clone_bench.h"

#include "formats/btrfs/extent_ref.h"
#include "formats/btrfs/file_extent.h"
#include "formats/btrfs/item_types.h"

namespace btrkit::test {

namespace {

namespace type = btrfs::item_type;

LeafItem item_of(const Piece& piece) {
    const btrfs::FileExtentHead head{
        .ram_bytes = shared_extent_length,
        .compression = static_cast<u8>(piece.is_compressed ? btrfs::Compression::zstd : btrfs::Compression::none),
        .type = static_cast<u8>(btrfs::FileExtentType::regular)};
    const btrfs::FileExtentRange range{.disk_bytenr = piece.extent,
                                       .disk_num_bytes = shared_extent_length,
                                       .offset = piece.offset_in_extent,
                                       .num_bytes = piece.num_bytes};
    return {.key = {piece.inode, type::extent_data, piece.offset}, .data = bytes_from(head, range)};
}

Part block_item(u64 refs) {
    return bytes_from(btrfs::ExtentItem{.refs = refs, .generation = 1, .flags = btrfs::extent_flag_tree_block});
}

} // namespace

Part file_ref(u64 tree, u64 inode, u64 offset, u32 count) {
    return bytes_from(type::extent_data_ref,
                      btrfs::ExtentDataRef{.root = tree, .objectid = inode, .offset = offset, .count = count});
}

Part leaf_ref(u64 leaf, u32 count) {
    return bytes_from(btrfs::InlineRef{.type = type::shared_data_ref, .offset = leaf},
                      btrfs::SharedDataRef{.count = count});
}

Part tree_ref(u64 tree) {
    return bytes_from(btrfs::InlineRef{.type = type::tree_block_ref, .offset = tree});
}

Part parent_ref(u64 parent) {
    return bytes_from(btrfs::InlineRef{.type = type::shared_block_ref, .offset = parent});
}

void CloneBench::plant(u64 tree, const std::vector<Piece>& pieces) {
    std::map<btrfs::Key, Part> items;
    for (const Piece& piece : pieces) {
        auto item = item_of(piece);
        items[item.key] = std::move(item.data);
    }
    std::vector<LeafItem> sorted;
    for (auto& [key, data] : items) {
        sorted.push_back({.key = key, .data = std::move(data)});
    }
    tiny_.replace_tree(tree, sorted);
    for (const auto* block : blocks_in_order(tiny_.tree(tree), WalkOrder::depth_first)) {
        refer_block(block->address(), block->level(), {tree_ref(tree)});
    }
}

u64 CloneBench::plant_node(u64 tree, const std::vector<const PlantedBlock*>& leaves) {
    const auto& image = tiny_.image;
    std::vector<NodeEntry> entries;
    for (const auto* leaf : leaves) {
        entries.push_back(
            {.key = leaf->items.front().key, .address = leaf->address(), .generation = image.generation()});
    }
    const u64 address = tiny_.image.take_address();
    tiny_.image.put(build_node(
        image.geometry(), {.address = address, .owner = tree, .generation = image.generation(), .level = 1}, entries));
    tiny_.change_root_item(tree, [&](btrfs::RootItem& item) {
        item.bytenr = address;
        item.level = 1;
    });
    refer_block(address, 1, {tree_ref(tree)});
    return address;
}

const PlantedBlock& CloneBench::leaf(u64 tree, std::size_t number) const {
    return *blocks_in_order(tiny_.tree(tree), WalkOrder::leaves_only).at(number);
}

void CloneBench::refer(u64 extent, u64 refs, const std::vector<Part>& inline_refs) {
    add({extent, type::extent_item, shared_extent_length},
        joined({bytes_from(btrfs::ExtentItem{.refs = refs, .generation = 1, .flags = btrfs::extent_flag_data}),
                joined(inline_refs)}));
}

void CloneBench::refer_block(u64 block, u8 level, const std::vector<Part>& inline_refs, u64 refs) {
    add({block, type::metadata_item, level}, joined({block_item(refs), joined(inline_refs)}));
}

void CloneBench::refer_block_of_old(u64 block, u8 level, const std::vector<Part>& inline_refs) {
    extents_.erase({block, type::metadata_item, level});
    add({block, type::extent_item, btrfs::min_nodesize},
        joined({block_item(1), bytes_from(btrfs::TreeBlockInfo{.level = level}), joined(inline_refs)}));
}

std::optional<send::CloneSource> CloneBench::find(const Piece& piece, const std::vector<u64>& roots) {
    return find_all({query(piece)}, roots);
}

std::optional<send::CloneSource> CloneBench::find_all(const std::vector<send::CloneQuery>& queries,
                                                      const std::vector<u64>& roots) {
    std::vector<LeafItem> items;
    for (const auto& [key, data] : extents_) {
        items.push_back({.key = key, .data = data});
    }
    tiny_.replace_tree(btrfs::extent_tree_id, items);
    const auto opened = open_filesystem(tiny_);
    BlockCache cache(opened.filesystem.reader(), 0);
    send::CloneFinder finder(opened.filesystem, cache, roots, sent_tree);
    std::optional<send::CloneSource> last;
    for (const auto& query : queries) {
        last = finder.find(query);
    }
    return last;
}

send::CloneQuery CloneBench::query(const Piece& piece) {
    return {.inode = piece.inode,
            .file_offset = piece.offset,
            .num_bytes = piece.num_bytes,
            .disk_bytenr = piece.extent,
            .offset_in_extent = piece.offset_in_extent,
            .is_compressed = piece.is_compressed,
            .leaf_owner = sent_tree,
            .inode_size = piece.offset + piece.num_bytes,
            .next_write_offset = piece.offset};
}

} // namespace btrkit::test
