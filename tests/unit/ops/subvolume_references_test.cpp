// SPDX-License-Identifier: MIT
// Subvolumes deleted whose blocks others keep, of trees of three levels: nothing is recorded for a tree that is gone,
// or who gives those blocks back later would leave the data of their files behind.
#include "formats/btrfs/item_types.h"
#include "libfs/fs/item_range.h"
#include "libfs/space/extent_lookup.h"
#include "libfs/tree/tree_walk.h"
#include "tests/unit/ops/recorded_extents.h"
#include "tests/unit/ops/shared_leaves.h"

#include <doctest/doctest.h>

#include <set>

namespace subvolume_references_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

/// All that references by root name.
std::set<u64> referring_trees(const Filesystem& filesystem) {
    std::set<u64> trees;
    for_each_extent(filesystem, [&](const ItemRange&, const ExtentRecord& record) {
        for (const auto& ref : record.refs) {
            if (!ref.is_shared() && is_subvolume(ref.root)) {
                trees.insert(ref.root);
            }
        }
    });
    return trees;
}

/// As a balance leaves nodes that it has moved: they are the tree's own, and what they point to is referred to by their
/// addresses, not by the tree.
void refer_in_full(const TransactionBench& bench, const std::string& path) {
    const auto filesystem = bench.open();
    auto transaction = must(Transaction::begin(filesystem, {}));
    auto& refs = transaction.workspace().refs;
    const auto tree = must(find_path(filesystem, path)).tree;
    const OwnedBlock root(filesystem.reader(), tree.block);
    REQUIRE(root.block().header().level == 2);
    for (u32 slot = 0; slot < root.block().count(); ++slot) {
        const auto promise = child_promise(root.block(), slot, tree.block);
        const OwnedBlock node(filesystem.reader(), promise);
        REQUIRE(node.block().header().owner == tree.id);
        for (u32 child = 0; child < node.block().count(); ++child) {
            const u64 bytenr = node.block().pointer(child).blockptr;
            refs.add(bytenr, {.type = btrfs::item_type::shared_block_ref, .parent = promise.address.bytenr, .count = 1},
                     1);
            refs.add(bytenr, {.type = btrfs::item_type::tree_block_ref, .root = tree.id, .count = 1}, -1);
        }
        refs.set_full_backref(promise.address.bytenr);
    }
    must(commit::run(transaction, bench.writable(filesystem), {}, {}));
}

} // namespace

TEST_CASE(
    "Below nodes that a balance has moved others keep no block that refers to what it has by a tree that is gone") {
    const TransactionBench bench({.slack_bytes = 24 * mib}, shared_file_count);
    add_snapshot(bench, "/", "/one", 5);
    const u64 one = must(find_path(bench.open(), "/one")).tree.id;
    refer_in_full(bench, "/one");
    add_snapshot(bench, "/one", "/copy", 0);
    remove_subvolume(bench, "/one");
    CHECK_FALSE(referring_trees(bench.open()).contains(one));
    CHECK(check_filesystem(bench.open()).findings.all().empty());
    add_snapshot(bench, "/copy", "/changed", 3);
    remove_subvolume(bench, "/copy");
    remove_subvolume(bench, "/changed");
    CHECK(referring_trees(bench.open()) == std::set{btrfs::fs_tree_id});
    CHECK(check_filesystem(bench.open()).findings.all().empty());
}

TEST_CASE("Of a deleted tree no reference is left, whatever of it others keep, and all goes with the last of them") {
    const TransactionBench bench({.slack_bytes = 24 * mib}, shared_file_count);
    REQUIRE(*must(bench.open().find_tree(btrfs::fs_tree_id)).block.level == 2);
    add_snapshot(bench, "/", "/one", 5);
    const u64 one = must(find_path(bench.open(), "/one")).tree.id;
    // The nodes stay shared, and one of them does not.
    add_snapshot(bench, "/one", "/copy", 0);
    add_snapshot(bench, "/one", "/changed", shared_file_count);
    CHECK(referring_trees(bench.open()).contains(one));
    remove_subvolume(bench, "/one");
    CHECK_FALSE(referring_trees(bench.open()).contains(one));
    CHECK(check_filesystem(bench.open()).findings.all().empty());
    remove_subvolume(bench, "/changed");
    remove_subvolume(bench, "/copy");
    CHECK(referring_trees(bench.open()) == std::set{btrfs::fs_tree_id});
    CHECK(check_filesystem(bench.open()).findings.all().empty());
}

} // namespace subvolume_references_test
