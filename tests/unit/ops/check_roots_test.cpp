// SPDX-License-Identifier: MIT
// What the root tree says of subvolumes and of work that was not finished.
#include "formats/btrfs/balance.h"
#include "formats/btrfs/item_types.h"
#include "tests/unit/ops/edited_filesystem.h"

#include <doctest/doctest.h>

namespace check_roots_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

void add_balance_item(EditedFilesystem& filesystem, std::size_t size) {
    filesystem.edit(btrfs::root_tree_id, [&](EditedFilesystem::Items& items) {
        items.push_back({{btrfs::balance_objectid, btrfs::item_type::temporary_item, 0}, std::vector<std::byte>(size)});
    });
}

} // namespace

TEST_CASE("a balance that was not finished is a note, one that can't go on an error") {
    EditedFilesystem whole;
    add_balance_item(whole, sizeof(btrfs::BalanceItem));
    const auto paused = check_filesystem(whole.devices()).findings;
    CHECK(paused.any(ProblemCode::balance_unfinished));
    CHECK(paused.count(Severity::error) == 0);

    EditedFilesystem cut;
    add_balance_item(cut, 10);
    CHECK(check_filesystem(cut.devices()).findings.any(ProblemCode::balance_item));
}

} // namespace check_roots_test
