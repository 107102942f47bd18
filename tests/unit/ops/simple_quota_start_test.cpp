// SPDX-License-Identifier: MIT
// Simple quotas that were switched on when files were there already: these count for nobody, neither while they stay
// nor when they go.
#include "formats/btrfs/item_types.h"
#include "formats/btrfs/quota.h"
#include "libfs/edit/subvolume_editor.h"
#include "libfs/ops/commit/commit.h"
#include "tests/unit/ops/transaction_bench.h"

#include <doctest/doctest.h>

namespace simple_quota_start_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

namespace type = btrfs::item_type;

/// Quotas count from the next commit on.
EditedFilesystem switched_on() {
    EditedFilesystem filesystem({.features = {"squota"}, .slack_bytes = 24 * mib});
    const u64 since = filesystem.open().super().generation + 1;
    filesystem.edit(btrfs::quota_tree_id, [&](auto& items) {
        auto& status = item_of_type(items, type::qgroup_status);
        REQUIRE(status.data.size() >= sizeof(btrfs::QgroupStatusItem) + sizeof(btrfs::QgroupStatusTail));
        reinterpret_cast<btrfs::QgroupStatusTail*>(status.data.data() + sizeof(btrfs::QgroupStatusItem))->enable_gen =
            since;
        for (auto& item : items) {
            if (item.key.type == type::qgroup_info) {
                edit_body<btrfs::QgroupInfoItem>(item, [](auto& info) { info.rfer = info.excl = 0; });
            }
        }
    });
    return filesystem;
}

u64 counted(const EditedFilesystem& filesystem, u64 group) {
    for (const auto& item : filesystem.items(btrfs::quota_tree_id)) {
        if (item.key == btrfs::Key{0, type::qgroup_info, group}) {
            return view_at<btrfs::QgroupInfoItem>(item.data)->rfer;
        }
    }
    return ~u64{0};
}

} // namespace

TEST_CASE("What was there before simple quotas is not taken off of what they have counted") {
    const auto edited = switched_on();
    CHECK(check_filesystem(edited.open()).findings.all().empty());
    const u64 nodesize = edited.open().super().nodesize;
    // Each commit writes the tree's only leaf anew; the first of them gives back one that was never counted.
    for (unsigned round = 0; round < 2; ++round) {
        const auto filesystem = edited.open();
        auto transaction = must(Transaction::begin(filesystem, {}));
        DirectoryEditor directories(transaction, {.sec = 3000});
        must(directories.make_directory({.tree = btrfs::fs_tree_id, .inode = btrfs::root_dir_inode},
                                        "directory" + std::to_string(round)));
        must(commit::run(transaction, edited.writable(), {}, {}));
        CHECK(counted(edited, btrfs::fs_tree_id) == nodesize);
        CHECK(check_filesystem(edited.open()).findings.all().empty());
    }
}

} // namespace simple_quota_start_test
