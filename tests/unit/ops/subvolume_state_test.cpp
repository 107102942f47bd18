// SPDX-License-Identifier: MIT
// What is said of subvolumes once they are there: which one is mounted, what may be written, where one came from.
#include "libfs/ops/subvolume/change.h"
#include "libfs/ops/subvolume/list.h"
#include "tests/unit/ops/transaction_bench.h"

#include <doctest/doctest.h>

namespace subvolume_state_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

Result<subvolume::ChangeReport> change(const TransactionBench& bench, const subvolume::Change& wanted) {
    const auto filesystem = bench.open();
    const std::vector<subvolume::Command> commands = {{.change = wanted}};
    std::mt19937 random(5);
    return subvolume::run(filesystem, bench.writable(filesystem), commands,
                          {.now = {.sec = 3000}, .new_uuid = [&] { return random_uuid(random); }}, {});
}

TransactionBench bench_with_subvolume() {
    TransactionBench bench({.slack_bytes = 24 * mib}, 3);
    must(change(bench, subvolume::Create{.path = "/own"}));
    return bench;
}

btrfs::RootItem root_of(const TransactionBench& bench, u64 id) {
    const auto filesystem = bench.open();
    auto transaction = must(Transaction::begin(filesystem, {}));
    return must(SubvolumeEditor(transaction, {}).root_item(id));
}

bool has_uuid(const TransactionBench& bench, const btrfs::Uuid& uuid, u8 key_type) {
    const auto filesystem = bench.open();
    auto transaction = must(Transaction::begin(filesystem, {}));
    const auto halves = btrfs::uuid_key(uuid);
    return must(must(transaction.tree(btrfs::uuid_tree_id))->find({halves.objectid, key_type, halves.offset}))
        .has_value();
}

} // namespace

TEST_CASE("The default subvolume is told by the superblocks, too, and stays until another one is the default") {
    const auto bench = bench_with_subvolume();
    CHECK((bench.open().super().incompat_flags & btrfs::incompat_default_subvol) == 0);
    must(change(bench, subvolume::SetDefault{.subvolume = "/own"}));
    CHECK((bench.open().super().incompat_flags & btrfs::incompat_default_subvol) != 0);
    const auto refused = change(bench, subvolume::Delete{.subvolume = "/own"});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == ErrorKind::refused);
    CHECK(refused.error().message.contains("is the default one"));
    must(change(bench, subvolume::SetDefault{.subvolume = "5"}));
    must(change(bench, subvolume::Delete{.subvolume = "/own"}));
    CHECK(must(subvolume::list(bench.open(), {}, {})).subvolumes.empty());
}

TEST_CASE("What was received is made writable only where it may forget its origin, and forgets all of it") {
    const auto bench = bench_with_subvolume();
    const u64 id = btrfs::first_free_objectid;
    std::mt19937 random(9);
    const Origin origin = {.uuid = random_uuid(random), .ctransid = 77};
    {
        const auto filesystem = bench.open();
        auto transaction = must(Transaction::begin(filesystem, {}));
        must(SubvolumeEditor(transaction, {.sec = 4000}).set_received(id, origin));
        must(commit::run(transaction, bench.writable(filesystem), {}, {}));
    }
    const auto refused = change(bench, subvolume::SetReadOnly{.subvolume = "/own"});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == ErrorKind::refused);
    CHECK(root_of(bench, id).received_uuid == origin.uuid);
    CHECK(has_uuid(bench, origin.uuid, btrfs::item_type::uuid_key_received_subvol));

    must(change(bench, subvolume::SetReadOnly{.subvolume = "/own", .force = true}));
    const auto root = root_of(bench, id);
    CHECK((root.flags & btrfs::root_subvol_rdonly) == 0);
    CHECK(root.received_uuid.is_null());
    CHECK(root.stransid == 0);
    CHECK(root.rtransid == 0);
    CHECK(root.rtime.sec == 0);
    CHECK_FALSE(has_uuid(bench, origin.uuid, btrfs::item_type::uuid_key_received_subvol));
    CHECK(check_filesystem(bench.open()).findings.all().empty());
}

} // namespace subvolume_state_test
