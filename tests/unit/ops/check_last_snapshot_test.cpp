// SPDX-License-Identifier: MIT
// check: a subvolume whose last_snapshot is older than blocks that it shares.
#include "formats/btrfs/root.h"
#include "libfs/ops/commit/commit.h"
#include "tests/unit/ops/transaction_bench.h"

#include <cstring>

#include <doctest/doctest.h>

namespace check_last_snapshot_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

/// The top-level subvolume gets a snapshot, and then another last_snapshot than that has left.
void set_last_snapshot(const TransactionBench& bench, u64 last_snapshot) {
    const auto filesystem = bench.open();
    auto transaction = must(Transaction::begin(filesystem, {}));
    auto* roots = must(transaction.tree(btrfs::root_tree_id));
    const btrfs::Key key{btrfs::fs_tree_id, btrfs::item_type::root_item, 0};
    auto item = must(roots->find(key));
    REQUIRE(item);
    btrfs::RootItem root;
    std::memcpy(&root, item->body.data(), sizeof(root));
    root.last_snapshot = last_snapshot;
    roots->put(key, as_bytes_of(root));
    must(commit::run(transaction, bench.writable(filesystem), {.is_proven = false}, {}));
}

void make_snapshot(const TransactionBench& bench) {
    const auto filesystem = bench.open();
    auto transaction = must(Transaction::begin(filesystem, {}));
    SubvolumeEditor editor(transaction, {.sec = 2000});
    const auto place = must(editor.directories().find_parent("/copy"));
    std::mt19937 random(1);
    must(editor.snapshot(btrfs::fs_tree_id, place, {.uuid = random_uuid(random)}));
    must(commit::run(transaction, bench.writable(filesystem), {}, {}));
}

} // namespace

TEST_CASE("check: blocks that are shared and younger than last_snapshot") {
    const TransactionBench bench({.slack_bytes = u64{70} << 20});
    set_last_snapshot(bench, 0);
    CHECK(check_filesystem(bench.open()).findings.all().empty()); // nothing is shared yet

    make_snapshot(bench);
    const auto sound = check_filesystem(bench.open());
    CHECK(sound.findings.all().empty());

    set_last_snapshot(bench, 0);
    const auto report = check_filesystem(bench.open());
    REQUIRE(report.findings.all().size() == 1);
    const auto& problem = report.findings.all().front().problem;
    CHECK(problem.code == ProblemCode::root_last_snapshot);
    CHECK(problem.place.tree == btrfs::fs_tree_id);
    CHECK(problem.detail.starts_with("it is 0, but "));
}

} // namespace check_last_snapshot_test
