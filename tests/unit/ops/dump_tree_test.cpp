// SPDX-License-Identifier: MIT
// The same output at any number of threads, however damaged the filesystem is, and all that is there.
#include "formats/btrfs/item_types.h"
#include "tests/unit/ops/dump_runs.h"

#include <nlohmann/json.hpp>

namespace dump_tree_test {

using namespace btrkit;
using namespace btrkit::test;
using Json = nlohmann::json;

namespace {

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
        CHECK(dumped.problems[1] == describe(lost_range(lost.promise)));
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

} // namespace dump_tree_test
