// SPDX-License-Identifier: MIT
// Names whose three forms don't agree: which one is named as wrong.
#include "formats/btrfs/dir.h"
#include "formats/btrfs/item_types.h"
#include "tests/unit/ops/edited_filesystem.h"

#include <doctest/doctest.h>

namespace check_names_test {

using namespace btrkit;
using namespace btrkit::test;

TEST_CASE("names: of twins in a directory's index the one is wrong that the inode does not know") {
    for (const bool is_before : {true, false}) {
        EditedFilesystem filesystem;
        btrfs::Key right{};
        btrfs::Key wrong{};
        filesystem.edit(btrfs::fs_tree_id, [&](EditedFilesystem::Items& items) {
            LeafItem twin = item_of_type(items, btrfs::item_type::dir_index);
            right = twin.key;
            twin.key.offset = is_before ? 1 : 1000000;
            wrong = twin.key;
            items.push_back(twin);
        });
        const auto report = check_filesystem(filesystem.devices());
        const auto found = std::ranges::find(report.findings.all(), ProblemCode::dir_name_twice,
                                             [](const auto& finding) { return finding.problem.code; });
        REQUIRE(found != report.findings.all().end());
        CHECK(found->problem.place.key == wrong);
        CHECK(right != wrong);
    }
}

} // namespace check_names_test
