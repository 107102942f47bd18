// SPDX-License-Identifier: MIT
// Quota groups that count what is not so, or lack an item or a direction.
#include "formats/btrfs/item_types.h"
#include "formats/btrfs/quota.h"
#include "tests/unit/repair/repair_bench.h"

#include <doctest/doctest.h>

namespace repair_quota_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

namespace type = btrfs::item_type;
using Items = EditedFilesystem::Items;

/// The numbers of all groups.
std::map<u64, std::array<u64, 4>> numbers_of(const EditedFilesystem& filesystem) {
    std::map<u64, std::array<u64, 4>> numbers;
    for (const auto& item : filesystem.items(btrfs::quota_tree_id)) {
        if (const auto* info =
                item.key.type == type::qgroup_info ? view_at<btrfs::QgroupInfoItem>(item.data) : nullptr) {
            numbers[item.key.offset] = {info->rfer, info->rfer_cmpr, info->excl, info->excl_cmpr};
        }
    }
    return numbers;
}

bool is_clean(const EditedFilesystem& filesystem) {
    return check_filesystem(filesystem.open()).findings.all().empty();
}

} // namespace

TEST_CASE("numbers of quota groups are those that the check counts, full quotas and simple ones") {
    for (const auto* feature : {"quota", "squota"}) {
        CAPTURE(std::string(feature));
        const EditedFilesystem untouched({.features = {feature}});
        REQUIRE(is_clean(untouched));
        EditedFilesystem filesystem({.features = {feature}});
        filesystem.edit_item<btrfs::QgroupInfoItem>(btrfs::quota_tree_id, type::qgroup_info,
                                                    [](btrfs::Key&, btrfs::QgroupInfoItem& info) {
                                                        info.rfer = u64{info.rfer} + 4096;
                                                        info.excl = 0;
                                                    });
        CHECK(check_filesystem(filesystem.open()).findings.any(ProblemCode::qgroup_count));
        CHECK(repair_in_place(filesystem).left_count == 0);
        CHECK(is_clean(filesystem));
        CHECK(numbers_of(filesystem) == numbers_of(untouched));
    }
}

TEST_CASE("items that a quota group lacks, and relations of one direction") {
    for (const auto& [what, change] : std::vector<std::pair<std::string, std::function<void(Items&)>>>{
             {"limit",
              [](Items& items) {
                  std::erase_if(items, [](const LeafItem& item) { return item.key.type == type::qgroup_limit; });
              }},
             {"relation with nobody",
              [](Items& items) { items.push_back({{5, type::qgroup_relation, (u64{1} << 48) + 7}}); }}}) {
        CAPTURE(what);
        EditedFilesystem filesystem({.features = {"squota"}});
        const auto numbers = numbers_of(filesystem);
        filesystem.edit(btrfs::quota_tree_id, change);
        CHECK(!is_clean(filesystem));
        CHECK(repair_in_place(filesystem).left_count == 0);
        CHECK(is_clean(filesystem));
        CHECK(numbers_of(filesystem) == numbers);
    }
}

} // namespace repair_quota_test
