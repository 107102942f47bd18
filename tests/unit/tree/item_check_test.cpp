// SPDX-License-Identifier: MIT
// What holds for items of every type: valid ones give no finding, sizes have limits, findings say where they are.
#include "libfs/base/problem.h"
#include "tests/unit/tree/item_findings.h"

namespace item_check_test {

namespace {

using namespace btrkit;
using namespace btrkit::test;

/// A lone item of a type and size, in a tree whose rules know no neighbours.
std::string size_finding(const btrfs::ItemTypeInfo& info, u32 size) {
    const u64 objectid = info.type == type::untyped ? btrfs::free_space_objectid : u64{1} << 20;
    return findings({{{objectid, info.type, 4096}, std::vector<std::byte>(size)}}, btrfs::csum_tree_id);
}

} // namespace

TEST_CASE("valid items give no finding") {
    for (const auto& leaf : valid_leaves()) {
        CAPTURE(leaf.name);
        CHECK(findings(leaf.items, leaf.owner, leaf.geometry) == "");
    }
}

TEST_CASE("every item type's size has the limits of the table, and nothing else is said beyond them") {
    for (const auto& info : btrfs::item_types) {
        CAPTURE(info.name);
        if (info.min_size > 0) {
            CHECK(size_finding(info, info.min_size - 1) == "item-size");
        }
        if (info.max_size != btrfs::no_size_limit) {
            CHECK(size_finding(info, info.max_size + 1) == "item-size");
        }
    }
}

TEST_CASE("sizes that no tree-checker looks at are findings all the same") {
    for (const u8 of_type : {type::dev_replace, type::orphan_item, type::uuid_key_subvol}) {
        const auto problems =
            problems_of({{{u64{1} << 20, of_type, 4096}, std::vector<std::byte>(5)}}, btrfs::csum_tree_id);
        REQUIRE(problems.size() == 1);
        CHECK(problems.front().code == ProblemCode::item_size);
        CHECK(problems.front().refused_by == KernelTrait::no_kernel);
    }
}

TEST_CASE("unknown item types are noted") {
    CHECK(findings({{{256, 77, 0}}}, btrfs::fs_tree_id) == "item-unknown-type");
    CHECK(findings({{{256, type::untyped, 0}}}, btrfs::fs_tree_id) == "item-unknown-type");
}

TEST_CASE("a finding says where it is and names the values at fault") {
    const auto problems =
        problems_of({{{256, type::inode_item, 0}, bytes_from(valid_inode(040755))},
                     {{257, type::inode_item, 0}, changed(valid_inode(040755), [](auto& inode) { inode.nlink = 3; })}},
                    btrfs::fs_tree_id);
    REQUIRE(problems.size() == 1);
    const auto& problem = problems.front();
    CHECK(problem.code == ProblemCode::item_inode);
    CHECK(problem.detail == "nlink 3, but directories have 1");
    CHECK(problem.place.tree == btrfs::fs_tree_id);
    CHECK(problem.place.logical == Logical{BlockIdentity{}.address});
    CHECK(problem.place.slot == 1U);
    CHECK(problem.place.key == btrfs::Key{257, type::inode_item, 0});
}

TEST_CASE("findings of one leaf come in slot order") {
    const auto bad = changed(valid_inode(0100644), [](auto& inode) { inode.mode = 0; });
    const auto problems = problems_of(
        {{{256, type::inode_item, 0}, bad}, {{257, 77, 0}}, {{258, type::inode_item, 0}, bad}}, btrfs::fs_tree_id);
    CHECK(ids_of(problems) == "item-inode item-unknown-type item-inode");
    CHECK(problems[0].place.slot == 0U);
    CHECK(problems[2].place.slot == 2U);
}

TEST_CASE("items of a leaf that was never written are not checked, and that is said once") {
    const Geometry geometry = sample_geometry();
    const BlockIdentity identity{.flags = 0};
    const auto check = [&](const Block& block) {
        Problems problems;
        const auto proven = TreeBlock::prove(block, geometry, {.address = {identity.address}}, problems);
        REQUIRE(proven);
        check_items(*proven, geometry, btrfs::fs_tree_id, problems);
        return ids_of(problems);
    };
    CHECK(check(build_leaf(geometry, identity, {{{256, 77, 0}}, {{257, 77, 0}}})) == "block-not-written");
    CHECK(check(build_node(geometry, {.level = 1, .flags = 0}, {{{256, 77, 0}, 4096}})) == "block-not-written");
}

} // namespace item_check_test
