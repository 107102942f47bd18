// SPDX-License-Identifier: MIT
// Commands about subvolumes: what they make of a filesystem, in one commit, and that nothing happens where one fails.
#include "formats/btrfs/quota.h"
#include "libfs/ops/subvolume/change.h"
#include "libfs/ops/subvolume/list.h"
#include "libfs/ops/subvolume/property.h"
#include "libfs/txn/quota_groups.h"
#include "tests/unit/ops/transaction_bench.h"

#include <doctest/doctest.h>

namespace subvolume_change_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

constexpr u64 slack_bytes = u64{70} << 20;

Result<subvolume::ChangeReport> change(const TransactionBench& bench, const std::vector<subvolume::Change>& changes) {
    const auto filesystem = bench.open();
    std::vector<subvolume::Command> commands;
    for (const auto& each : changes) {
        commands.push_back({.change = each, .line = commands.size() + 1});
    }
    std::mt19937 random(5);
    return subvolume::run(filesystem, bench.writable(filesystem), commands,
                          {.now = {.sec = 3000}, .new_uuid = [&] { return random_uuid(random); }}, {});
}

std::vector<std::string> paths(const TransactionBench& bench) {
    const auto filesystem = bench.open();
    const auto report = must(subvolume::list(filesystem, {}, {}));
    std::vector<std::string> paths;
    for (const auto& listed : report.subvolumes) {
        paths.push_back(listed.listed_path + (listed.subvolume.is_read_only() ? " ro" : "") +
                        (listed.subvolume.is_default ? " default" : ""));
    }
    return paths;
}

using Paths = std::vector<std::string>;

} // namespace

TEST_CASE("subvolume changes: each sees what those before it have done, and all are one commit") {
    const TransactionBench bench({.slack_bytes = slack_bytes});
    const auto before = bench.open().super().generation;
    const auto report = must(change(
        bench,
        {subvolume::Create{.path = "/snaps"},
         subvolume::Snapshot{.source = "/", .path = "/snaps/1", .is_read_only = true},
         subvolume::Snapshot{.source = "/snaps/1", .path = "/snaps/2"},
         subvolume::Snapshot{.source = "/snaps/2", .path = "/"}, subvolume::SetDefault{.subvolume = "/snaps/2"},
         subvolume::SetReadOnly{.subvolume = "256", .is_read_only = true}, subvolume::SetLabel{.label = "changed"}}));
    CHECK(report.commit.is_committed);
    CHECK(report.commit.old_generation == before);
    CHECK(paths(bench) == Paths{"snaps ro", "snaps/1 ro", "snaps/2 default", "2"});
    CHECK(subvolume::label_of(bench.open().super()) == "changed");
}

TEST_CASE("subvolume changes: deleted with those that hang in it, or refused") {
    const TransactionBench bench({.slack_bytes = slack_bytes});
    must(change(bench, {subvolume::Create{.path = "/a"}, subvolume::Create{.path = "/a/b"},
                        subvolume::Create{.path = "/a/b/c"}, subvolume::Create{.path = "/d"}}));
    const auto refused = change(bench, {subvolume::Delete{.subvolume = "/d"}, subvolume::Delete{.subvolume = "/a"}});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message.starts_with("line 2: "));
    CHECK(paths(bench) == Paths{"a", "a/b", "a/b/c", "d"});
    must(change(bench, {subvolume::Delete{.subvolume = "/a", .recursive = true}}));
    CHECK(paths(bench) == Paths{"d"});
}

TEST_CASE("subvolume changes: directories on the way are made, those that are there are kept") {
    const TransactionBench bench({.slack_bytes = slack_bytes});
    must(change(bench, {subvolume::Create{.path = "/some/where/a", .with_parents = true},
                        subvolume::Create{.path = "/some/where/else/b", .with_parents = true}}));
    CHECK(paths(bench) == Paths{"some/where/a", "some/where/else/b"});
    CHECK(check_filesystem(bench.open()).findings.all().empty());
}

TEST_CASE("subvolume changes: a new one is compressed as the one that it stands in") {
    auto source = many_files(3);
    const std::vector<Xattr> compressed{{std::string(compression_xattr), "zstd"}};
    source.inodes.front().xattrs = compressed;
    source.inodes.front().xattrs.push_back({"user.own", "stays"});
    const TransactionBench bench({.slack_bytes = slack_bytes}, source);
    must(change(bench, {subvolume::Create{.path = "/a"}, subvolume::Create{.path = "/a/b"}}));
    const auto filesystem = bench.open();
    for (const u64 id : {u64{256}, u64{257}}) {
        CAPTURE(id);
        const auto tree = must(filesystem.find_tree(id));
        const InodePlace top = {tree, btrfs::root_dir_inode};
        CHECK(must(read_xattrs(filesystem, top)) == compressed);
        CHECK((must(read_inode(filesystem, top)).flags & btrfs::inode_compress) != 0);
    }
    CHECK(check_filesystem(filesystem).findings.all().empty());
}

TEST_CASE("subvolume changes: with simple quotas, a new one counts for the groups that are named, or for those of the "
          "one that "
          "it stands in") {
    const TransactionBench bench({.features = {"squota"}, .slack_bytes = slack_bytes});
    constexpr u64 group = (u64{1} << 48) | 100;
    constexpr u64 other = (u64{1} << 48) | 200;
    {
        const auto filesystem = bench.open();
        auto transaction = must(Transaction::begin(filesystem, {}));
        auto* quota = must(transaction.tree(btrfs::quota_tree_id));
        relate_groups(*quota, btrfs::fs_tree_id, group);
        // So far it has what its only member has.
        add_quota_group(*quota, group, transaction.generation());
        add_quota_group(*quota, other, transaction.generation());
        const auto member = must(quota->find({0, btrfs::item_type::qgroup_info, btrfs::fs_tree_id}));
        REQUIRE(member);
        quota->put({0, btrfs::item_type::qgroup_info, group}, member->body);
        must(commit::run(transaction, bench.writable(filesystem), {}, {}));
    }
    const auto counted = [&](u64 group_id) {
        const auto filesystem = bench.open();
        CHECK(check_filesystem(filesystem).findings.all().empty());
        BlockCache cache(filesystem.reader(), 0);
        TreeSearch search(cache, must(filesystem.find_tree(btrfs::quota_tree_id)).block);
        REQUIRE(must(search.find({0, btrfs::item_type::qgroup_info, group_id})));
        return u64{view_at<btrfs::QgroupInfoItem>(search.data())->rfer};
    };
    const u64 before = counted(group);
    must(change(bench, {subvolume::Create{.path = "/a"}, subvolume::Snapshot{.source = "/a", .path = "/b"}}));
    const u64 with_two = counted(group);
    CHECK(with_two >= before + 2 * 4096); // a root each, and what their names took
    must(change(bench, {subvolume::Delete{.subvolume = "/b"}, subvolume::Delete{.subvolume = "/a"}}));
    CHECK(counted(group) < with_two);

    CHECK(counted(other) == 0);
    must(change(bench, {subvolume::Create{.path = "/c", .qgroups = {other}},
                        subvolume::Snapshot{.source = "/c", .path = "/d", .qgroups = {other}}}));
    CHECK(counted(other) == 2 * u64{bench.open().super().nodesize});
    const std::vector<u64> wrong{group + 1, 5};
    for (const u64 id : wrong) {
        const auto refused = change(bench, {subvolume::Create{.path = "/e", .qgroups = {id}}});
        REQUIRE_FALSE(refused);
        CHECK(refused.error().kind == ErrorKind::refused);
    }
    CHECK(change(TransactionBench({.slack_bytes = slack_bytes}), {subvolume::Create{.path = "/e", .qgroups = {other}}})
              .error()
              .kind == ErrorKind::refused);
}

TEST_CASE("subvolume changes: what can't be done") {
    const TransactionBench bench({.slack_bytes = slack_bytes});
    const std::vector<std::pair<subvolume::Change, ErrorKind>> wrong{
        {subvolume::Create{.path = "/no/where"}, ErrorKind::not_found},
        {subvolume::Create{.path = "/" + file_name(1) + "/no/where", .with_parents = true}, ErrorKind::not_found},
        {subvolume::Snapshot{.source = "999", .path = "/x"}, ErrorKind::not_found},
        {subvolume::Snapshot{.source = "5", .path = "/"}, ErrorKind::usage},
        {subvolume::Delete{.subvolume = "/"}, ErrorKind::refused},
        {subvolume::SetLabel{.label = std::string(256, 'x')}, ErrorKind::usage},
    };
    for (const auto& [each, kind] : wrong) {
        const auto done = change(bench, {each});
        REQUIRE_FALSE(done);
        CAPTURE(done.error().message);
        CHECK(done.error().kind == kind);
    }
    CHECK(paths(bench).empty());
}

} // namespace subvolume_change_test
