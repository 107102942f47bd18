// SPDX-License-Identifier: MIT
// Opening a filesystem, and finding its trees.
#include "tests/support/open_filesystem.h"

#include "formats/btrfs/item_types.h"

#include <doctest/doctest.h>

namespace filesystem_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

void check_error(const Result<TreeRoot>& root, ErrorKind kind, std::string_view part) {
    REQUIRE_FALSE(root);
    CHECK(root.error().kind == kind);
    CHECK_MESSAGE(root.error().message.find(part) != std::string::npos, root.error().message);
}

/// The leaf of the root tree that has the root item of a tree.
u64 leaf_with_root_item(const TinyFilesystem& tiny, u64 id) {
    for (const auto* leaf : blocks_in_order(tiny.tree(btrfs::root_tree_id), WalkOrder::leaves_only)) {
        for (const auto& item : leaf->items) {
            if (item.key.objectid == id && item.key.type == btrfs::item_type::root_item) {
                return leaf->address();
            }
        }
    }
    return 0;
}

} // namespace

TEST_CASE("a sound filesystem is opened without a word, and has all its trees") {
    for (const u64 profile : {u64{0}, btrfs::block_group_dup, btrfs::block_group_raid1, btrfs::block_group_raid1c4}) {
        TinyFilesystem tiny(profile);
        const auto opened = open_filesystem(tiny);
        CHECK(opened.problems.empty());
        const auto& filesystem = opened.filesystem;
        CHECK(filesystem.volume().chunks().chunks().size() == tiny.image.chunks().size());
        for (const auto& [id, tree] : tiny.trees) {
            CAPTURE(id);
            const auto root = filesystem.find_tree(id);
            REQUIRE(root);
            CHECK(root->id == id);
            CHECK(root->block.address == tree.promise.address);
            CHECK(root->block.level == tree.promise.level);
            CHECK(root->block.generation == tree.promise.generation);
            CHECK(root->block.tree == id);
            CHECK(root->root_key.objectid == (id == btrfs::root_tree_id ? 0 : id));
        }
        CHECK(filesystem.find_tree(btrfs::chunk_tree_id)->block.address.bytenr == tiny.image.super().chunk_root);
        check_error(filesystem.find_tree(btrfs::tree_log_id), ErrorKind::not_found, "no tree TREE_LOG");
        check_error(filesystem.find_tree(btrfs::quota_tree_id), ErrorKind::not_found, "no tree QUOTA_TREE");
        check_error(filesystem.find_tree(299), ErrorKind::not_found, "no tree 299");
        check_error(filesystem.find_tree(~u64{0}), ErrorKind::not_found, "no tree");
    }
}

TEST_CASE("a log is one generation ahead") {
    TinyFilesystem tiny;
    tiny.image.super().log_root = 5 << 20;
    tiny.image.super().log_root_level = 1;
    const auto opened = open_filesystem(tiny);
    const auto log = opened.filesystem.find_tree(btrfs::tree_log_id);
    REQUIRE(log);
    CHECK(log->block.address == Logical{5 << 20});
    CHECK(log->block.generation == tiny.image.generation() + 1);
    CHECK(log->block.level == u8{1});
}

TEST_CASE("a tree that may stand in what is lost is not said to be missing") {
    TinyFilesystem tiny(btrfs::block_group_dup);
    tiny.image.spoil(leaf_with_root_item(tiny, btrfs::uuid_tree_id));
    const auto opened = open_filesystem(tiny);
    check_error(opened.filesystem.find_tree(btrfs::uuid_tree_id), ErrorKind::damaged, "[block-lost]");
    CHECK(opened.filesystem.find_tree(tiny_nested_id));
    // All that could hold it was read.
    check_error(opened.filesystem.find_tree(100000), ErrorKind::not_found, "no tree 100000");
}

TEST_CASE("one bad copy does not hide a tree, nor make a missing one damage") {
    TinyFilesystem tiny(btrfs::block_group_dup);
    for (const auto* block : blocks_in_order(tiny.tree(btrfs::root_tree_id), WalkOrder::depth_first)) {
        tiny.image.spoil(block->address(), 1);
    }
    const auto opened = open_filesystem(tiny);
    CHECK(opened.filesystem.find_tree(btrfs::uuid_tree_id));
    check_error(opened.filesystem.find_tree(299), ErrorKind::not_found, "no tree 299");
    check_error(opened.filesystem.find_tree(100000), ErrorKind::not_found, "no tree 100000");
}

TEST_CASE("a lost root tree is damage") {
    TinyFilesystem tiny;
    tiny.image.spoil(tiny.tree(btrfs::root_tree_id).address());
    const auto opened = open_filesystem(tiny);
    CHECK(opened.problems.empty()); // nothing needed it yet
    CHECK(opened.filesystem.find_tree(btrfs::root_tree_id));
    check_error(opened.filesystem.find_tree(btrfs::fs_tree_id), ErrorKind::damaged, "the whole tree");
}

TEST_CASE("a lost chunk tree is said, and leaves the system chunks") {
    TinyFilesystem tiny(btrfs::block_group_raid1);
    tiny.image.spoil(tiny.image.super().chunk_root);
    const auto opened = open_filesystem(tiny);
    CHECK(codes(opened.problems) == std::vector{ProblemCode::block_checksum, ProblemCode::block_lost});
    CHECK(opened.filesystem.volume().chunks().chunks().size() == 1);
}

TEST_CASE("impossible chunks are said, with the tree and the key") {
    TinyFilesystem tiny;
    const auto change_last_chunk = [&](const std::function<void(btrfs::ChunkItem&)>& change) {
        tiny.image.change(tiny.image.super().chunk_root, [&](Block& block) {
            const u32 slot = header_in(block).nritems - 1;
            change(*reinterpret_cast<btrfs::ChunkItem*>(block.data() + sizeof(btrfs::TreeBlockHeader) +
                                                        item_in(block, slot).offset));
        });
    };
    SUBCASE("a field") {
        change_last_chunk([](auto& chunk) { chunk.sector_size = 512; });
        const auto opened = open_filesystem(tiny);
        REQUIRE(codes(opened.problems) == std::vector{ProblemCode::chunk_item});
        CHECK(opened.problems[0].place.tree == btrfs::chunk_tree_id);
        CHECK(opened.problems[0].place.key->offset == tiny.image.chunks().back().start.bytenr);
        CHECK(opened.filesystem.find_tree(btrfs::fs_tree_id)); // it is good enough to read by
    }
    SUBCASE("no stripes") {
        change_last_chunk([](auto& chunk) { chunk.num_stripes = 0; });
        const auto opened = open_filesystem(tiny);
        CHECK(std::ranges::count(codes(opened.problems), ProblemCode::chunk_item) >= 1);
        check_error(opened.filesystem.find_tree(btrfs::fs_tree_id), ErrorKind::damaged, "[block-lost]");
    }
    SUBCASE("on top of another") {
        tiny.image.change(tiny.image.super().chunk_root, [&](Block& block) {
            auto& key = item_in(block, header_in(block).nritems - 1).key;
            key.offset = key.offset - 4096;
        });
        const auto opened = open_filesystem(tiny);
        CHECK(codes(opened.problems) == std::vector{ProblemCode::chunk_overlap});
        CHECK(opened.problems[0].place.tree == btrfs::chunk_tree_id);
    }
}

TEST_CASE("what the chunk tree says of devices is compared with those that were given") {
    TinyFilesystem tiny(btrfs::block_group_raid1);
    const auto opened = open_filesystem(list(tiny.image.device(1)));
    CHECK(codes(opened.problems) == std::vector{ProblemCode::device_missing});
    CHECK(opened.filesystem.find_tree(tiny_nested_id));
}

TEST_CASE("root items of any size are taken for what they tell") {
    btrfs::RootItem item;
    item.bytenr = 65536;
    item.level = 2;
    const auto whole = bytes_from(item);
    const btrfs::Key key{300, btrfs::item_type::root_item, 7};
    for (std::size_t size = 0; size <= whole.size(); ++size) {
        const auto root = parse_root_item(key, std::vector(whole.begin(), whole.begin() + size));
        CHECK(root.has_value() == (size >= btrfs::legacy_root_item_size));
        if (root) {
            CHECK(root->id == 300);
            CHECK(root->root_key == key);
            CHECK(root->block.address == Logical{65536});
            CHECK(root->block.level == u8{2});
        }
    }
}

TEST_CASE("no device, no filesystem") {
    Problems problems;
    const auto filesystem = Filesystem::open({}, {}, into(problems));
    REQUIRE_FALSE(filesystem);
    CHECK(filesystem.error().kind == ErrorKind::usage);
}

} // namespace filesystem_test
