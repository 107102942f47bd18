// SPDX-License-Identifier: MIT
// What root items say of the size of their trees: the blocks that are in it, shared ones, too, as kernels keep it.
#include "formats/btrfs/item_types.h"
#include "libfs/fs/item_range.h"
#include "libfs/ops/commit/commit.h"
#include "libfs/tree/tree_walk.h"
#include "tests/unit/ops/many_tree_change.h"

#include <doctest/doctest.h>

namespace transaction_sizes_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

struct Size {
    u64 recorded = 0;
    u64 found = 0;
};

u64 block_bytes_of(const Filesystem& filesystem, u64 tree) {
    TreeWalk walk(filesystem.reader(), must(filesystem.find_tree(tree)).block, WalkOrder::depth_first);
    u64 bytes = 0;
    while (walk.next()) {
        bytes += filesystem.geometry().nodesize;
    }
    return bytes;
}

/// Of each tree that has a root item, by its id.
std::map<u64, Size> sizes(const Filesystem& filesystem) {
    std::map<u64, Size> all;
    ItemRange items(filesystem.reader(), filesystem.root_tree().block, KeyRange{});
    while (must(items.next())) {
        if (items.key().type == btrfs::item_type::root_item) {
            const u64 id = items.key().objectid;
            all[id] = {.recorded = whole_root_item(items.data()).item.bytes_used,
                       .found = block_bytes_of(filesystem, id)};
        }
    }
    return all;
}

void check_sizes(const TransactionBench& bench) {
    for (const auto& [tree, size] : sizes(bench.open())) {
        CAPTURE(tree);
        CHECK(size.recorded == size.found);
    }
}

} // namespace

TEST_CASE("Root items know how large their trees are, when these grow, shrink, are copied and deleted") {
    const auto bench = prepared_bench({.kind = {.slack_bytes = 70 * mib, .nodesize_bytes = u64{4} * kib}});
    check_sizes(bench);
    {
        const auto filesystem = bench.open();
        auto transaction = must(change_many_trees(filesystem));
        must(commit::run(transaction, bench.writable(filesystem), {}, {}));
    }
    check_sizes(bench);
    {
        const auto filesystem = bench.open();
        auto transaction = must(Transaction::begin(filesystem, {}));
        DirectoryEditor directories(transaction, {.sec = 5000});
        for (unsigned number = 0; number < 60; ++number) {
            must(directories.make_directory({.tree = btrfs::fs_tree_id, .inode = btrfs::root_dir_inode},
                                            "grown-" + std::to_string(number)));
        }
        must(commit::run(transaction, bench.writable(filesystem), {}, {}));
    }
    check_sizes(bench);
}

} // namespace transaction_sizes_test
