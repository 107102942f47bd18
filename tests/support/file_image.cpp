// SPDX-License-Identifier: MIT
#include "tests/support/file_image.h"

#include "formats/btrfs/item_types.h"
#include "libfs/base/checksum.h"
#include "tests/support/dir_entry.h"

namespace btrkit::test {

namespace {

namespace type = btrfs::item_type;

constexpr u64 file_generation = 7;

std::vector<std::byte> inode_item(u32 mode, u64 size, u64 flags) {
    btrfs::InodeItem item;
    item.generation = item.transid = file_generation;
    item.size = size;
    item.nlink = 1;
    item.mode = mode;
    item.flags = flags;
    return bytes_from(item);
}

std::vector<std::byte> root_item_body(const PlantedBlock& tree) {
    btrfs::RootItem item;
    item.bytenr = tree.address();
    item.level = tree.level();
    item.generation = item.generation_v2 = *tree.promise.generation;
    item.root_dirid = btrfs::root_dir_inode;
    item.refs = 1;
    return bytes_from(item);
}

btrfs::FileExtentHead head_of(u64 ram_bytes, u8 compression, btrfs::FileExtentType extent_type) {
    btrfs::FileExtentHead head;
    head.generation = file_generation;
    head.ram_bytes = ram_bytes;
    head.compression = compression;
    head.type = static_cast<u8>(extent_type);
    return head;
}

} // namespace

FileImage::FileImage(u64 profile) : image_(profile) {
    items_[{btrfs::root_dir_inode, type::inode_item, 0}] = inode_item(0040755, 0, 0);
}

u64 FileImage::put_data(const Content& data) {
    u64 first = 0;
    for (std::size_t at = 0; at < data.size(); at += sectorsize) {
        const Bytes part = clipped(data, at, sectorsize);
        Block sector(part.begin(), part.end());
        sector.resize(sectorsize);
        const u64 address = image_.take_address();
        first = first == 0 ? address : first;
        image_.put(address, sector);
        checksums_[address] = checksum(image_.geometry().csum_type, sector);
    }
    return first;
}

void FileImage::add_file(u64 inode, u64 size, u64 flags) {
    const auto name = std::to_string(inode);
    items_[{inode, type::inode_item, 0}] = inode_item(0100644, size, flags);
    items_[{btrfs::root_dir_inode, type::dir_index, inode}] =
        dir_entry({inode, type::inode_item, 0}, btrfs::FileType::regular, name);
    items_[{btrfs::root_dir_inode, type::dir_item, name_hash(std::as_bytes(std::span(name)))}] =
        dir_entry({inode, type::inode_item, 0}, btrfs::FileType::regular, name);
}

void FileImage::add_inline(u64 inode, u64 ram_bytes, u8 compression, const Content& bytes) {
    auto item = bytes_from(head_of(ram_bytes, compression, btrfs::FileExtentType::inline_data));
    item.insert(item.end(), bytes.begin(), bytes.end());
    items_[{inode, type::extent_data, 0}] = std::move(item);
}

void FileImage::add_extent(u64 inode, const Range& range) {
    const btrfs::FileExtentRange stored{.disk_bytenr = range.disk,
                                        .disk_num_bytes = range.disk_bytes,
                                        .offset = range.offset,
                                        .num_bytes = range.length};
    items_[{inode, type::extent_data, range.file_offset}] =
        bytes_from(head_of(range.ram_bytes, range.compression, range.type), stored);
}

/// An item for each run of sectors, cut after a few: so that look-ups meet borders.
std::vector<LeafItem> FileImage::checksum_items() const {
    constexpr std::size_t most_sectors = 7;
    const u32 size = image_.geometry().csum_size_bytes;
    std::vector<LeafItem> all;
    u64 next_sector = 0;
    for (const auto& [address, csum] : checksums_) {
        if (address != next_sector || all.back().data.size() == most_sectors * size) {
            all.push_back({{btrfs::extent_csum_objectid, type::extent_csum, address}});
        }
        const auto bytes = std::as_bytes(std::span(csum)).first(size);
        all.back().data.insert(all.back().data.end(), bytes.begin(), bytes.end());
        next_sector = address + sectorsize;
    }
    return all;
}

void FileImage::finish() {
    std::vector<LeafItem> file_items;
    for (const auto& [key, data] : items_) {
        file_items.push_back({key, data});
    }
    files_ = image_.plant(btrfs::fs_tree_id, file_items);
    checksum_tree_ = image_.plant(btrfs::csum_tree_id, checksum_items());
    const auto root = image_.plant(btrfs::root_tree_id,
                                   {{{btrfs::fs_tree_id, type::root_item, 0}, root_item_body(files_)},
                                    {{btrfs::csum_tree_id, type::root_item, 0}, root_item_body(checksum_tree_)}});
    image_.plant_chunk_tree();
    for (const u64 devid : image_.devids()) {
        image_.super(devid).root = root.address();
        image_.super(devid).root_level = root.level();
    }
}

} // namespace btrkit::test
