// SPDX-License-Identifier: MIT
// The walk of names: order, subvolumes, what is lost, and what no sound filesystem has.
#include "formats/btrfs/item_types.h"
#include "libfs/survey/names/name_walk.h"
#include "tests/support/dir_entry.h"
#include "tests/support/open_filesystem.h"

#include <algorithm>
#include <random>
#include <set>

#include <doctest/doctest.h>

namespace name_walk_test {

using namespace btrkit;
using namespace btrkit::test;
using survey::NameStep;
using survey::NameWalk;
using survey::NameWalkOptions;
namespace type = btrfs::item_type;

namespace {

/// Where one can be wrong about ending: more steps than any of the images here has.
constexpr std::size_t most_steps = 10'000;

struct Walked {
    std::vector<std::string> steps; ///< "name docs", "enter docs", "leave docs"
    std::vector<std::string> names; ///< paths alone
    std::set<std::string> found;    ///< those of them that no entry leads to
    std::set<std::string> without_inode;
    std::vector<std::string> damages;

    bool has(std::string_view path) const { return std::ranges::count(names, path) == 1; }
};

Walked walk_from(const Filesystem& filesystem, std::string_view path, NameWalkOptions options = {}) {
    const auto place = find_path(filesystem, path);
    REQUIRE(place);
    NameWalk walk(filesystem, *place, std::move(options));
    Walked walked;
    std::size_t inside = 0;
    while (const auto* step = walk.next()) {
        REQUIRE(walked.steps.size() < most_steps);
        if (step->kind == NameStep::Kind::damage) {
            REQUIRE(step->damage != nullptr);
            walked.damages.push_back(step->damage->message);
            continue;
        }
        REQUIRE(step->walked != nullptr);
        const std::string told(step->path);
        switch (step->kind) {
        case NameStep::Kind::name:
            walked.names.push_back(told);
            if (step->walked->is_found) {
                walked.found.insert(told);
            }
            if (!step->walked->inode) {
                walked.without_inode.insert(told);
            }
            walked.steps.push_back("name " + told);
            break;
        case NameStep::Kind::enter:
            ++inside;
            walked.steps.push_back("enter " + told);
            break;
        default:
            REQUIRE(inside > 0);
            --inside;
            walked.steps.push_back("leave " + told);
        }
    }
    CHECK(inside == 0);
    CHECK(walk.next() == nullptr);
    CHECK(walk.damage_count() == walked.damages.size());
    return walked;
}

Walked walk(TinyFilesystem& tiny, NameWalkOptions options = {}) {
    const auto opened = open_filesystem(tiny);
    return walk_from(opened.filesystem, "/", std::move(options));
}

/// What of it is not in the other.
std::set<std::string> missing_in(const Walked& other, const Walked& all) {
    const std::set<std::string> there(other.names.begin(), other.names.end());
    std::set<std::string> missing;
    std::ranges::copy_if(all.names, std::inserter(missing, missing.end()),
                         [&](const auto& name) { return !there.contains(name); });
    return missing;
}

std::vector<const PlantedBlock*> leaves_of(const PlantedBlock& tree) {
    return blocks_in_order(tree, WalkOrder::leaves_only);
}

bool has_item(const PlantedBlock& leaf, u64 number, u8 item_type) {
    return std::ranges::any_of(
        leaf.items, [&](const LeafItem& item) { return item.key.objectid == number && item.key.type == item_type; });
}

/// Whether the leaf of a tree has the reference of what is there in a sound filesystem, of a directory above it, or
/// its subvolume's top directory.
bool has_lost_reference_on_way(const Filesystem& sound, const std::string& path, u64 tree, const PlantedBlock& leaf) {
    for (auto end = path.size(); end != std::string::npos && end > 0; end = path.rfind('/', end - 1)) {
        const auto place = find_path(sound, path.substr(0, end));
        REQUIRE(place);
        if (place->tree.id != tree || place->inode == btrfs::root_dir_inode ||
            has_item(leaf, place->inode, type::inode_ref)) {
            return true;
        }
    }
    return false;
}

/// A subvolume of these items, without others in it.
Walked walk_items(const std::vector<LeafItem>& items, NameWalkOptions options = {}) {
    TinyFilesystem tiny;
    tiny.replace_tree(tiny_nested_id, items);
    const auto opened = open_filesystem(tiny);
    return walk_from(opened.filesystem, "/docs/sub/nested", std::move(options));
}

std::vector<LeafItem> without(std::vector<LeafItem> items, const std::function<bool(const btrfs::Key&)>& is_lost) {
    std::erase_if(items, [&](const LeafItem& item) { return is_lost(item.key); });
    return items;
}

} // namespace

TEST_CASE("name walk: a directory's inside follows its name, in the order in which things were made") {
    FileTree tree;
    tree.add_file(btrfs::root_dir_inode, "z");
    const u64 dir = tree.add_dir(btrfs::root_dir_inode, "dir");
    tree.add_file(btrfs::root_dir_inode, "a");
    tree.add_file(dir, "inner");
    const auto walked = walk_items(tree.items());
    CHECK(walked.damages.empty());
    CHECK(walked.steps == std::vector<std::string>{"name ", "enter ", "name z", "name dir", "enter dir",
                                                   "name dir/inner", "leave dir", "name a", "leave "});
}

TEST_CASE("name walk: with directory_first, all names and then the insides, sorted as asked for") {
    FileTree tree;
    tree.add_file(btrfs::root_dir_inode, "z");
    const u64 dir = tree.add_dir(btrfs::root_dir_inode, "dir");
    tree.add_file(btrfs::root_dir_inode, "a");
    tree.add_file(dir, "inner");
    const auto walked = walk_items(
        tree.items(), {.order = NameWalkOptions::Order::directory_first,
                       .is_before = [](const auto& one, const auto& other) { return one.name < other.name; }});
    CHECK(walked.steps == std::vector<std::string>{"name ", "enter ", "name a", "name dir", "name z", "enter dir",
                                                   "name dir/inner", "leave dir", "leave "});
}

TEST_CASE("name walk: goes into subvolumes, or stays out of them, or only tells so many levels") {
    TinyFilesystem tiny;
    const auto all = walk(tiny);
    CHECK(all.damages.empty());
    CHECK(all.found.empty());
    CHECK(all.without_inode.empty());
    CHECK(all.has("hello"));
    CHECK(all.has("docs/deep/er/leaf"));
    CHECK(all.has("docs/sub/inside"));
    CHECK(all.has("docs/sub/nested/innermost"));
    for (const auto name : colliding_names) {
        CHECK(all.has("docs/" + std::string(name)));
    }
    const auto outside = walk(tiny, {.subvolumes = NameWalkOptions::Subvolumes::stay_out});
    CHECK(missing_in(outside, all) ==
          std::set<std::string>{"docs/sub/inside", "docs/sub/nested", "docs/sub/nested/innermost"});
    const auto shallow = walk(tiny, {.most_depth = 1});
    CHECK(shallow.names == std::vector<std::string>{"", "hello", "docs"});
    CHECK(walk(tiny, {.most_depth = 0}).names == std::vector<std::string>{""});
}

TEST_CASE("name walk: snapshots by choice") {
    TinyFilesystem tiny;
    tiny.change_root_item(tiny_nested_id, [](btrfs::RootItem& item) { item.parent_uuid.bytes[0] = 1; });
    const auto without_them = walk(tiny);
    CHECK(without_them.has("docs/sub/nested"));
    CHECK_FALSE(without_them.has("docs/sub/nested/innermost"));
    const auto with_them = walk(tiny, {.subvolumes = NameWalkOptions::Subvolumes::enter_snapshots_too});
    CHECK(with_them.has("docs/sub/nested/innermost"));
}

TEST_CASE("name walk: begins anywhere, also at a file") {
    TinyFilesystem tiny;
    const auto opened = open_filesystem(tiny);
    CHECK(walk_from(opened.filesystem, "/docs/deep").names == std::vector<std::string>{"", "er", "er/leaf"});
    CHECK(walk_from(opened.filesystem, "/docs/sub").names ==
          std::vector<std::string>{"", "inside", "nested", "nested/innermost"});
    CHECK(walk_from(opened.filesystem, "/hello").steps == std::vector<std::string>{"name "});
}

TEST_CASE("name walk: what is skipped is not entered, in both orders") {
    for (const auto order : {NameWalkOptions::Order::inside_first, NameWalkOptions::Order::directory_first}) {
        TinyFilesystem tiny;
        const auto opened = open_filesystem(tiny);
        NameWalk names(opened.filesystem, *find_path(opened.filesystem, "/"), {.order = order});
        std::set<std::string> told;
        while (const auto* step = names.next()) {
            if (step->kind == NameStep::Kind::name) {
                told.emplace(step->path);
                if (step->path == "docs/sub") {
                    names.skip();
                }
            }
        }
        CHECK(told.contains("docs/sub"));
        CHECK(told.contains("docs/deep/er/leaf"));
        CHECK_FALSE(told.contains("docs/sub/inside"));
    }
}

TEST_CASE("name walk: whichever leaf is lost, what other items still tell is told, and nothing else") {
    TinyFilesystem sound;
    const auto all = walk(sound);
    const auto opened = open_filesystem(sound);
    for (const u64 id : {btrfs::fs_tree_id, tiny_subvolume_id, tiny_nested_id}) {
        const auto leaf_count = leaves_of(sound.tree(id)).size();
        for (std::size_t lost = 0; lost < leaf_count; ++lost) {
            TinyFilesystem tiny;
            const auto& leaf = *leaves_of(tiny.tree(id))[lost];
            CAPTURE(id);
            CAPTURE(lost);
            tiny.image.spoil(leaf.address());
            const auto walked = walk(tiny);
            const auto missing = missing_in(walked, all);
            CHECK((missing.empty() || !walked.damages.empty()));
            // What has lost its entries still has the reference in its own items, unless that, or one of a directory
            // above, is lost too.
            for (const auto& name : missing) {
                CAPTURE(name);
                CHECK(has_lost_reference_on_way(opened.filesystem, name, id, leaf));
            }
            for (const auto& name : missing_in(all, walked)) {
                CAPTURE(name);
                CHECK(name.find("lost+found/") != std::string::npos);
            }
            CHECK(std::set<std::string>(walked.names.begin(), walked.names.end()).size() == walked.names.size());
        }
    }
}

TEST_CASE("name walk: names of which the DIR_INDEX is lost come from the DIR_ITEM") {
    FileTree tree;
    tree.add_file(btrfs::root_dir_inode, "one");
    tree.add_file(btrfs::root_dir_inode, "two");
    TinyFilesystem tiny;
    tiny.replace_tree(tiny_nested_id, tree.items(), {.items_a_leaf = 1});
    for (const auto* leaf : leaves_of(tiny.tree(tiny_nested_id))) {
        if (leaf->items.front().key == btrfs::Key{btrfs::root_dir_inode, type::dir_index, 2}) {
            tiny.image.spoil(leaf->address());
        }
    }
    const auto opened = open_filesystem(tiny);
    const auto walked = walk_from(opened.filesystem, "/docs/sub/nested");
    CHECK(walked.damages.size() == 1);
    CHECK(walked.has("one"));
    CHECK(walked.has("two"));
    CHECK(walked.found.empty());
}

TEST_CASE("name walk: an entry without an inode is told, and damage") {
    FileTree tree;
    const u64 gone = tree.add_file(btrfs::root_dir_inode, "gone");
    tree.add_file(btrfs::root_dir_inode, "there");
    const auto walked = walk_items(without(tree.items(), [&](const btrfs::Key& key) { return key.objectid == gone; }));
    CHECK(walked.damages.size() == 1);
    CHECK(walked.without_inode == std::set<std::string>{"gone"});
    CHECK(walked.has("there"));
}

TEST_CASE("name walk: inodes that no entry leads to are found at their place, or below lost+found") {
    FileTree tree;
    const u64 dir = tree.add_dir(btrfs::root_dir_inode, "dir");
    const u64 with_name = tree.add_file(dir, "with-name");
    const u64 nameless = tree.add_file(dir, "nameless");
    const auto walked = walk_items(without(tree.items(),
                                           [&](const btrfs::Key& key) {
                                               return (key.objectid == dir && key.type >= type::dir_item) ||
                                                      (key.objectid == nameless && key.type == type::inode_ref);
                                           }),
                                   {.lost = NameWalkOptions::Lost::always});
    CHECK(walked.found == std::set<std::string>{"dir/with-name", "lost+found/" + std::to_string(nameless)});
    CHECK(with_name != nameless);
}

TEST_CASE("name walk: a directory of which only entries are left still gives its files") {
    FileTree tree;
    const u64 dir = tree.add_dir(btrfs::root_dir_inode, "dir");
    tree.add_file(dir, "inner");
    const auto lost_inode = without(tree.items(), [&](const btrfs::Key& key) {
        return key.objectid == dir && (key.type == type::inode_item || key.type == type::inode_ref);
    });
    const auto walked = walk_items(lost_inode);
    CHECK(walked.has("dir"));
    CHECK(walked.has("dir/inner"));
    // And where nothing at all is left of it but that files refer to it.
    const auto nothing_left = walk_items(
        without(lost_inode,
                [&](const btrfs::Key& key) {
                    return key.objectid == dir || (key.objectid == btrfs::root_dir_inode && key.type >= type::dir_item);
                }),
        {.lost = NameWalkOptions::Lost::always});
    CHECK(nothing_left.found ==
          std::set<std::string>{"lost+found/" + std::to_string(dir), "lost+found/" + std::to_string(dir) + "/inner"});
}

TEST_CASE("name walk: deleted files that wait to be cleaned up are not told") {
    FileTree tree;
    const u64 deleted = tree.add_file(btrfs::root_dir_inode, "deleted");
    auto items = without(tree.items(), [&](const btrfs::Key& key) {
        return key.type >= type::dir_item || key == btrfs::Key{deleted, type::inode_ref, btrfs::root_dir_inode};
    });
    for (auto& item : items) {
        if (item.key == btrfs::Key{deleted, type::inode_item, 0}) {
            reinterpret_cast<btrfs::InodeItem*>(item.data.data())->nlink = 0;
        }
    }
    CHECK(walk_items(items, {.lost = NameWalkOptions::Lost::always}).names == std::vector<std::string>{""});
}

TEST_CASE("name walk: directories that contain themselves, or have two names, are entered once") {
    FileTree tree;
    const u64 outer = tree.add_dir(btrfs::root_dir_inode, "outer");
    tree.add_file(outer, "file");
    auto items = tree.items();
    const btrfs::Key to_outer{outer, type::inode_item, 0};
    const btrfs::Key to_top{btrfs::root_dir_inode, type::inode_item, 0};
    items.push_back({{outer, type::dir_index, 50}, dir_entry(to_outer, btrfs::FileType::directory, "itself")});
    items.push_back({{outer, type::dir_index, 51}, dir_entry(to_top, btrfs::FileType::directory, "top")});
    items.push_back(
        {{btrfs::root_dir_inode, type::dir_index, 52}, dir_entry(to_outer, btrfs::FileType::directory, "again")});
    std::ranges::sort(items, {}, &LeafItem::key);
    for (const auto order : {NameWalkOptions::Order::inside_first, NameWalkOptions::Order::directory_first}) {
        const auto walked = walk_items(items, {.order = order});
        CHECK(walked.damages.size() == 3);
        CHECK(walked.has("outer/file") != walked.has("again/file"));
        CHECK(walked.has("again"));
        CHECK_FALSE(walked.has("outer/top/outer"));
    }
}

TEST_CASE("name walk: impossible names are damage; what stands beside them is told") {
    using namespace std::string_view_literals;
    for (const auto bad : {"a/b"sv, ".."sv, "."sv, ""sv, "nul\0byte"sv, "/"sv}) {
        CAPTURE(bad);
        FileTree tree;
        const u64 file = tree.add_file(btrfs::root_dir_inode, "good");
        auto items = tree.items();
        items.push_back({{btrfs::root_dir_inode, type::dir_index, 50},
                         dir_entry({file, type::inode_item, 0}, btrfs::FileType::regular, bad)});
        std::ranges::sort(items, {}, &LeafItem::key);
        const auto walked = walk_items(items);
        CHECK_FALSE(walked.damages.empty());
        CHECK(walked.names == std::vector<std::string>{"", "good"});
    }
}

TEST_CASE("name walk: a subvolume with two entries is entered once, one that is not there is damage") {
    FileTree tree;
    tree.add_subvolume(btrfs::root_dir_inode, "sub", tiny_subvolume_id);
    tree.add_subvolume(btrfs::root_dir_inode, "nowhere", 999);
    const auto walked = walk_items(tree.items());
    // The root tree has it in /docs: here it hangs elsewhere, as in a snapshot.
    CHECK(walked.has("sub"));
    CHECK_FALSE(walked.has("sub/inside"));
    CHECK(walked.has("nowhere"));
}

TEST_CASE("name walk: subvolumes whose entries are lost are below lost+found") {
    TinyFilesystem tiny;
    FileTree tree;
    tree.add_file(btrfs::root_dir_inode, "alone");
    tiny.replace_tree(btrfs::fs_tree_id, tree.items());
    const auto walked = walk(tiny, {.lost = NameWalkOptions::Lost::always});
    CHECK(walked.has("lost+found/subvolume-300/inside"));
    CHECK(walked.has("lost+found/subvolume-300/nested/innermost"));
    CHECK_FALSE(walked.has("lost+found/subvolume-301"));
}

TEST_CASE("name walk: ends, whatever keys and bodies say") {
    std::mt19937_64 random(1);
    for (unsigned round = 0; round < 200; ++round) {
        TinyFilesystem tiny;
        auto items = [&] {
            std::vector<LeafItem> all;
            for (const auto* leaf : leaves_of(tiny.tree(btrfs::fs_tree_id))) {
                all.insert(all.end(), leaf->items.begin(), leaf->items.end());
            }
            return all;
        }();
        for (unsigned change = 0; change < 1 + random() % 8; ++change) {
            auto& item = items[random() % items.size()];
            switch (random() % 3) {
            case 0: item.key.objectid = 256 + random() % 50; break;
            case 1: item.data = items[random() % items.size()].data; break;
            default:
                if (!item.data.empty()) {
                    item.data[random() % item.data.size()] = static_cast<std::byte>(random());
                }
            }
        }
        std::ranges::sort(items, {}, &LeafItem::key);
        const auto twin = std::ranges::unique(items, {}, &LeafItem::key);
        items.erase(twin.begin(), twin.end());
        tiny.replace_tree(btrfs::fs_tree_id, items);
        CAPTURE(round);
        for (const auto order : {NameWalkOptions::Order::inside_first, NameWalkOptions::Order::directory_first}) {
            const auto walked = walk(tiny, {.order = order, .lost = NameWalkOptions::Lost::always});
            for (const auto& name : walked.names) {
                CHECK(name.find("//") == std::string::npos);
                CHECK(name.find("..") == std::string::npos);
            }
        }
    }
}

} // namespace name_walk_test
