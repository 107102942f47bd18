// SPDX-License-Identifier: MIT
// The same output at any number of threads, whatever is dumped and however damaged it is; and what is dumped at all.
#include "libfs/ops/dump/dump_tree.h"

#include "formats/btrfs/item_types.h"
#include "tests/support/open_filesystem.h"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <sstream>

using namespace btrkit;
using namespace btrkit::test;
using btrkit::dump_tree::Format;
using btrkit::dump_tree::Options;
using Json = nlohmann::json;

namespace {

struct Dumped {
    std::string text;
    std::vector<std::string> problems;
    dump_tree::Report report;

    bool has(std::string_view part) const { return text.find(part) != std::string::npos; }
};

Options options_for(Format format) {
    Options options;
    options.format = format;
    options.first_line = "btrkit";
    return options;
}

Result<Dumped> try_dump(const Filesystem& filesystem, const Options& options, unsigned threads = 1) {
    StringSink out;
    std::vector<std::string> problems;
    const auto report = [&](const Problem& problem) { problems.push_back(describe(problem)); };
    const auto done = dump_tree::run(filesystem, options, {threads}, out, report);
    if (!done) {
        return std::unexpected(done.error());
    }
    return Dumped{out.text(), std::move(problems), *done};
}

Dumped dump(const Filesystem& filesystem, const Options& options, unsigned threads = 1) {
    auto dumped = try_dump(filesystem, options, threads);
    REQUIRE_MESSAGE(dumped, dumped.error().message);
    return std::move(*dumped);
}

/// With one thread, after it was compared with several.
Dumped dump_with_all_threads(const Filesystem& filesystem, const Options& options) {
    const auto alone = dump(filesystem, options, 1);
    for (const unsigned threads : {2U, 7U}) {
        CAPTURE(threads);
        const auto together = dump(filesystem, options, threads);
        CHECK(together.text == alone.text);
        CHECK(together.problems == alone.problems);
        CHECK(together.report.block_count == alone.report.block_count);
        CHECK(together.report.item_count == alone.report.item_count);
        CHECK(together.report.problem_count == alone.report.problem_count);
    }
    return alone;
}

std::vector<std::string> lines_with(std::string_view text, std::string_view part) {
    std::vector<std::string> lines;
    std::istringstream in{std::string(text)};
    for (std::string line; std::getline(in, line);) {
        if (line.find(part) != std::string::npos) {
            lines.push_back(line);
        }
    }
    return lines;
}

std::string joined_lines(const std::vector<std::string>& lines) {
    std::string all;
    for (const auto& line : lines) {
        all += line + "\n";
    }
    return all;
}

std::size_t item_count(const PlantedBlock& tree) {
    std::size_t count = 0;
    for (const auto* leaf : blocks_in_order(tree, WalkOrder::leaves_only)) {
        count += leaf->items.size();
    }
    return count;
}

/// More than a few batches of items, so that several threads have something to do.
void plant_many_files(TinyFilesystem& tiny) {
    FileTree files;
    for (unsigned i = 0; i < 130; ++i) {
        files.add_file(btrfs::root_dir_inode, "many-" + std::to_string(i), std::string(i % 70, 'y'));
    }
    tiny.replace_tree(tiny_nested_id, files.items());
}

/// Lost leaves and nodes, bad copies, malformed blocks, impossible items, in all trees.
void damage(TinyFilesystem& tiny) {
    auto& image = tiny.image;
    const auto blocks = [&](u64 id) { return blocks_in_order(tiny.tree(id), WalkOrder::breadth_first); };
    const auto nested = blocks(tiny_nested_id);
    for (std::size_t i = 5; i < nested.size(); i += 7) {
        image.spoil(nested[i]->address(), 1);
    }
    for (std::size_t i = 30; i < nested.size(); i += 31) {
        image.spoil(nested[i]->address());
    }
    const auto top = blocks(btrfs::fs_tree_id);
    image.spoil(top[2]->address());
    image.change(top[3]->address(), [](Block& block) { std::swap(pointer_in(block, 0), pointer_in(block, 1)); });
    image.change(top.back()->address(), [](Block& block) { item_in(block, 0).size = 3; });
    image.change(blocks(btrfs::dev_tree_id).back()->address(), [](Block& block) { block.back() ^= std::byte{1}; });
    tiny.change_root_item(tiny_subvolume_id, [](auto& root) { root.generation = 17; });
    tiny.change_root_item(btrfs::uuid_tree_id, [](auto& root) { root.bytenr = 4096; });
}

class FailingSink final : public OutputSink {
public:
    explicit FailingSink(std::size_t room) : room_(room) {}

    Result<void> write(std::string_view text) override {
        ++writes_;
        if (failed_ || text.size() > room_) {
            failed_ = true;
            return fail(ErrorKind::io, "failing sink: no space");
        }
        room_ -= text.size();
        return {};
    }
    std::size_t writes() const { return writes_; }
    bool failed() const { return failed_; }

private:
    std::size_t room_;
    std::size_t writes_ = 0;
    bool failed_ = false;
};

constexpr std::array all_formats = {Format::text, Format::json, Format::lines};

} // namespace

TEST_CASE("a sound filesystem is dumped whole and without a word, the same with any number of threads") {
    for (const u64 profile : {u64{0}, btrfs::block_group_dup, btrfs::block_group_raid1}) {
        TinyFilesystem tiny(profile);
        plant_many_files(tiny);
        const auto [filesystem, problems] = open_filesystem(tiny);
        CHECK(problems.empty());
        std::size_t blocks = 1; // the chunk tree's
        std::size_t items = 0;
        for (const auto& [id, tree] : tiny.trees) {
            blocks += blocks_in_order(tree, WalkOrder::breadth_first).size();
            items += item_count(tree);
        }
        items += tiny.image.devids().size() + tiny.image.chunks().size();
        for (const auto format : all_formats) {
            const auto dumped = dump_with_all_threads(filesystem, options_for(format));
            CHECK(joined_lines(dumped.problems) == "");
            CHECK(dumped.report.problem_count == 0);
            CHECK(dumped.report.block_count == blocks);
            CHECK(dumped.report.item_count == items);
        }
    }
}

TEST_CASE("the text has a heading for each tree, in the order of the root tree") {
    TinyFilesystem tiny;
    const auto [filesystem, problems] = open_filesystem(tiny);
    const auto dumped = dump(filesystem, options_for(Format::text));
    CHECK(dumped.text.starts_with("btrkit\nroot tree\nnode "));
    const std::vector<std::string> headings = {"root tree",
                                               "chunk tree",
                                               "extent tree key (EXTENT_TREE ROOT_ITEM 0) ",
                                               "device tree key (DEV_TREE ROOT_ITEM 0) ",
                                               "fs tree key (FS_TREE ROOT_ITEM 0) ",
                                               "uuid tree key (UUID_TREE ROOT_ITEM 0) ",
                                               "file tree key (300 ROOT_ITEM 0) ",
                                               "file tree key (301 ROOT_ITEM 0) "};
    std::vector<std::string> found;
    for (const auto& line : lines_with(dumped.text, " tree")) {
        if (line.front() != '\t') {
            found.push_back(line);
        }
    }
    CHECK(found == headings);
    CHECK(
        dumped.text.ends_with("total bytes 8388608\nbytes used 2097152\nuuid f5f5f5f5-f5f5-f5f5-f5f5-f5f5f5f5f5f5\n"));
}

TEST_CASE("every line of JSON is an object, every item of the other format a line") {
    TinyFilesystem tiny;
    damage(tiny);
    const auto [filesystem, problems] = open_filesystem(tiny);
    const auto json = dump(filesystem, options_for(Format::json));
    std::istringstream in(json.text);
    std::size_t items = 0;
    std::string line;
    REQUIRE(std::getline(in, line));
    CHECK(Json::parse(line).contains("__header"));
    while (std::getline(in, line)) {
        items += Json::parse(line).contains("item") ? 1 : 0;
    }
    CHECK(items == json.report.item_count);
    CHECK(dump(filesystem, options_for(Format::lines)).report.item_count == items);
}

TEST_CASE("a damaged filesystem is dumped as far as it goes, the same with any number of threads") {
    for (const u64 profile : {u64{0}, btrfs::block_group_dup}) {
        TinyFilesystem tiny(profile);
        plant_many_files(tiny);
        damage(tiny);
        const auto [filesystem, problems] = open_filesystem(tiny);
        for (const auto format : all_formats) {
            for (const auto order : {WalkOrder::breadth_first, WalkOrder::depth_first}) {
                auto options = options_for(format);
                options.order = order;
                const auto dumped = dump_with_all_threads(filesystem, options);
                CHECK(dumped.report.problem_count == dumped.problems.size());
                CHECK(dumped.problems.size() > 10);
                CHECK(dumped.report.item_count > 300);
            }
        }
    }
}

TEST_CASE("what is lost is named, and the rest is there") {
    TinyFilesystem tiny;
    const auto& lost = tiny.tree(btrfs::fs_tree_id).children[1];
    tiny.image.spoil(lost.address());
    const auto [filesystem, problems] = open_filesystem(tiny);
    for (const auto order : {WalkOrder::breadth_first, WalkOrder::depth_first, WalkOrder::leaves_only}) {
        auto options = options_for(Format::lines);
        options.trees = {btrfs::fs_tree_id};
        options.order = order;
        const auto dumped = dump(filesystem, options);
        REQUIRE(dumped.problems.size() == 2);
        CHECK(dumped.problems[0].starts_with("[block-checksum]"));
        CHECK(dumped.problems[1] == describe(lost_range(lost.ref)));
        CHECK(dumped.report.item_count == item_count(tiny.tree(btrfs::fs_tree_id)) - item_count(lost));
    }
}

TEST_CASE("a root that its root item promises wrongly is shown, and the promise is told") {
    TinyFilesystem tiny;
    auto options = options_for(Format::text);
    options.trees = {btrfs::fs_tree_id};
    const auto intact = [&] {
        const auto opened = open_filesystem(tiny);
        return dump(opened.filesystem, options).text;
    }();
    std::string_view code;
    SUBCASE("generation") {
        tiny.change_root_item(btrfs::fs_tree_id, [](auto& root) { root.generation = 17; });
        code = "[block-generation]";
    }
    SUBCASE("level") {
        tiny.change_root_item(btrfs::fs_tree_id, [](auto& root) { root.level = 0; });
        code = "[block-level]";
    }
    SUBCASE("impossible level") {
        tiny.change_root_item(btrfs::fs_tree_id, [](auto& root) { root.level = 255; });
        code = "[block-level]";
    }
    SUBCASE("another tree's root") {
        const u64 other = tiny.tree(btrfs::uuid_tree_id).address();
        tiny.change_root_item(btrfs::fs_tree_id, [&](auto& root) {
            root.bytenr = other;
            root.level = 0;
        });
        const auto opened = open_filesystem(tiny);
        const auto dumped = dump_with_all_threads(opened.filesystem, options);
        REQUIRE(dumped.problems.size() == 1);
        CHECK(dumped.problems[0].starts_with("[block-owner]"));
        CHECK(dumped.has("UUID_KEY_SUBVOL"));
        return;
    }
    const auto opened = open_filesystem(tiny);
    const auto dumped = dump_with_all_threads(opened.filesystem, options);
    REQUIRE(dumped.problems.size() == 1);
    CHECK(dumped.problems[0].starts_with(code));
    CHECK(dumped.text == intact);
}

TEST_CASE("a root that can't be read is fatal for its tree only") {
    TinyFilesystem tiny;
    tiny.change_root_item(btrfs::fs_tree_id, [](auto& root) { root.bytenr = u64{1} << 40; });
    tiny.image.spoil(tiny.tree(tiny_subvolume_id).address());
    const auto [filesystem, problems] = open_filesystem(tiny);
    const auto dumped = dump_with_all_threads(filesystem, options_for(Format::text));
    CHECK(dumped.has("\nuuid tree key"));
    CHECK(dumped.has("\nfile tree key (301 ROOT_ITEM 0)"));
    CHECK_FALSE(dumped.has("\nfs tree key"));
    std::size_t unreadable = 0;
    for (const auto& problem : dumped.problems) {
        unreadable += problem.starts_with("[root-unreadable]") ? 1 : 0;
    }
    CHECK(unreadable == 2);
}

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
    options.keys.first = {0, 0, 0};
    options.keys.last = {257, btrfs::item_type::inode_ref, ~u64{0}}; // both limits hold
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
            options.keys = {first, last};
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

TEST_CASE("many roots are written as they come, and not gathered") {
    TinyFilesystem tiny;
    btrfs::RootItem root;
    root.generation = tiny.image.generation();
    root.bytenr = tiny.tree(tiny_nested_id).address();
    root.level = tiny.tree(tiny_nested_id).level();
    const auto whole = bytes_from(root);
    std::vector<LeafItem> items;
    for (u64 id = 1000; id < 7000; ++id) {
        items.push_back(
            {{id, btrfs::item_type::root_item, 0}, {whole.begin(), whole.begin() + btrfs::legacy_root_item_size}});
    }
    const auto planted = tiny.image.plant(btrfs::root_tree_id, items, {15, 100});
    tiny.image.super().root = planted.address();
    tiny.image.super().root_level = planted.level();
    const auto [filesystem, problems] = open_filesystem(tiny);
    auto options = options_for(Format::text);
    options.roots = true;
    const auto dumped = dump_with_all_threads(filesystem, options);
    CHECK(lines_with(dumped.text, "file tree key (").size() == items.size());
    FailingSink out(dumped.text.size());
    CHECK(dump_tree::run(filesystem, options, {1}, out, [](const Problem&) {}));
    CHECK(out.writes() > 1);
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

TEST_CASE("output that can't be written ends the dump, and soon") {
    TinyFilesystem tiny;
    plant_many_files(tiny); // a few batches
    const auto [filesystem, problems] = open_filesystem(tiny);
    const auto whole = dump(filesystem, options_for(Format::text)).text.size();
    for (const unsigned threads : {1U, 2U, 7U}) {
        for (const std::size_t room : {std::size_t{0}, std::size_t{10}, whole / 3, whole - 1, whole}) {
            CAPTURE(threads);
            CAPTURE(room);
            FailingSink out(room);
            const auto done =
                dump_tree::run(filesystem, options_for(Format::text), {threads}, out, [](const Problem&) {});
            CHECK(done.has_value() == (room == whole));
            CHECK(out.failed() == (room < whole));
            if (!done) {
                CHECK(done.error().kind == ErrorKind::io);
                CHECK(done.error().message == "failing sink: no space");
            }
            if (room < 11) {
                CHECK(out.writes() == 1); // nothing is written behind a failure
            }
        }
    }
}

TEST_CASE("a root tree that is lost leaves the chunk tree") {
    TinyFilesystem tiny;
    tiny.image.spoil(tiny.tree(btrfs::root_tree_id).address());
    const auto [filesystem, problems] = open_filesystem(tiny);
    const auto dumped = dump_with_all_threads(filesystem, options_for(Format::text));
    CHECK(dumped.has("CHUNK_ITEM"));
    CHECK_FALSE(dumped.problems.empty());
    CHECK(dumped.has("total bytes"));
    auto options = options_for(Format::text);
    options.trees = {btrfs::fs_tree_id};
    const auto missing = try_dump(filesystem, options);
    REQUIRE_FALSE(missing);
    CHECK(missing.error().kind == ErrorKind::damaged);
}

TEST_CASE("part of the root tree lost: the trees of the rest are dumped, and the loss is told once") {
    TinyFilesystem tiny;
    const auto leaves = blocks_in_order(tiny.tree(btrfs::root_tree_id), WalkOrder::leaves_only);
    REQUIRE(leaves.size() > 1);
    tiny.image.spoil(leaves.front()->address());
    const auto [filesystem, problems] = open_filesystem(tiny);
    for (const bool extents_only : {false, true}) {
        auto options = options_for(Format::text);
        options.extents = extents_only;
        const auto dumped = dump_with_all_threads(filesystem, options);
        CHECK(dumped.problems.size() == 2);
        CHECK(dumped.problems.back().starts_with("[block-lost]"));
        CHECK(dumped.has("file tree key (301 ROOT_ITEM 0)") == !extents_only);
    }
}
