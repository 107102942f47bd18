// SPDX-License-Identifier: MIT
#include "tests/support/tiny_filesystem.h"

#include "formats/btrfs/item_types.h"
#include "libfs/base/checksum.h"
#include "tests/support/dir_entry.h"

#include <stdexcept>

namespace btrkit::test {

namespace {

namespace type = btrfs::item_type;

/// Of the inodes and extents: older than the superblock.
constexpr u64 item_generation = 7;
/// A time of day in 2024, for the dates of inodes.
constexpr btrfs::Timespec item_time{.sec = u64{1709210096}, .nsec = 500};

using Items = std::map<btrfs::Key, std::vector<std::byte>>;

std::vector<LeafItem> as_leaf_items(const Items& items) {
    std::vector<LeafItem> all;
    for (const auto& [key, data] : items) {
        all.push_back({key, data});
    }
    return all;
}

std::vector<LeafItem> files_of_top_level() {
    FileTree tree;
    tree.add_file(btrfs::root_dir_inode, "hello", "hello, world\n");
    const u64 docs = tree.add_dir(btrfs::root_dir_inode, "docs");
    for (unsigned i = 0; i < 40; ++i) {
        tree.add_file(docs, "file-" + std::to_string(i), std::string(i * 3, 'x'));
    }
    for (const auto name : colliding_names) {
        tree.add_file(docs, name, name);
    }
    const u64 deeper = tree.add_dir(tree.add_dir(docs, "deep"), "er");
    tree.add_file(deeper, "leaf");
    tree.add_subvolume(docs, "sub", tiny_subvolume_id);
    return tree.items();
}

std::vector<LeafItem> files_of_subvolume() {
    FileTree tree;
    tree.add_file(btrfs::root_dir_inode, "inside", "in a subvolume");
    tree.add_subvolume(btrfs::root_dir_inode, "nested", tiny_nested_id);
    return tree.items();
}

std::vector<LeafItem> files_of_nested() {
    FileTree tree;
    tree.add_file(btrfs::root_dir_inode, "innermost");
    return tree.items();
}

/// The block groups, and the blocks of one tree.
std::vector<LeafItem> extent_items(const MetadataImage& image, const PlantedBlock& tree) {
    Items items;
    for (const auto& chunk : image.chunks()) {
        items[{chunk.start.bytenr, type::block_group_item, chunk.length}] = bytes_from(btrfs::BlockGroupItem{
            .used = 65536, .chunk_objectid = btrfs::first_chunk_tree_objectid, .flags = chunk.type});
    }
    for (const auto* block : blocks_in_order(tree, WalkOrder::depth_first)) {
        items[{block->address(), type::metadata_item, block->level()}] = bytes_from(
            btrfs::ExtentItem{.refs = 1, .generation = item_generation, .flags = btrfs::extent_flag_tree_block},
            btrfs::InlineRef{.type = type::tree_block_ref, .offset = *tree.promise.tree});
    }
    return as_leaf_items(items);
}

std::vector<LeafItem> device_items(const MetadataImage& image) {
    Items items;
    for (const u64 devid : image.devids()) {
        items[{btrfs::dev_stats_objectid, type::persistent_item, devid}] = bytes_from(btrfs::DevStatsItem{});
    }
    for (const auto& chunk : image.chunks()) {
        for (const auto& stripe : chunk.stripes) {
            btrfs::DevExtent extent;
            extent.chunk_tree = btrfs::chunk_tree_id;
            extent.chunk_objectid = btrfs::first_chunk_tree_objectid;
            extent.chunk_offset = chunk.start.bytenr;
            extent.length = chunk.stripe_length_bytes();
            items[{stripe.devid, type::dev_extent, stripe.offset}] = bytes_from(extent);
        }
    }
    return as_leaf_items(items);
}

std::vector<LeafItem> uuid_items() {
    return {{{1, type::uuid_key_subvol, 1}, bytes_from(btrfs::le64{tiny_subvolume_id})},
            {{2, type::uuid_key_subvol, 1}, bytes_from(btrfs::le64{tiny_nested_id})}};
}

btrfs::RootItem root_item(const PlantedBlock& tree) {
    btrfs::RootItem item;
    item.inode.generation = 1;
    item.inode.nlink = 1;
    item.inode.mode = FileTree::directory_mode;
    item.bytenr = tree.address();
    item.level = tree.level();
    item.generation = item.generation_v2 = *tree.promise.generation;
    item.root_dirid = btrfs::root_dir_inode;
    item.refs = 1;
    item.ctime = item_time;
    return item;
}

std::vector<LeafItem> root_items(const std::map<u64, PlantedBlock>& trees) {
    Items items;
    for (const auto& [id, tree] : trees) {
        items[{id, type::root_item, 0}] = bytes_from(root_item(tree));
    }
    const auto refer = [&](u64 parent, u64 child, u64 dir, std::string_view name) {
        const auto ref =
            bytes_from(btrfs::RootRef{.dirid = dir, .sequence = 2, .name_len = static_cast<u16>(name.size())}, name);
        items[{parent, type::root_ref, child}] = ref;
        items[{child, type::root_backref, parent}] = ref;
    };
    refer(btrfs::fs_tree_id, tiny_subvolume_id, btrfs::root_dir_inode + 2, "sub");
    refer(tiny_subvolume_id, tiny_nested_id, btrfs::root_dir_inode, "nested");
    return as_leaf_items(items);
}

} // namespace

void FileTree::add_inode(u64 inode, u32 mode, u64 dir, u64 index, std::string_view name, u64 size) {
    btrfs::InodeItem item;
    item.generation = item.transid = item_generation;
    item.size = item.nbytes = size;
    item.nlink = 1;
    item.mode = mode;
    item.atime = item.ctime = item.mtime = item.otime = item_time;
    items_[{inode, type::inode_item, 0}] = bytes_from(item);
    items_[{inode, type::inode_ref, dir}] =
        bytes_from(btrfs::InodeRef{.index = index, .name_len = static_cast<u16>(name.size())}, name);
}

u64 FileTree::add_entry(u64 dir, std::string_view name, const btrfs::Key& location, btrfs::FileType file_type) {
    const u64 index = btrfs::first_dir_index + next_index_[dir]++;
    const auto entry = dir_entry(location, file_type, name);
    auto& same_hash = items_[{dir, type::dir_item, name_hash(std::as_bytes(std::span(name)))}];
    same_hash.insert(same_hash.end(), entry.begin(), entry.end());
    items_[{dir, type::dir_index, index}] = entry;
    return index;
}

u64 FileTree::add_file(u64 dir, std::string_view name, std::string_view content) {
    const u64 inode = next_inode_++;
    const u64 index = add_entry(dir, name, {inode, type::inode_item, 0}, btrfs::FileType::regular);
    add_inode(inode, file_mode, dir, index, name, content.size());
    if (!content.empty()) {
        btrfs::FileExtentHead head;
        head.generation = item_generation;
        head.ram_bytes = content.size();
        head.type = static_cast<u8>(btrfs::FileExtentType::inline_data);
        items_[{inode, type::extent_data, 0}] = bytes_from(head, content);
    }
    return inode;
}

u64 FileTree::add_dir(u64 dir, std::string_view name) {
    const u64 inode = next_inode_++;
    const u64 index = add_entry(dir, name, {inode, type::inode_item, 0}, btrfs::FileType::directory);
    add_inode(inode, directory_mode, dir, index, name);
    return inode;
}

void FileTree::add_subvolume(u64 dir, std::string_view name, u64 tree) {
    add_entry(dir, name, {tree, type::root_item, ~u64{0}}, btrfs::FileType::directory);
}

std::vector<LeafItem> FileTree::items() const {
    return as_leaf_items(items_);
}

TinyFilesystem::TinyFilesystem(u64 profile) : image(profile) {
    const auto plant = [&](u64 id, const std::vector<LeafItem>& items) { trees[id] = image.plant(id, items); };
    plant(btrfs::fs_tree_id, files_of_top_level());
    plant(tiny_subvolume_id, files_of_subvolume());
    plant(tiny_nested_id, files_of_nested());
    plant(btrfs::extent_tree_id, extent_items(image, tree(btrfs::fs_tree_id)));
    plant(btrfs::dev_tree_id, device_items(image));
    plant(btrfs::uuid_tree_id, uuid_items());
    trees[btrfs::root_tree_id] = image.plant(btrfs::root_tree_id, root_items(trees));
    image.plant_chunk_tree();
    const auto& root = tree(btrfs::root_tree_id);
    for (const u64 devid : image.devids()) {
        image.super(devid).root = root.address();
        image.super(devid).root_level = root.level();
    }
}

void TinyFilesystem::replace_tree(u64 id, const std::vector<LeafItem>& items, TreeShape shape) {
    trees[id] = image.plant(id, items, shape);
    change_root_item(id, [&](btrfs::RootItem& item) {
        item.bytenr = tree(id).address();
        item.level = tree(id).level();
    });
}

void TinyFilesystem::change_root_item(u64 id, const std::function<void(btrfs::RootItem&)>& change) {
    const btrfs::Key key{id, type::root_item, 0};
    for (const auto* leaf : blocks_in_order(tree(btrfs::root_tree_id), WalkOrder::leaves_only)) {
        for (u32 slot = 0; slot < leaf->items.size(); ++slot) {
            if (leaf->items[slot].key != key) {
                continue;
            }
            image.change(leaf->address(), [&](Block& block) {
                auto* data = block.data() + sizeof(btrfs::TreeBlockHeader) + item_in(block, slot).offset;
                change(*reinterpret_cast<btrfs::RootItem*>(data));
            });
            return;
        }
    }
    throw std::out_of_range("no such root item");
}

} // namespace btrkit::test
