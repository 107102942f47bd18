// SPDX-License-Identifier: MIT
// What is dumped where not everything was asked for.
#include "formats/btrfs/item_types.h"
#include "tests/unit/ops/dump_runs.h"

#include <nlohmann/json.hpp>

namespace dump_tree_selection_test {

using namespace btrkit;
using namespace btrkit::test;
using Json = nlohmann::json;

TEST_CASE("chosen trees come in the order that they were asked for, as often as they were") {
    TinyFilesystem tiny;
    const auto [filesystem, problems] = open_filesystem(tiny);
    auto options = options_for(Format::text);
    options.trees = {tiny_nested_id, btrfs::chunk_tree_id, btrfs::fs_tree_id, tiny_nested_id};
    const auto dumped = dump_with_all_threads(filesystem, options);
    const auto nested = dumped.text.find("file tree key (301 ROOT_ITEM 0)");
    const auto chunk = dumped.text.find("chunk tree\n");
    const auto top = dumped.text.find("fs tree key (FS_TREE ROOT_ITEM 0)");
    const auto again = dumped.text.rfind("file tree key (301 ROOT_ITEM 0)");
    CHECK(nested < chunk);
    CHECK(chunk < top);
    CHECK(top < again);
    CHECK(lines_with(dumped.text, "total bytes ").size() == 1);

    options.trees = {btrfs::fs_tree_id, 4711};
    const auto missing = try_dump(filesystem, options);
    REQUIRE_FALSE(missing);
    CHECK(missing.error().kind == ErrorKind::not_found);
}

TEST_CASE("blocks by address, alone or with what is below them") {
    TinyFilesystem tiny;
    const auto [filesystem, problems] = open_filesystem(tiny);
    const auto& tree = tiny.tree(btrfs::fs_tree_id);
    const auto& node = tree.children[1];
    const auto* leaf = blocks_in_order(tree.children[0], WalkOrder::leaves_only)[1];
    auto options = options_for(Format::text);
    options.blocks = {node.address(), leaf->address(), node.address()}; // repeated ones once, by address
    REQUIRE(node.address() > leaf->address());
    for (const bool extents : {false, true}) {
        options.extents = extents;
        auto dumped = dump_with_all_threads(filesystem, options);
        CHECK(dumped.report.block_count == 2);
        CHECK(dumped.problems.empty());
        CHECK(dumped.text.starts_with("btrkit\nleaf " + std::to_string(leaf->address()) + " items"));
        CHECK(dumped.has("\nnode " + std::to_string(node.address()) + " level"));
    }
    options.extents = false;
    options.follow = true;
    const auto followed = dump_with_all_threads(filesystem, options);
    CHECK(followed.report.block_count == 1 + blocks_in_order(node, WalkOrder::breadth_first).size());
    CHECK(followed.report.item_count == leaf->items.size() + item_count(node));

    options.follow = false;
    options.blocks = {leaf->address(), 4096, leaf->address() + 512, u64{1} << 50};
    const auto wrong = dump_with_all_threads(filesystem, options);
    CHECK(wrong.report.block_count == 1);
    CHECK(wrong.problems.size() >= 3);
    options.format = Format::json;
    CHECK(Json::parse(lines_with(dump(filesystem, options).text, "\"slot\":0,")[0])["tree"] == btrfs::fs_tree_id);
}

TEST_CASE("a path shows the items of its inode only") {
    TinyFilesystem tiny;
    const auto [filesystem, problems] = open_filesystem(tiny);
    auto options = options_for(Format::lines);
    options.path = "/docs/file-3";
    auto dumped = dump_with_all_threads(filesystem, options);
    CHECK(dumped.report.item_count == 3);
    for (const auto* item : {"INODE_ITEM", "INODE_REF", "EXTENT_DATA"}) {
        const auto lines = lines_with(dumped.text, item);
        REQUIRE(lines.size() == 1);
        CHECK(lines[0].find("262") != std::string::npos);
    }
    options.path = "docs/sub/inside";
    options.keys = KeyRange::through({0, 0, 0}, {257, btrfs::item_type::inode_ref, ~u64{0}}); // both limits hold
    dumped = dump(filesystem, options);
    CHECK(dumped.report.item_count == 2);
    options.path = "docs/nothing";
    const auto missing = try_dump(filesystem, options);
    REQUIRE_FALSE(missing);
    CHECK(missing.error().kind == ErrorKind::not_found);
}

TEST_CASE("keys from and to: the items between them, and no leaf without any") {
    TinyFilesystem tiny;
    const auto [filesystem, problems] = open_filesystem(tiny);
    const auto& tree = tiny.tree(btrfs::fs_tree_id);
    for (const auto format : all_formats) {
        for (const auto& [first, last] : {std::pair<btrfs::Key, btrfs::Key>{{258, 96, 10}, {258, 96, 12}},
                                          {{260, 0, 0}, {270, 255, ~u64{0}}},
                                          {{0, 0, 0}, {255, 255, ~u64{0}}},
                                          {{262, 1, 0}, {262, 1, 0}}}) {
            auto options = options_for(format);
            options.trees = {btrfs::fs_tree_id};
            options.keys = KeyRange::through(first, last);
            const auto dumped = dump_with_all_threads(filesystem, options);
            std::size_t expected = 0;
            std::size_t leaves = 0;
            for (const auto* leaf : blocks_in_order(tree, WalkOrder::leaves_only)) {
                const auto in_range = std::ranges::count_if(
                    leaf->items, [&](const LeafItem& item) { return options.keys.contains(item.key); });
                expected += in_range;
                leaves += in_range != 0 ? 1 : 0;
            }
            CHECK(dumped.report.item_count == expected);
            if (format == Format::text) {
                CHECK(lines_with(dumped.text, "\titem ").size() == expected);
                CHECK(lines_with(dumped.text, " items ").size() - lines_with(dumped.text, " level ").size() == leaves);
            }
        }
    }
}

TEST_CASE("only where the roots are, with the backups or without") {
    TinyFilesystem tiny;
    const auto [filesystem, problems] = open_filesystem(tiny);
    auto options = options_for(Format::text);
    options.roots = true;
    const auto roots = dump_with_all_threads(filesystem, options);
    CHECK(roots.report.block_count == 0);
    for (const auto& [id, tree] : tiny.trees) {
        const auto place = std::to_string(tree.address()) + " level " + std::to_string(tree.level()) + "\n";
        CHECK_MESSAGE(roots.has(place), id);
    }
    CHECK(roots.text.starts_with("btrkit\nroot tree: "));
    CHECK_FALSE(roots.has("backup"));
    options.backups = true;
    const auto backups = dump_with_all_threads(filesystem, options);
    CHECK(lines_with(backups.text, "btrfs root backup slot ").size() == 4);
    CHECK(backups.has("\t\textent root gen 17 block 30588928\n"));
}

TEST_CASE("extents, devices or uuids only") {
    TinyFilesystem tiny;
    const auto [filesystem, problems] = open_filesystem(tiny);
    const auto headings = [&](bool Options::* what) {
        auto options = options_for(Format::text);
        options.*what = true;
        std::vector<std::string> words;
        for (const auto& line : lines_with(dump_with_all_threads(filesystem, options).text, " tree")) {
            if (line.front() != '\t') {
                words.push_back(line.substr(0, line.find(" tree")));
            }
        }
        return words;
    };
    CHECK(headings(&Options::extents) == std::vector<std::string>{"extent", "device"});
    CHECK(headings(&Options::devices) == std::vector<std::string>{"root", "chunk", "device"});
    CHECK(headings(&Options::uuids) == std::vector<std::string>{"uuid"});
    auto options = options_for(Format::text);
    options.extents = true;
    const auto leaves = dump(filesystem, options);
    CHECK(lines_with(leaves.text, "node ").empty());
    CHECK(leaves.has("METADATA_ITEM"));
}

TEST_CASE("names are hidden in all formats") {
    TinyFilesystem tiny;
    const auto [filesystem, problems] = open_filesystem(tiny);
    for (const auto format : all_formats) {
        auto options = options_for(format);
        options.trees = {btrfs::fs_tree_id};
        CHECK(dump(filesystem, options).has("file-7"));
        options.hide_names = true;
        CHECK_FALSE(dump(filesystem, options).has("file-7"));
    }
}

} // namespace dump_tree_selection_test
