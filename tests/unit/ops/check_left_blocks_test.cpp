// SPDX-License-Identifier: MIT
// A block that refers to data by a tree that is gone: below a node that this tree has left to a snapshot.
#include "libfs/fs/stored_extent.h"
#include "libfs/tree/tree_walk.h"
#include "tests/unit/ops/shared_leaves.h"

#include <doctest/doctest.h>

namespace check_left_blocks_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

namespace type = btrfs::item_type;

/// What the first leaf that came from that tree refers to in full it refers to by the tree.
void refer_by_tree(const TransactionBench& bench, const std::string& path, u64 owner) {
    const auto filesystem = bench.open();
    auto transaction = must(Transaction::begin(filesystem, {}));
    auto& refs = transaction.workspace().refs;
    TreeWalk walk(filesystem.reader(), must(find_path(filesystem, path)).tree.block, WalkOrder::leaves_only);
    auto promise = walk.next();
    while (promise && OwnedBlock(filesystem.reader(), *promise).block().header().owner != owner) {
        promise = walk.next();
    }
    REQUIRE(promise);
    const OwnedBlock leaf(filesystem.reader(), *promise);
    const u64 bytenr = promise->address.bytenr;
    for (u32 slot = 0; slot < leaf.block().count(); ++slot) {
        const auto key = leaf.block().key(slot);
        const auto extent = key.type == type::extent_data ? stored_extent(leaf.block().item_data(slot)) : std::nullopt;
        if (extent) {
            const ExtentRef in_full = {.type = type::shared_data_ref, .parent = bytenr, .count = 1};
            const ExtentRef by_root = {.type = type::extent_data_ref,
                                       .root = owner,
                                       .objectid = key.objectid,
                                       .offset = key.offset - extent->range.offset,
                                       .count = 1};
            refs.add(extent->range.disk_bytenr, in_full, -1);
            refs.add(extent->range.disk_bytenr, by_root, 1);
        }
    }
    auto* extents = must(transaction.tree(btrfs::extent_tree_id));
    auto item = must(extents->find({bytenr, type::metadata_item, 0}));
    REQUIRE(item);
    auto* head = reinterpret_cast<btrfs::ExtentItem*>(item->body.data());
    REQUIRE((head->flags & btrfs::extent_flag_full_backref) != 0);
    head->flags = head->flags & ~btrfs::extent_flag_full_backref;
    extents->put(item->key, item->body);
    must(commit::run(transaction, bench.writable(filesystem), {.is_proven = false}, {}));
}

} // namespace

TEST_CASE("A block that counts what it has for a tree that is gone is found") {
    const TransactionBench bench({.slack_bytes = 24 * mib}, shared_file_count);
    add_snapshot(bench, "/", "/one", 5);
    const u64 one = must(find_path(bench.open(), "/one")).tree.id;
    add_snapshot(bench, "/one", "/copy", 0);
    remove_subvolume(bench, "/one");
    CHECK(check_filesystem(bench.open()).findings.all().empty());
    refer_by_tree(bench, "/copy", one);
    const auto checked = check_filesystem(bench.open());
    REQUIRE(checked.findings.all().size() == 1);
    CHECK(checked.findings.all().front().problem.code == ProblemCode::extent_owner);
}

} // namespace check_left_blocks_test
