// SPDX-License-Identifier: MIT
// Files whose data the extent tree records for others: they are not removed, for what would be left is not known.
#include "formats/btrfs/extent_ref.h"
#include "formats/btrfs/item_types.h"
#include "libfs/ops/edit_files/change.h"
#include "tests/unit/edit/edit_bench.h"

#include <doctest/doctest.h>

namespace damaged_refs_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

/// The reference to the data of that inode is one of another.
void mistake_owner(EditedFilesystem& filesystem, u64 inode, u64 other) {
    bool is_done = false;
    filesystem.edit(btrfs::extent_tree_id, [&](auto& items) {
        for (auto& item : items) {
            constexpr std::size_t at = sizeof(btrfs::ExtentItem) + 1; // behind the type of the inline reference
            const auto* extent = view_at<btrfs::ExtentItem>(item.data);
            const bool is_data = item.key.type == btrfs::item_type::extent_item && extent != nullptr &&
                                 (extent->flags & btrfs::extent_flag_data) != 0;
            auto* ref = is_data && item.data.size() >= at + sizeof(btrfs::ExtentDataRef)
                            ? reinterpret_cast<btrfs::ExtentDataRef*>(item.data.data() + at)
                            : nullptr;
            if (ref != nullptr && ref->objectid == inode) {
                ref->objectid = other;
                is_done = true;
            }
        }
    });
    REQUIRE(is_done);
}

} // namespace

TEST_CASE("A file whose data is recorded for another file is not removed") {
    EditedFilesystem edited({.slack_bytes = 24 * mib});
    const auto whole = edited.open();
    const u64 inode = must(find_path(whole, "/file2")).inode;
    mistake_owner(edited, inode, inode + 100);
    const auto filesystem = edited.open();
    const std::vector<edit_files::Command> commands = {{.change = edit_files::Remove{.path = "/file2"}}};
    const auto done = edit_files::run(filesystem, edited.writable(), commands, {.now = {.sec = 7000}}, {});
    REQUIRE_FALSE(done);
    CAPTURE(done.error().message);
    CHECK(done.error().kind == ErrorKind::damaged);
    CHECK(done.error().message.contains("references of one referrer go"));
    CHECK(edited.open().super().generation == filesystem.super().generation);
}

} // namespace damaged_refs_test
