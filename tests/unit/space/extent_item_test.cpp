// SPDX-License-Identifier: MIT
// What extent items say about their extents.
#include "libfs/space/extent_item.h"
#include "tests/support/build_leaf.h"
#include "tests/support/sample_superblock.h"

#include <doctest/doctest.h>

namespace extent_item_test {

using namespace btrkit;
using namespace btrkit::test;
namespace type = btrfs::item_type;

namespace {

constexpr btrfs::Key a_block{1 << 20, type::metadata_item, 1};

std::optional<u64> owner(const btrfs::Key& key, u64 flags, const std::vector<btrfs::InlineRef>& refs,
                         std::size_t cut_off = 0, bool has_info = false) {
    std::vector<std::vector<std::byte>> parts = {bytes_from(btrfs::ExtentItem{.refs = refs.size(), .flags = flags})};
    if (has_info) {
        parts.push_back(bytes_from(btrfs::TreeBlockInfo{.level = 1}));
    }
    for (const auto& ref : refs) {
        parts.push_back(bytes_from(ref));
    }
    auto body = joined(parts);
    body.resize(body.size() - cut_off);
    const auto extent = parse_extent(key, body, Geometry{});
    REQUIRE(extent);
    return owner_of_block(*extent, key, body);
}

} // namespace

TEST_CASE("the owner of a tree block, where its item proves it") {
    const btrfs::InlineRef of_5{.type = type::tree_block_ref, .offset = 5};
    const btrfs::InlineRef of_7{.type = type::tree_block_ref, .offset = 7};
    const btrfs::InlineRef by_parent{.type = type::shared_block_ref, .offset = 1 << 24};
    const u64 block = btrfs::extent_flag_tree_block;
    CHECK(owner(a_block, block, {of_5}) == 5);
    CHECK(owner(a_block, block, {of_7, of_5}) == 7);
    CHECK(owner({1 << 20, type::extent_item, 16384}, block, {of_5}, 0, true) == 5);
    CHECK_FALSE(owner(a_block, block, {}));
    CHECK_FALSE(owner(a_block, block, {of_5, by_parent}));
    CHECK_FALSE(owner(a_block, block, {by_parent}));
    CHECK_FALSE(owner(a_block, block, {of_5, of_7}, 1));
    CHECK_FALSE(owner(a_block, btrfs::extent_flag_data, {of_5}));
}

} // namespace extent_item_test
