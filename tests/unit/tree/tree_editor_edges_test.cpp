// SPDX-License-Identifier: MIT
// What the editor owes to those who share blocks and count references: at the ends of nodes, at the root, and where
// nothing changes.
#include "formats/btrfs/item_types.h"
#include "tests/support/edited_tree.h"

#include <doctest/doctest.h>

namespace tree_editor_edges_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

btrfs::Key key_of(u64 number) {
    return {number / 7, btrfs::item_type::uuid_key_subvol, number % 7};
}

/// A tree of two levels, with items of so many numbers.
EditedTreeOnDisk& filled(EditedTreeOnDisk& tree, u64 count) {
    std::vector<OwnEdit> all;
    for (u64 number = 0; number < count; ++number) {
        all.push_back({.key = key_of(number), .body = std::vector<std::byte>(16)});
    }
    REQUIRE(tree.apply(all));
    REQUIRE(*tree.root.level == 1);
    return tree;
}

/// The keys of the leaves below the root, each by its first one.
std::vector<btrfs::Key> first_keys(const EditedTreeOnDisk& tree) {
    const OwnedBlock root(tree.reader(), tree.root);
    std::vector<btrfs::Key> keys;
    for (u32 slot = 0; slot < root.block().count(); ++slot) {
        keys.push_back(root.block().key(slot));
    }
    return keys;
}

std::vector<OwnEdit> removals(const EditedTreeOnDisk& tree, const std::function<bool(const btrfs::Key&)>& is_gone) {
    std::set<u64> reached;
    std::vector<OwnEdit> gone;
    for (const auto& [key, body] : tree.read_all(reached)) {
        if (is_gone(key)) {
            gone.push_back({.key = key, .body = std::nullopt});
        }
    }
    return gone;
}

constexpr u64 item_count = 3000;

} // namespace

TEST_CASE("The last leaf of a node, too, joins a neighbour when it has lost its items") {
    EditedTreeOnDisk tree;
    const auto keys = first_keys(filled(tree, item_count));
    REQUIRE(tree.apply(removals(tree, [&](const btrfs::Key& key) { return key > keys.back(); })));
    CHECK(tree.small_leaves == 0);
    CHECK(first_keys(tree).size() == keys.size() - 1);
    std::set<u64> reached;
    tree.read_all(reached);
    CHECK(reached == tree.live);
}

TEST_CASE("A tree that has become one leaf has a new one for its root, for a snapshot may have the old one") {
    EditedTreeOnDisk tree;
    const auto keys = first_keys(filled(tree, item_count));
    const auto kept = [&](const btrfs::Key& key) { return keys[2] <= key && key < keys[3]; };
    REQUIRE(tree.apply(removals(tree, [&](const btrfs::Key& key) { return !kept(key); })));
    CHECK(*tree.root.level == 0);
    CHECK(*tree.root.generation == tree.generation);
    CHECK(tree.live == std::set{tree.root.address.bytenr});
    std::set<u64> reached;
    CHECK(tree.read_all(reached).begin()->first == keys[2]);
}

TEST_CASE("Of an item that is put as it was nobody is told") {
    EditedTreeOnDisk tree;
    filled(tree, item_count);
    std::vector<OwnEdit> edits = {{.key = key_of(5), .body = std::vector<std::byte>(16)},
                                  {.key = key_of(6), .body = std::vector<std::byte>(24)}};
    REQUIRE(tree.apply(edits));
    REQUIRE(tree.told_gone.size() == 1);
    CHECK(tree.told_gone.front().key == key_of(6));
    REQUIRE(tree.told_new.size() == 1);
    CHECK(tree.told_new.front().key == key_of(6));
}

} // namespace tree_editor_edges_test
