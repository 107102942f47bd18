// SPDX-License-Identifier: MIT
// The trees that the root tree names, as verbs read them that do not scan it.
#include "libfs/survey/read_roots.h"

#include "formats/btrfs/item_types.h"
#include "tests/support/no_progress.h"
#include "tests/support/open_filesystem.h"

#include <doctest/doctest.h>

namespace read_roots_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

survey::Roots roots_of(const Filesystem& filesystem) {
    NoProgress progress;
    survey::Findings findings;
    const StopToken stop;
    survey::Survey survey{.filesystem = filesystem,
                          .parallelism = {},
                          .progress = progress,
                          .stop = stop,
                          .findings = findings,
                          .references = survey::ReferenceSums(1)};
    read_roots(survey);
    CHECK(findings.all().empty());
    return std::move(survey.roots);
}

} // namespace

TEST_CASE("roots: what the root tree names, in key order") {
    TinyFilesystem tiny;
    const auto opened = open_filesystem(tiny);
    const auto roots = roots_of(opened.filesystem);
    CHECK(roots.complete);
    CHECK(std::ranges::is_sorted(roots.records, {}, &survey::RootRecord::id));
    REQUIRE(roots.find(tiny_nested_id) != nullptr);
    CHECK(roots.find(tiny_nested_id)->root.block.address.bytenr == tiny.tree(tiny_nested_id).address());
    CHECK(roots.find(tiny_nested_id)->place.tree == btrfs::root_tree_id);
    CHECK(roots.find_backref(tiny_subvolume_id, tiny_nested_id) != nullptr);
    CHECK(roots.find(999) == nullptr);
}

TEST_CASE("roots: not complete where the root tree is lost") {
    TinyFilesystem tiny;
    const auto& root = tiny.tree(btrfs::root_tree_id);
    tiny.image.spoil(blocks_in_order(root, WalkOrder::leaves_only).back()->address());
    const auto opened = open_filesystem(tiny);
    CHECK_FALSE(roots_of(opened.filesystem).complete);
}

TEST_CASE("roots: items that have no place in the root tree are passed over") {
    CHECK(survey::belongs_in_root_tree({btrfs::fs_tree_id, btrfs::item_type::root_item, 0}));
    CHECK_FALSE(survey::belongs_in_root_tree({btrfs::fs_tree_id, btrfs::item_type::extent_item, 0}));
    survey::Roots roots;
    survey::RootsCollector(roots).take({100, btrfs::item_type::inode_item, 0}, {}, {});
    CHECK(roots.inodes.empty());
    survey::RootsCollector(roots).take({btrfs::root_tree_dir_id, btrfs::item_type::inode_item, 0}, {}, {});
    CHECK(roots.inodes.size() == 1);
}

} // namespace read_roots_test
