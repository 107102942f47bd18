// SPDX-License-Identifier: MIT
#include "formats/btrfs/extent_ref.h"
#include "formats/btrfs/file_extent.h"
#include "formats/btrfs/item_types.h"
#include "libfs/base/checksum.h"
#include "tests/support/dir_entry.h"
#include "tests/unit/ops/send/history.h"

#include <sys/stat.h>

namespace btrkit::test {

namespace {

namespace type = btrfs::item_type;

constexpr u8 origin_uuid = 99;

template <class... Parts>
std::string text_from(const Parts&... parts) {
    const auto bytes = bytes_from(parts...);
    return std::string(as_text(bytes));
}

std::string entry_text(const btrfs::Key& location, btrfs::FileType file_type, std::string_view name,
                       std::string_view data = {}) {
    const auto entry = dir_entry(location, file_type, name, data);
    return std::string(as_text(entry));
}

u64 hash_of(std::string_view name) {
    return name_hash(std::as_bytes(std::span(name)));
}

btrfs::InodeItem inode_item(const HistoryInode& inode) {
    btrfs::InodeItem item;
    item.generation = inode.generation;
    item.transid = inode.transid;
    item.size = inode.size;
    if (S_ISDIR(inode.mode)) {
        u64 size = 0;
        for (const auto& [name, entry] : inode.entries) {
            size += 2 * name.size();
        }
        item.size = size;
    }
    item.nlink = S_ISDIR(inode.mode) ? 1 : static_cast<u32>(inode.names.size());
    item.mode = inode.mode;
    item.uid = inode.uid;
    item.gid = inode.gid;
    item.rdev = inode.device;
    item.flags = inode.flags;
    item.mtime.sec = static_cast<u64>(inode.mtime);
    item.otime.sec = static_cast<u64>(inode.otime);
    item.ctime.sec = inode.transid;
    return item;
}

void add_names(Items& items, u64 number, const HistoryInode& inode) {
    for (const auto& name : inode.names) {
        const auto length = static_cast<u16>(name.name.size());
        if (name.is_extref) {
            const u64 hash = extref_hash(name.dir, std::as_bytes(std::span(name.name)));
            items[{number, type::inode_extref, hash}] +=
                text_from(btrfs::InodeExtref{.parent = name.dir, .index = name.index, .name_len = length}, name.name);
        } else {
            items[{number, type::inode_ref, name.dir}] +=
                text_from(btrfs::InodeRef{.index = name.index, .name_len = length}, name.name);
        }
        const auto entry = entry_text({number, type::inode_item, 0}, file_type_of(inode.mode), name.name);
        items[{name.dir, type::dir_item, hash_of(name.name)}] += entry;
        items[{name.dir, type::dir_index, name.index}] = entry;
    }
}

void add_content(Items& items, u64 number, const HistoryInode& inode) {
    const auto head = [&](const HistoryExtent& extent, btrfs::FileExtentType extent_type) {
        btrfs::FileExtentHead stored;
        stored.generation = inode.generation;
        stored.ram_bytes = extent.ram_bytes;
        stored.compression = static_cast<u8>(extent.compression);
        stored.type = static_cast<u8>(extent_type);
        return stored;
    };
    if (!inode.inline_data.empty()) {
        items[{number, type::extent_data, 0}] = text_from(
            head({.ram_bytes = inode.inline_data.size()}, btrfs::FileExtentType::inline_data), inode.inline_data);
    }
    for (const auto& [offset, extent] : inode.extents) {
        const btrfs::FileExtentRange range{.disk_bytenr = extent.disk,
                                           .disk_num_bytes = extent.disk_bytes,
                                           .offset = extent.offset,
                                           .num_bytes = extent.length};
        items[{number, type::extent_data, offset}] = text_from(
            head(extent, extent.is_prealloc ? btrfs::FileExtentType::prealloc : btrfs::FileExtentType::regular), range);
    }
}

btrfs::RootItem root_item(const PlantedBlock& tree) {
    btrfs::RootItem item;
    item.bytenr = tree.address();
    item.level = tree.level();
    item.generation = item.generation_v2 = *tree.promise.generation;
    item.root_dirid = btrfs::root_dir_inode;
    item.refs = 1;
    return item;
}

std::vector<LeafItem> as_leaf_items(const Items& items) {
    std::vector<LeafItem> all;
    for (const auto& [key, text] : items) {
        all.push_back({key, bytes_from(text)});
    }
    return all;
}

/// The snapshot with this number among all, which hangs nowhere, but has a name.
void add_snapshot(Items& roots, u64 id, const PlantedBlock& tree, const HistoryImage::Kind& kind) {
    const auto number = static_cast<u8>(id - btrfs::first_free_objectid);
    auto item = root_item(tree);
    item.flags = btrfs::root_subvol_rdonly;
    item.uuid = uuid_of(number);
    item.parent_uuid = uuid_of(origin_uuid);
    item.ctransid = 10 + number;
    if (kind.change_root) {
        kind.change_root(id, item);
    }
    roots[{id, type::root_item, item.ctransid}] = text_from(item);
    const std::string name = "snapshot" + std::to_string(number);
    roots[{id, type::root_backref, btrfs::fs_tree_id}] = text_from(
        btrfs::RootRef{
            .dirid = btrfs::root_dir_inode, .sequence = 1 + number, .name_len = static_cast<u16>(name.size())},
        name);
}

} // namespace

Items items_of(const HistoryInodes& inodes) {
    Items items;
    for (const auto& [number, inode] : inodes) {
        items[{number, type::inode_item, 0}] = text_from(inode_item(inode));
        add_names(items, number, inode);
        add_content(items, number, inode);
        for (const auto& [name, value] : inode.xattrs) {
            items[{number, type::xattr_item, hash_of(name)}] += entry_text({}, btrfs::FileType::xattr, name, value);
        }
    }
    items[{btrfs::root_dir_inode, type::inode_ref, btrfs::root_dir_inode}] =
        text_from(btrfs::InodeRef{.index = 0, .name_len = 2}, "..");
    return items;
}

HistoryImage::HistoryImage() : image_(0) {}

u64 HistoryImage::put_data(Bytes data) {
    u64 first = 0;
    for (std::size_t at = 0; at < data.size(); at += history_sector_bytes) {
        const Bytes part = clipped(data, at, history_sector_bytes);
        Block sector(part.begin(), part.end());
        sector.resize(history_sector_bytes);
        const u64 address = image_.take_address();
        first = first == 0 ? address : first;
        image_.put(address, sector);
        checksums_[address] = checksum(image_.geometry().csum_type, sector);
    }
    return first;
}

/// The extents of files with the references that they have, and the blocks of the snapshots, each in its own tree.
PlantedBlock HistoryImage::plant_extent_tree(const std::vector<HistoryInodes>& snapshots,
                                             const std::map<u64, PlantedBlock>& trees) {
    using Reference = std::tuple<u64, u64, u64>;
    std::map<std::pair<u64, u64>, std::map<Reference, u32>> references;
    for (std::size_t i = 0; i < snapshots.size(); ++i) {
        for (const auto& [number, inode] : snapshots[i]) {
            for (const auto& [offset, extent] : inode.extents) {
                ++references[{extent.disk, extent.disk_bytes}]
                            [{btrfs::first_free_objectid + 1 + i, number, offset - extent.offset}];
            }
        }
    }
    Items items;
    for (const auto& [place, users] : references) {
        u64 count = 0;
        for (const auto& [reference, times] : users) {
            const auto [root, inode, offset] = reference;
            const btrfs::ExtentDataRef ref{.root = root, .objectid = inode, .offset = offset, .count = times};
            items[{place.first, type::extent_data_ref, extent_data_ref_hash(root, inode, offset)}] = text_from(ref);
            count += times;
        }
        items[{place.first, type::extent_item, place.second}] =
            text_from(btrfs::ExtentItem{.refs = count, .generation = 7, .flags = btrfs::extent_flag_data});
    }
    for (const auto& [id, tree] : trees) {
        for (const auto* block : blocks_in_order(tree, WalkOrder::depth_first)) {
            items[{block->address(), type::metadata_item, block->level()}] =
                text_from(btrfs::ExtentItem{.refs = 1, .generation = 18, .flags = btrfs::extent_flag_tree_block},
                          btrfs::InlineRef{.type = type::tree_block_ref, .offset = id});
        }
    }
    return image_.plant(btrfs::extent_tree_id, as_leaf_items(items), {.items_a_leaf = 20, .pointers_a_node = 60});
}

void HistoryImage::plant(const std::vector<HistoryInodes>& snapshots, const Kind& kind) {
    SharingPlanter planter(image_);
    Items roots;
    std::map<u64, PlantedBlock> trees;
    for (const auto& snapshot : snapshots) {
        const u64 id = btrfs::first_free_objectid + 1 + trees.size();
        auto items = items_of(snapshot);
        if (kind.change_items) {
            kind.change_items(id, items);
        }
        trees[id] = kind.shares_blocks ? planter.plant(id, items) : image_.plant(id, as_leaf_items(items), {6, 20});
        add_snapshot(roots, id, trees[id], kind);
    }
    if (!kind.shares_blocks) {
        roots[{btrfs::extent_tree_id, type::root_item, 0}] = text_from(root_item(plant_extent_tree(snapshots, trees)));
    }
    Items sums;
    for (const auto& [address, csum] : checksums_) {
        sums[{btrfs::extent_csum_objectid, type::extent_csum, address}] =
            text_from(std::string(as_text(std::as_bytes(std::span(csum)).first(image_.geometry().csum_size_bytes))));
    }
    const TreeShape full{.items_a_leaf = 60, .pointers_a_node = 60};
    roots[{btrfs::csum_tree_id, type::root_item, 0}] =
        text_from(root_item(image_.plant(btrfs::csum_tree_id, as_leaf_items(sums), full)));
    const auto root = image_.plant(btrfs::root_tree_id, as_leaf_items(roots));
    image_.plant_chunk_tree();
    for (const u64 devid : image_.devids()) {
        image_.super(devid).root = root.address();
        image_.super(devid).root_level = root.level();
    }
}

} // namespace btrkit::test
