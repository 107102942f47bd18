// SPDX-License-Identifier: MIT
// Whose it is: from findings about blocks, inodes and subvolumes to paths.
#include "libfs/survey/naming/naming.h"
#include "libfs/survey/naming/paths.h"
#include "libfs/survey/naming/reach.h"
#include "libfs/survey/read_roots.h"
#include "tests/support/no_progress.h"
#include "tests/support/open_filesystem.h"

#include <set>

#include <doctest/doctest.h>

namespace naming_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

/// A filesystem of which the root tree is known, as far as naming needs it.
struct Known {
    explicit Known(TinyFilesystem& tiny) : opened(open_filesystem(tiny)) { survey::read_roots(survey); }

    survey::Finding name(Problem problem) {
        findings = {};
        findings.add(std::move(problem));
        survey::name_affected(survey);
        return findings.all().front();
    }

    OpenFilesystem opened;
    NoProgress progress;
    StopToken stop;
    survey::Findings findings;
    survey::Survey survey{.filesystem = opened.filesystem,
                          .parallelism = {},
                          .progress = progress,
                          .stop = stop,
                          .findings = findings,
                          .references = survey::ReferenceSums(1)};
};

const PlantedBlock& leaf_with(const PlantedBlock& root, const btrfs::Key& key) {
    for (const auto* leaf : blocks_in_order(root, WalkOrder::leaves_only)) {
        if (!leaf->items.empty() && key <= leaf->items.back().key) {
            return *leaf;
        }
    }
    throw std::runtime_error("no such key");
}

/// "5:/docs/file-1 5:/hello" of all subvolumes.
std::set<std::string> paths_of(const survey::Finding& finding) {
    std::set<std::string> paths;
    for (const auto& affected : finding.affected) {
        for (const auto& path : affected.paths) {
            paths.insert(std::to_string(affected.tree) + ":" + path);
        }
    }
    return paths;
}

} // namespace

TEST_CASE("naming: an inode is known by its path, and its subvolume by its own") {
    TinyFilesystem tiny;
    Known known(tiny);
    const auto& leaf = leaf_with(tiny.tree(tiny_nested_id), {257, 1, 0});
    const auto finding =
        known.name({.code = ProblemCode::inode_bytes,
                    .place = {.logical = Logical{leaf.address()}, .tree = tiny_nested_id, .inode = 257},
                    .detail = {}});
    REQUIRE(finding.affected.size() == 1);
    CHECK(finding.affected[0].tree == tiny_nested_id);
    CHECK(finding.affected[0].subvolume == "/docs/sub/nested");
    CHECK(finding.affected[0].paths == std::vector<std::string>{"/innermost"});
    CHECK(finding.subvolume_count == 1);
    CHECK(!finding.affects_more);
}

TEST_CASE("naming: files of a lost leaf get their names from the directories that are left") {
    TinyFilesystem tiny;
    // Somewhere in the files of /docs, whose entries stand elsewhere.
    const auto& leaf = leaf_with(tiny.tree(btrfs::fs_tree_id), {280, 1, 0});
    std::set<std::string> wanted;
    {
        Known sound(tiny);
        survey::LimitedCache cache(sound.opened.filesystem.reader(), 1 << 20);
        survey::Paths paths(sound.survey.roots, cache);
        for (const auto& item : leaf.items) {
            for (const auto& path : paths.of_inode(*sound.survey.roots.find(5), item.key.objectid)) {
                wanted.insert("5:" + path);
            }
        }
    }
    REQUIRE(!wanted.empty());
    tiny.image.spoil(leaf.address());
    Known known(tiny);
    CHECK(paths_of(known.name(lost_range(leaf.promise))) == wanted);
}

TEST_CASE("naming: only subvolumes whose trees lead to the block are concerned") {
    TinyFilesystem tiny;
    const auto& shared = tiny.tree(tiny_nested_id);
    // The other subvolume becomes a snapshot of this one.
    tiny.change_root_item(tiny_subvolume_id, [&](btrfs::RootItem& item) {
        item.bytenr = shared.address();
        item.level = shared.level();
    });
    Known known(tiny);
    survey::LimitedCache cache(known.opened.filesystem.reader(), 1 << 20);
    survey::Reach reach(known.survey.roots, cache);
    const auto& leaf = leaf_with(shared, {257, 1, 0});
    std::vector<u64> ids;
    for (const u32 number : reach.of({leaf.address()}, leaf.items.front().key)) {
        ids.push_back(reach.subvolumes()[number]->id());
    }
    CHECK(ids == std::vector<u64>{tiny_subvolume_id, tiny_nested_id});
    CHECK(reach.of({leaf.address() + 4096 * 1000}, leaf.items.front().key).empty());
}

TEST_CASE("naming: nothing is said of what is nobody's") {
    TinyFilesystem tiny;
    Known known(tiny);
    CHECK(known.name({.code = ProblemCode::extent_unreferenced, .place = {.logical = Logical{1}}, .detail = {}})
              .affected.empty());
    CHECK(known.name({.code = ProblemCode::super_value, .place = {}, .detail = {}}).affected.empty());
    const auto gone = known.name({.code = ProblemCode::root_dir, .place = {.tree = 999}, .detail = {}});
    CHECK(gone.affected.empty());
}

TEST_CASE("naming: directories that contain each other have no beginning") {
    TinyFilesystem tiny;
    auto items = FileTree();
    const u64 outer = items.add_dir(btrfs::root_dir_inode, "outer");
    const u64 inner = items.add_dir(outer, "inner");
    auto list = items.items();
    for (auto& item : list) {
        if (item.key == btrfs::Key{outer, 12, btrfs::root_dir_inode}) {
            item.key.offset = inner;
        }
    }
    tiny.replace_tree(tiny_nested_id, list);
    Known known(tiny);
    survey::LimitedCache cache(known.opened.filesystem.reader(), 1 << 20);
    survey::Paths paths(known.survey.roots, cache);
    const auto found = paths.of_inode(*known.survey.roots.find(tiny_nested_id), inner);
    REQUIRE(found.size() == 1);
    CHECK(found[0].starts_with("..."));
    CHECK(found[0].ends_with("/outer/inner"));
    CHECK(found[0].size() < 5000);
}

} // namespace naming_test
