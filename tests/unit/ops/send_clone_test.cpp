// SPDX-License-Identifier: MIT
// Which place of several the bytes are cloned from. What is expected here is what Linux 6.18 was seen to choose.
#include "libfs/ops/send/clone/known_roots.h"
#include "tests/unit/ops/clone_bench.h"

#include "formats/btrfs/extent_ref.h"
#include "formats/btrfs/item_types.h"

#include <doctest/doctest.h>

#include <numeric>

namespace send_clone_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

namespace type = btrfs::item_type;

constexpr u64 length = shared_extent_length;
constexpr u64 sector = 4096;

struct Source {
    u64 tree = 0;
    u64 inode = 0;
    u64 offset = 0;
    u64 num_bytes = length;
};

/// Whether that was found and nothing else.
bool is_from(const std::optional<send::CloneSource>& found, const Source& expected) {
    return found && found->tree == expected.tree && found->inode == expected.inode &&
           found->offset == expected.offset && found->num_bytes == expected.num_bytes;
}

/// Whole files of the shared extent, each with its reference.
CloneBench with_files(const std::vector<u64>& inodes) {
    CloneBench bench;
    std::vector<Piece> pieces;
    std::vector<Part> refs;
    for (const u64 inode : inodes) {
        pieces.push_back({.inode = inode});
        refs.push_back(file_ref(sent_tree, inode));
    }
    bench.plant(sent_tree, pieces);
    bench.refer(shared_extent, inodes.size(), refs);
    return bench;
}

} // namespace

TEST_CASE("a file is cloned from the last of those that were sent before it") {
    auto bench = with_files({260, 261, 262, 263});
    CHECK_FALSE(bench.find({.inode = 260}));
    CHECK(is_from(bench.find({.inode = 261}), {.tree = sent_tree, .inode = 260}));
    CHECK(is_from(bench.find({.inode = 262}), {.tree = sent_tree, .inode = 261}));
    CHECK(is_from(bench.find({.inode = 263}), {.tree = sent_tree, .inode = 262}));
}

TEST_CASE("what is not worth a search") {
    auto bench = with_files({260, 261});
    SUBCASE("one reference, and no other tree to clone from") {
        bench.refer(shared_extent, 1, {file_ref(sent_tree, 260)});
        CHECK_FALSE(bench.find({.inode = 261}));
        CHECK(is_from(bench.find({.inode = 261}, {sent_tree, other_tree}), {.tree = sent_tree, .inode = 260}));
    }
    SUBCASE("too many references") {
        bench.refer(shared_extent, 1024, {file_ref(sent_tree, 260)});
        CHECK(bench.find({.inode = 261}));
        bench.refer(shared_extent, 1025, {file_ref(sent_tree, 260)});
        CHECK_FALSE(bench.find({.inode = 261}));
    }
    SUBCASE("an extent without an item") {
        CHECK_FALSE(bench.find({.inode = 261, .extent = shared_extent + sector}));
    }
    SUBCASE("a tree block") {
        CHECK_FALSE(bench.find({.inode = 261, .extent = bench.leaf(sent_tree, 0).address()}));
    }
}

TEST_CASE("a file is cloned from itself, where that has been sent") {
    CloneBench bench;
    bench.plant(sent_tree, {{.inode = 260}, {.inode = 260, .offset = length}, {.inode = 260, .offset = 2 * length}});
    bench.refer(shared_extent, 3,
                {file_ref(sent_tree, 260), file_ref(sent_tree, 260, length), file_ref(sent_tree, 260, 2 * length)});
    CHECK_FALSE(bench.find({.inode = 260}));
    CHECK(is_from(bench.find({.inode = 260, .offset = length}), {.tree = sent_tree, .inode = 260}));
    auto query = CloneBench::query({.inode = 260, .offset = 2 * length});
    CHECK(is_from(bench.find_all({query}), {.tree = sent_tree, .inode = 260, .offset = length}));
    query.next_write_offset = 2 * length - 1;
    CHECK(is_from(bench.find_all({query}), {.tree = sent_tree, .inode = 260}));
}

TEST_CASE("pieces of an extent") {
    CloneBench bench;
    SUBCASE("only one that holds the first byte in question is good, the longest one best") {
        bench.plant(sent_tree, {{.inode = 260, .num_bytes = 8 * sector},
                                {.inode = 261, .num_bytes = 4 * sector},
                                {.inode = 262, .num_bytes = sector},
                                {.inode = 263, .num_bytes = 20 * sector, .offset_in_extent = sector}});
        bench.refer(shared_extent, 4,
                    {file_ref(sent_tree, 260), file_ref(sent_tree, 261), file_ref(sent_tree, 262),
                     file_ref(sent_tree, 263, 0 - sector)});
        CHECK(is_from(bench.find({.inode = 263, .num_bytes = 20 * sector, .offset_in_extent = sector}),
                      {.tree = sent_tree, .inode = 260, .offset = sector, .num_bytes = 8 * sector}));
    }
    SUBCASE("one is good enough when it holds what the file has of it") {
        bench.plant(sent_tree, {{.inode = 260}, {.inode = 261, .num_bytes = 2 * sector}, {.inode = 262}});
        bench.refer(shared_extent, 3, {file_ref(sent_tree, 260), file_ref(sent_tree, 261), file_ref(sent_tree, 262)});
        auto query = CloneBench::query({.inode = 262});
        CHECK(is_from(bench.find_all({query}), {.tree = sent_tree, .inode = 260}));
        query.inode_size = 5000;
        CHECK(is_from(bench.find_all({query}), {.tree = sent_tree, .inode = 261, .num_bytes = 2 * sector}));
    }
    SUBCASE("a reference stands for as many items as it counts, in order") {
        bench.plant(sent_tree,
                    {{.inode = 260, .num_bytes = sector},
                     {.inode = 260, .offset = sector, .num_bytes = sector, .extent = shared_extent + length},
                     {.inode = 260, .offset = 2 * sector, .num_bytes = 6 * sector, .offset_in_extent = 2 * sector},
                     {.inode = 261, .num_bytes = sector, .offset_in_extent = 2 * sector}});
        const Piece piece{.inode = 261, .num_bytes = sector, .offset_in_extent = 2 * sector};
        bench.refer(shared_extent, 3, {file_ref(sent_tree, 260, 0, 2), file_ref(sent_tree, 261, 0 - 2 * sector)});
        CHECK(is_from(bench.find(piece),
                      {.tree = sent_tree, .inode = 260, .offset = 2 * sector, .num_bytes = 6 * sector}));
        bench.refer(shared_extent, 2, {file_ref(sent_tree, 260, 0, 1), file_ref(sent_tree, 261, 0 - 2 * sector)});
        CHECK_FALSE(bench.find(piece));
    }
    SUBCASE("a compressed extent is only compared as a whole") {
        bench.plant(sent_tree,
                    {{.inode = 260, .num_bytes = sector, .is_compressed = true},
                     {.inode = 261, .num_bytes = sector, .offset_in_extent = sector, .is_compressed = true}});
        bench.refer(shared_extent, 2, {file_ref(sent_tree, 260), file_ref(sent_tree, 261, 0 - sector)});
        CHECK(
            is_from(bench.find({.inode = 261, .num_bytes = sector, .offset_in_extent = sector, .is_compressed = true}),
                    {.tree = sent_tree, .inode = 260, .num_bytes = sector}));
    }
}

TEST_CASE("references that have items of their own") {
    auto bench = with_files({260, 261});
    const auto add_keyed = [&](u64 hash, u64 inode) {
        bench.add({shared_extent, type::extent_data_ref, hash},
                  bytes_from(btrfs::ExtentDataRef{.root = sent_tree, .objectid = inode, .offset = 0, .count = 1}));
    };
    bench.refer(shared_extent, 2, {file_ref(sent_tree, 261)});
    CHECK_FALSE(bench.find({.inode = 261}));
    add_keyed(7, 260);
    CHECK(is_from(bench.find({.inode = 261}), {.tree = sent_tree, .inode = 260}));
    SUBCASE("those of the next extent are not its own") {
        bench.refer(shared_extent + length, 2, {file_ref(sent_tree, 260)});
        CHECK_FALSE(bench.find({.inode = 262, .extent = shared_extent + length}));
    }
    SUBCASE("more of them than the item counts are not followed without end") {
        for (u64 hash = 8; hash < 1100; ++hash) {
            add_keyed(hash, 10'000 + hash);
        }
        CHECK_FALSE(bench.find({.inode = 261}));
    }
}

TEST_CASE("a leaf that two trees have in common") {
    CloneBench bench;
    bench.plant(sent_tree, {{.inode = 260}, {.inode = 261}});
    const auto& leaf = bench.leaf(sent_tree, 0);
    const u64 node = bench.plant_node(other_tree, {&leaf});
    const Source in_sent{.tree = sent_tree, .inode = 260};

    SUBCASE("and the first one owns: both are named") {
        bench.refer(shared_extent, 2, {file_ref(sent_tree, 260), file_ref(sent_tree, 261)});
        bench.refer_block(leaf.address(), 0, {tree_ref(sent_tree), tree_ref(other_tree)}, 2);
        CHECK(is_from(bench.find({.inode = 260}, {sent_tree, other_tree}), {.tree = other_tree, .inode = 261}));
        CHECK(is_from(bench.find({.inode = 261}), in_sent));
    }
    SUBCASE("and refers to the extent by itself: its last item comes first") {
        bench.refer(shared_extent, 2, {leaf_ref(leaf.address(), 2)});
        bench.refer_block(leaf.address(), 0, {parent_ref(node), tree_ref(sent_tree)}, 2);
        CHECK(is_from(bench.find({.inode = 261}, {sent_tree, other_tree}), in_sent));
        CHECK(is_from(bench.find({.inode = 260}, {sent_tree, other_tree}), {.tree = other_tree, .inode = 261}));
    }
    SUBCASE("by the old format") {
        bench.refer(shared_extent, 2, {leaf_ref(leaf.address(), 2)});
        bench.refer_block_of_old(leaf.address(), 0, {parent_ref(node)});
        bench.refer_block_of_old(node, 1, {tree_ref(other_tree)});
        CHECK(is_from(bench.find({.inode = 260}, {sent_tree, other_tree}), {.tree = other_tree, .inode = 261}));
    }
    SUBCASE("with too many references") {
        bench.refer(shared_extent, 2, {leaf_ref(leaf.address(), 2)});
        bench.refer_block(leaf.address(), 0, {parent_ref(node)}, 1025);
        CHECK_FALSE(bench.find({.inode = 260}, {sent_tree, other_tree}));
    }
    SUBCASE("with parents that go in a circle") {
        bench.refer(shared_extent, 2, {leaf_ref(leaf.address(), 2)});
        bench.refer_block(leaf.address(), 0, {parent_ref(node)});
        bench.refer_block(node, 1, {parent_ref(leaf.address()), parent_ref(node)});
        CHECK_FALSE(bench.find({.inode = 260}, {sent_tree, other_tree}));
    }
}

TEST_CASE("a leaf of another tree is none of a reference's") {
    CloneBench bench;
    bench.plant(other_tree, {{.inode = 260}, {.inode = 261}});
    const auto& leaf = bench.leaf(other_tree, 0);
    bench.plant_node(sent_tree, {&leaf});
    bench.refer_block(leaf.address(), 0, {tree_ref(sent_tree), tree_ref(other_tree)}, 2);
    bench.refer(shared_extent, 2, {file_ref(sent_tree, 260), file_ref(sent_tree, 261)});
    CHECK_FALSE(bench.find({.inode = 261}));
    bench.refer(shared_extent, 2, {file_ref(other_tree, 260), file_ref(other_tree, 261)});
    CHECK(is_from(bench.find({.inode = 261}), {.tree = sent_tree, .inode = 260}));
}

TEST_CASE("the choice depends on which leaves were met before") {
    CloneBench bench;
    const u64 second_extent = shared_extent + length;
    std::vector<Piece> pieces{{.inode = 259, .extent = second_extent}};
    for (u64 inode = 260; inode < 269; ++inode) { // two leaves
        pieces.push_back({.inode = inode});
    }
    bench.plant(other_tree, pieces);
    bench.refer(shared_extent, 2, {file_ref(other_tree, 260), file_ref(other_tree, 268)});
    bench.refer(second_extent, 1, {file_ref(other_tree, 259)});
    const std::vector<u64> roots{sent_tree, other_tree};
    const auto query = CloneBench::query({.inode = 300});
    const auto in_first_leaf = CloneBench::query({.inode = 300, .extent = second_extent});
    CHECK(is_from(bench.find_all({query}, roots), {.tree = other_tree, .inode = 268}));
    CHECK(is_from(bench.find_all({in_first_leaf, query}, roots), {.tree = other_tree, .inode = 260}));
}

TEST_CASE("damage costs the source and nothing else") {
    CloneBench bench;
    std::vector<Piece> pieces;
    for (u64 inode = 260; inode < 270; ++inode) { // two leaves
        pieces.push_back({.inode = inode});
    }
    bench.plant(other_tree, pieces);
    bench.refer(shared_extent, 2, {file_ref(other_tree, 260), file_ref(other_tree, 269)});
    const std::vector<u64> roots{sent_tree, other_tree};
    CHECK(is_from(bench.find({.inode = 300}, roots), {.tree = other_tree, .inode = 269}));
    SUBCASE("a leaf") {
        bench.spoil(bench.leaf(other_tree, 1).address());
        CHECK(is_from(bench.find({.inode = 300}, roots), {.tree = other_tree, .inode = 260}));
    }
    SUBCASE("all of the tree") {
        bench.spoil(bench.tree(other_tree).address());
        CHECK_FALSE(bench.find({.inode = 300}, roots));
    }
    SUBCASE("a tree that is gone") {
        bench.refer(shared_extent, 2, {file_ref(999, 260), file_ref(other_tree, 260)});
        CHECK(is_from(bench.find({.inode = 300}, roots), {.tree = other_tree, .inode = 260}));
    }
    SUBCASE("references that are cut off") {
        Part cut = file_ref(other_tree, 269);
        cut.pop_back();
        bench.refer(shared_extent, 2, {file_ref(other_tree, 260), cut});
        CHECK(is_from(bench.find({.inode = 300}, roots), {.tree = other_tree, .inode = 260}));
    }
}

TEST_CASE("what is remembered of leaves") {
    send::clone::KnownRoots known;
    std::vector<u64> roots(18);
    std::iota(roots.begin(), roots.end(), u64{300});
    known.remember(1, roots);
    CHECK_FALSE(known.find(1));
    roots.pop_back();
    known.remember(1, roots);
    known.remember(2, {});
    REQUIRE(known.find(1));
    CHECK(std::ranges::equal(*known.find(1), roots));
    REQUIRE(known.find(2));
    CHECK(known.find(2)->empty());

    for (u64 leaf = 3; leaf <= 128; ++leaf) {
        known.remember(leaf, roots);
    }
    CHECK(known.find(1)); // which makes it the last one to go
    known.remember(129, roots);
    CHECK(known.find(1));
    CHECK_FALSE(known.find(2));
    CHECK(known.find(3));
}

} // namespace send_clone_test
