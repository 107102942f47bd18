// SPDX-License-Identifier: MIT
// A subvolume and what users do to it, as a small model; two moments of it become two snapshots in one image.
#pragma once

#include "formats/btrfs/file_extent.h"
#include "formats/btrfs/root.h"
#include "libfs/fs/inode.h"
#include "tests/support/sharing_planter.h"

#include <functional>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace btrkit::test {

/// Of the images that hold histories.
inline constexpr u64 history_sector_bytes = 4096;

/// Part of an extent of the image, in a file.
struct HistoryExtent {
    u64 disk = 0;
    u64 disk_bytes = 0;
    u64 ram_bytes = 0;
    u64 offset = 0; ///< in the unpacked extent
    u64 length = 0;
    btrfs::Compression compression = btrfs::Compression::none;
    bool is_prealloc = false;
};

struct HistoryName {
    u64 dir = 0;
    u64 index = 0;
    std::string name;
    bool is_extref = false;
};

struct HistoryInode {
    u64 generation = 0;
    u64 transid = 0;
    u32 mode = 0;
    u32 uid = 0;
    u32 gid = 0;
    u64 device = 0; ///< as inode items have it
    u64 size = 0;   ///< of what is no directory
    u64 flags = 0;
    std::int64_t mtime = 0;
    std::int64_t otime = 0;
    std::map<std::string, std::string> xattrs = {};
    std::string inline_data = {};              ///< of small files, and the target of a symbolic link
    std::map<u64, HistoryExtent> extents = {}; ///< by file offset
    std::vector<HistoryName> names = {};       ///< none: deleted, but open
    std::map<std::string, u64> entries = {};   ///< of a directory
    u64 next_index = 2;
};

/// By number; the top among them.
using HistoryInodes = std::map<u64, HistoryInode>;

/// An image that takes the data of files and the trees of snapshots.
class HistoryImage {
public:
    HistoryImage();

    /// Whole sectors with their checksums; the address.
    u64 put_data(Bytes data);

    struct Kind {
        bool shares_blocks = true; ///< as snapshots do; or else there is an extent tree, to find clones by
        std::function<void(u64 id, btrfs::RootItem& item)> change_root = {};
        std::function<void(u64 id, Items& items)> change_items = {};
    };
    /// Plants inodes as subvolumes 257, 258 and so on, all read-only snapshots of one that is gone. Only once.
    void plant(const std::vector<HistoryInodes>& snapshots, const Kind& kind);
    MetadataImage& image() { return image_; }

private:
    PlantedBlock plant_extent_tree(const std::vector<HistoryInodes>& snapshots,
                                   const std::map<u64, PlantedBlock>& trees);

    MetadataImage image_;
    std::map<u64, btrfs::CsumBytes> checksums_; ///< by address
};

/// The items of a subvolume.
Items items_of(const HistoryInodes& inodes);

/// Random changes, all from one seed.
class History {
public:
    History(HistoryImage& image, unsigned seed);

    /// The generation that new inodes get from now on.
    void begin_generation(u64 generation) { generation_ = generation; }
    void create(unsigned count);
    void change(unsigned count);
    const HistoryInodes& inodes() const { return inodes_; }

private:
    struct Place {
        u64 dir = 0;
        std::string name;
        u64 inode = 0;
    };

    u64 below(u64 bound) { return random_() % bound; }
    std::string new_name();
    std::vector<u64> dirs() const;
    u64 any_dir();
    std::vector<Place> places() const;
    std::optional<Place> any_place();
    bool is_dir(u64 inode) const;
    bool is_within(u64 inode, u64 dir) const;
    HistoryInode& touched(u64 inode);

    void add_name(u64 inode, u64 dir, const std::string& name);
    void drop_name(const Place& place);
    void move(const Place& place, u64 dir, const std::string& name);
    void forget(u64 inode);

    u64 new_inode(u64 dir, const std::string& name, std::optional<u64> number = {});
    void fill_file(HistoryInode& inode);
    HistoryExtent new_extent();
    void remove_all(const Place& place);
    void replace();
    void move_any();
    void swap();
    void rotate();
    void turn_chain();
    void move_over();
    void link();
    void leave_open();
    void change_content();
    void change_attributes();
    void change_once();

    HistoryImage& image_;
    std::mt19937_64 random_;
    HistoryInodes inodes_;
    std::set<u64> free_numbers_; ///< of inodes that were deleted
    u64 next_number_ = btrfs::root_dir_inode + 1;
    u64 next_name_ = 0;
    u64 generation_ = 8;
    std::int64_t clock_ = 1'700'000'000;
};

} // namespace btrkit::test
