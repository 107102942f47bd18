// SPDX-License-Identifier: MIT
// A log that waits, made of what an edit has changed: replayed, it gives what the edit had given; dropped or replayed,
// its blocks stand as they were, for until the new superblocks stand the old ones lead there.
#include "tests/unit/ops/transaction_bench.h"
#include "tests/unit/repair/planted_log.h"

#include <doctest/doctest.h>

namespace replayed_log_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

Logged logged_edit() {
    using namespace edit_files;
    const std::vector<edit_files::Change> changes = {
        Move{.from = "/file1", .to = "/dir/moved"},
        Remove{.path = "/file3"},
        Copy{.from = "/file2", .to = "/file3"},
        Truncate{.path = "/file2", .size = 5000},
        SetXattr{.path = "/dir", .xattr = {"user.new", "value"}},
        RemoveXattr{.path = "/file2", .name = "user.colour"},
        MakeDirectory{.path = "/dir/made", .with_parents = true},
        Link{.target = "/file2", .path = "/dir/made/linked"},
        Link{.target = "anywhere", .path = "/symbolic", .is_symbolic = true},
        Move{.from = "/dir/inner", .to = "/dir/made/inner"},
    };
    return logged(changes, log_of_all);
}

void check_log_stands(const Logged& made) {
    const auto filesystem = made.bench.filesystem.open();
    for (const auto& [at, wanted] : made.log_blocks) {
        Block block(wanted.size());
        must(filesystem.volume().read({at}, block, 1));
        CHECK(block == wanted);
    }
}

} // namespace

TEST_CASE("a log that is replayed gives what was synced") {
    Logged made = logged_edit();
    REQUIRE_FALSE(
        differences(must_portray(made.bench.filesystem.devices(), "logged").listing, made.wanted, {}).empty());
    const auto report = made.bench.repair({.log = repair::WaitingLog::replayed});
    CHECK(report.commit.is_committed);
    REQUIRE(report.log);
    CHECK(report.log->inodes.size() > 5);
    const auto after = must_portray(made.bench.filesystem.devices(), "replayed");
    for (const auto& difference : differences(after.listing, made.wanted, {})) {
        FAIL_CHECK(difference);
    }
    CHECK(after.findings.all().empty());
    check_log_stands(made);
}

TEST_CASE("a log of one file alone gives it the name that another one had") {
    using namespace edit_files;
    Logged made = logged({Remove{.path = "/file3"}, Copy{.from = "/file2", .to = "/file3"}}, [](const auto& edited) {
        const auto filesystem = edited.filesystem.open();
        return log_of_one(edited, must(find_path(filesystem, "/file3")).inode);
    });
    CHECK(made.bench.repair({.log = repair::WaitingLog::replayed}).commit.is_committed);
    const auto after = must_portray(made.bench.filesystem.devices(), "replayed");
    // Of the directory nothing was synced.
    for (const auto& difference : differences(after.listing, made.wanted, {"mtime", "ctime"})) {
        FAIL_CHECK(difference);
    }
    CHECK(after.findings.all().empty());
}

TEST_CASE("a log that is dropped stands until the superblocks that lead to it are gone") {
    Logged made = logged_edit();
    const auto before = must_portray(made.bench.filesystem.devices(), "logged");
    CHECK(made.bench.repair({.log = repair::WaitingLog::dropped}).commit.is_committed);
    const auto after = must_portray(made.bench.filesystem.devices(), "dropped");
    CHECK(differences(after.listing, before.listing, {}).empty());
    CHECK(after.findings.all().empty());
    check_log_stands(made);
}

TEST_CASE("a log is neither replayed nor dropped unless it is asked for") {
    Logged made = logged_edit();
    const auto before = superblocks_of(made.bench);
    CHECK_FALSE(made.bench.repair().commit.is_committed);
    CHECK(superblocks_of(made.bench).front().bytes == before.front().bytes);
}

TEST_CASE("a log whose blocks are lost is not replayed") {
    Logged made = logged_edit();
    made.bench.filesystem.write(made.log_blocks.rbegin()->first, Block(16384));
    const auto filesystem = made.bench.filesystem.open();
    const auto done =
        repair::run(filesystem, made.bench.filesystem.writable(), {.log = repair::WaitingLog::replayed}, {}, {}, {});
    REQUIRE_FALSE(done);
    CHECK(done.error().message.find("--drop-log") != std::string::npos);
    CHECK(filesystem.super().generation == made.bench.filesystem.open().super().generation);
}

} // namespace replayed_log_test
