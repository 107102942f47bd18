// SPDX-License-Identifier: MIT
// Blocks of trees that nobody shares, asked to leave their place one at a time.
#include "libfs/relocate/leave_blocks.h"

#include "libfs/ops/commit/commit.h"
#include "tests/unit/ops/many_tree_change.h"

#include <doctest/doctest.h>

namespace leave_blocks_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

/// The node or leaf at the top of a tree, and nothing else of it, leaves.
void leave_root(u64 tree, const FilesystemKind& kind = {.slack_bytes = 70 * mib}) {
    CAPTURE(tree);
    const TransactionBench bench(kind, 300);
    const auto filesystem = bench.open();
    const auto root = must(filesystem.find_tree(tree)).block;
    RangeSet leaving;
    leaving.append(range_from(root.address.bytenr, filesystem.geometry().nodesize));
    auto transaction = must(Transaction::begin(filesystem, {}));
    must(leave_blocks(transaction, leaving));
    must(commit::run(transaction, bench.writable(filesystem), {}, {}));
    const auto after = bench.open();
    CHECK(must(after.find_tree(tree)).block.address != root.address);
    CHECK(check_filesystem(after).findings.all().empty());
}

} // namespace

TEST_CASE("the top of any tree leaves, be it a node, a leaf, or empty") {
    const TransactionBench bench({.slack_bytes = 70 * mib}, 300);
    CHECK(*must(bench.open().find_tree(btrfs::extent_tree_id)).block.level > 0);
    for (const u64 tree : {btrfs::root_tree_id, btrfs::chunk_tree_id, btrfs::extent_tree_id, btrfs::dev_tree_id,
                           btrfs::csum_tree_id, btrfs::uuid_tree_id, btrfs::free_space_tree_id}) {
        leave_root(tree);
    }
}

TEST_CASE("a node leaves that nothing else of the change has made new") {
    // So long are the checksums that they fill several leaves.
    const FilesystemKind kind = {.slack_bytes = 70 * mib, .checksum = "sha256"};
    REQUIRE(*must(TransactionBench(kind, 300).open().find_tree(btrfs::csum_tree_id)).block.level > 0);
    leave_root(btrfs::csum_tree_id, kind);
}

TEST_CASE("a tree without items leaves") {
    const TransactionBench bench({.slack_bytes = 70 * mib}, mkfs::empty_source_tree({.sec = 1000}));
    const auto filesystem = bench.open();
    const auto root = must(filesystem.find_tree(btrfs::csum_tree_id)).block;
    RangeSet leaving;
    leaving.append(range_from(root.address.bytenr, filesystem.geometry().nodesize));
    auto transaction = must(Transaction::begin(filesystem, {}));
    must(leave_blocks(transaction, leaving));
    must(commit::run(transaction, bench.writable(filesystem), {}, {}));
    CHECK(must(bench.open().find_tree(btrfs::csum_tree_id)).block.address != root.address);
    CHECK(check_filesystem(bench.open()).findings.all().empty());
}

} // namespace leave_blocks_test
