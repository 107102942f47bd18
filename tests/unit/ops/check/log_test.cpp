// SPDX-License-Identifier: MIT
// A log that waits to be replayed: its blocks, and the checksums of the data that it brings.
#include "libfs/ops/check/phases.h"
#include "tests/unit/ops/check/planted_roots.h"

#include <doctest/doctest.h>

namespace log_test {

using namespace btrkit;
using namespace btrkit::test;
namespace type = btrfs::item_type;

namespace {

constexpr u64 inode = 257;
constexpr u64 data_at = u64{1} << 30;
constexpr u64 data_bytes = 4 * 4096;

std::vector<std::byte> inode_item(u64 flags) {
    btrfs::InodeItem item;
    item.generation = item.transid = 18;
    item.nlink = 1;
    item.mode = FileTree::file_mode;
    item.flags = flags;
    return bytes_from(item);
}

std::vector<std::byte> extent(btrfs::FileExtentType extent_type, btrfs::Compression compression, u64 offset,
                              u64 bytes) {
    btrfs::FileExtentHead head;
    head.generation = 18;
    head.ram_bytes = data_bytes;
    head.compression = static_cast<u8>(compression);
    head.type = static_cast<u8>(extent_type);
    return bytes_from(head,
                      btrfs::FileExtentRange{
                          .disk_bytenr = data_at, .disk_num_bytes = data_bytes, .offset = offset, .num_bytes = bytes});
}

std::vector<std::byte> plain_extent() {
    return extent(btrfs::FileExtentType::regular, btrfs::Compression::none, 0, data_bytes);
}

btrfs::Key csum_key(u64 at) {
    return {btrfs::extent_csum_objectid, type::extent_csum, at};
}
std::vector<std::byte> csums(std::size_t sectors) {
    return std::vector<std::byte>(sectors * 4);
}

/// A log of sub in one leaf.
class Fixture : public PlantedRoots {
public:
    Fixture() {
        log[{inode, type::inode_item, 0}] = inode_item(0);
        log[{inode, type::extent_data, 0}] = plain_extent();
        plant_more = [this](MetadataImage& image, auto&) {
            log_address = plant(image, log);
            btrfs::RootItem item;
            item.bytenr = log_address;
            item.generation = item.generation_v2 = image.generation() + 1;
            item.refs = 1;
            logs[{btrfs::tree_log_id, type::root_item, sub_id}] = bytes_from(item);
            logs_address = plant(image, logs);
            if (is_spoilt) {
                image.spoil(log_address);
            }
        };
        change_super = [this](btrfs::Superblock& super) { super.log_root = logs_address; };
    }

    std::string codes() const { return codes_of(check(check::check_log)); }

    PlantedItems log;
    PlantedItems logs; ///< the tree of logs
    bool is_spoilt = false;

private:
    static u64 plant(MetadataImage& image, const PlantedItems& items) {
        std::vector<LeafItem> list;
        for (const auto& [key, data] : items) {
            list.push_back({key, data});
        }
        const u64 address = image.take_address();
        image.put(build_leaf(image.geometry(),
                             {.address = address, .owner = btrfs::tree_log_id, .generation = image.generation() + 1},
                             list));
        return address;
    }

    u64 log_address = 0;
    u64 logs_address = 0;
};

} // namespace

TEST_CASE("no log, no finding") {
    PlantedRoots planted;
    CHECK(planted.check(check::check_log).empty());
}

TEST_CASE("logged data needs checksums, in the log or in the checksum tree") {
    Fixture planted;
    SUBCASE("none") {
        CHECK(planted.codes() == "log-csum-missing log-present");
    }
    SUBCASE("in the log") {
        planted.log[csum_key(data_at)] = csums(4);
        CHECK(planted.codes() == "log-present");
    }
    SUBCASE("in the checksum tree") {
        planted.trees[btrfs::csum_tree_id][csum_key(data_at - 4096)] = csums(8);
        CHECK(planted.codes() == "log-present");
    }
    SUBCASE("half here, half there") {
        planted.log[csum_key(data_at + 8192)] = csums(2);
        planted.trees[btrfs::csum_tree_id][csum_key(data_at)] = csums(2);
        CHECK(planted.codes() == "log-present");
    }
    SUBCASE("one sector lacks") {
        planted.log[csum_key(data_at + 8192)] = csums(2);
        planted.trees[btrfs::csum_tree_id][csum_key(data_at)] = csums(1);
        CHECK(planted.codes() == "log-csum-missing log-present");
    }
}

TEST_CASE("names in the log: a place in the index of a directory is that of one name") {
    Fixture planted;
    planted.log.erase({inode, type::extent_data, 0});
    const auto ref = [](u64 index, std::string_view name) {
        btrfs::InodeRef head;
        head.index = index;
        head.name_len = static_cast<u16>(name.size());
        return bytes_from(head, name);
    };
    planted.log[{inode, type::inode_ref, btrfs::root_dir_inode}] = ref(7, "one");
    planted.log[{inode + 1, type::inode_ref, btrfs::root_dir_inode}] = ref(8, "two");
    CHECK(planted.codes() == "log-present");
    planted.log[{inode + 1, type::inode_ref, btrfs::root_dir_inode}] = ref(7, "two");
    CHECK(planted.codes() == "dir-index-differs log-present");
}

TEST_CASE("which data needs checksums") {
    Fixture planted;
    auto& item = planted.log[{inode, type::extent_data, 0}];
    SUBCASE("not that of a file without") {
        planted.log[{inode, type::inode_item, 0}] = inode_item(btrfs::inode_nodatasum);
        CHECK(planted.codes() == "log-present");
    }
    SUBCASE("nor that of a file that the subvolume knows to be without") {
        planted.log.erase({inode, type::inode_item, 0});
        planted.trees[sub_id][{inode, type::inode_item, 0}] = inode_item(btrfs::inode_nodatasum);
        CHECK(planted.codes() == "log-present");
        planted.trees[sub_id][{inode, type::inode_item, 0}] = inode_item(0);
        CHECK(planted.codes() == "log-csum-missing log-present");
    }
    SUBCASE("not what is preallocated") {
        item = extent(btrfs::FileExtentType::prealloc, btrfs::Compression::none, 0, data_bytes);
        CHECK(planted.codes() == "log-present");
    }
    SUBCASE("only the part that the file shows") {
        item = extent(btrfs::FileExtentType::regular, btrfs::Compression::none, 4096, 4096);
        planted.log[csum_key(data_at + 4096)] = csums(1);
        CHECK(planted.codes() == "log-present");
    }
    SUBCASE("but all of a compressed extent") {
        item = extent(btrfs::FileExtentType::regular, btrfs::Compression::zlib, 4096, 4096);
        planted.log[csum_key(data_at)] = csums(3);
        CHECK(planted.codes() == "log-csum-missing log-present");
    }
    SUBCASE("none of a subvolume that was deleted") {
        planted.root_tree.erase({btrfs::fs_tree_id, type::root_ref, sub_id});
        planted.roots.erase({sub_id, type::root_item, 0});
        CHECK(planted.codes() == "log-present");
    }
}

TEST_CASE("damage in the log is found") {
    Fixture planted;
    planted.log[csum_key(data_at)] = csums(4);
    SUBCASE("a block is lost") {
        planted.is_spoilt = true;
        CHECK(planted.codes() == "block-checksum block-lost log-present not-checked");
    }
    SUBCASE("an item is impossible") {
        planted.log[{inode, type::inode_item, 0}].pop_back();
        CHECK(planted.codes() == "item-size log-present");
    }
    SUBCASE("the checksum tree is lost") {
        planted.log.erase(csum_key(data_at));
        planted.trees[btrfs::csum_tree_id][csum_key(data_at)] = csums(4);
        planted.spoilt_tree = btrfs::csum_tree_id;
        CHECK(planted.codes() == "log-present not-checked");
    }
    SUBCASE("something else among the logs") {
        planted.logs[{btrfs::tree_log_id, type::orphan_item, 1}] = {};
        CHECK(planted.codes() == "item-misplaced log-present");
    }
}

} // namespace log_test
