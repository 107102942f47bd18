// SPDX-License-Identifier: MIT
// A filesystem of files with data: items by hand, data with its checksums, every copy within reach.
#pragma once

#include "formats/btrfs/file_extent.h"
#include "tests/support/metadata_image.h"

#include <map>

namespace btrkit::test {

class FileImage {
public:
    /// An empty top directory. Data stands in the chunk of the metadata, which has this profile.
    explicit FileImage(u64 profile = btrfs::block_group_dup);

    static constexpr u32 sectorsize = 4096;

    using Content = std::vector<std::byte>;

    /// Puts data, filled up with zeros to whole sectors, behind what was put last; its address. Each sector gets its
    /// checksum.
    u64 put_data(const Content& data);
    void drop_checksum(u64 sector) { checksums_.erase(sector); }

    /// A regular file of this number in the top directory, called by it.
    void add_file(u64 inode, u64 size, u64 flags = 0);
    void add_item(const btrfs::Key& key, std::vector<std::byte> data) { items_[key] = std::move(data); }
    /// `bytes` stand in the item itself.
    void add_inline(u64 inode, u64 ram_bytes, u8 compression, const Content& bytes);
    struct Range {
        u64 file_offset = 0;
        u64 disk = 0; ///< 0: a hole
        u64 disk_bytes = 0;
        u64 offset = 0;
        u64 length = 0;
        u64 ram_bytes = 0;
        u8 compression = 0;
        btrfs::FileExtentType type = btrfs::FileExtentType::regular;
    };
    void add_extent(u64 inode, const Range& range);

    /// Plants the trees; only once.
    void finish();
    MetadataImage& image() { return image_; }
    /// After finish().
    const PlantedBlock& files() const { return files_; }
    const PlantedBlock& checksums() const { return checksum_tree_; }

private:
    std::vector<LeafItem> checksum_items() const;

    MetadataImage image_;
    std::map<btrfs::Key, std::vector<std::byte>> items_;
    std::map<u64, btrfs::CsumBytes> checksums_; ///< by address
    PlantedBlock files_;
    PlantedBlock checksum_tree_;
};

} // namespace btrkit::test
