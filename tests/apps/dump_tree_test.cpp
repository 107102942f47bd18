// SPDX-License-Identifier: MIT
#include "apps/dump_tree/dump_tree.h"

#include "formats/btrfs/item_types.h"
#include "libfs/render/fields_json.h"
#include "tests/apps/made_image.h"
#include "tests/apps/tool_run.h"
#include "tests/support/tiny_filesystem.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <sstream>

namespace dump_tree_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

ToolRun dump(const std::vector<std::string>& arguments) {
    return run_tool(apps::run_dump_tree, arguments);
}

/// The devices of a filesystem as files.
class TinyImages {
public:
    explicit TinyImages(TinyFilesystem& tiny) {
        for (const u64 devid : tiny.image.devids()) {
            const auto bytes = tiny.image.device_bytes(devid);
            files_.push_back(std::make_unique<TempFile>(bytes.size()));
            files_.back()->write(0, bytes);
        }
    }

    const std::string& path(std::size_t i = 0) const { return files_.at(i)->path(); }

private:
    std::vector<std::unique_ptr<TempFile>> files_;
};

/// One line, begun by the tool's name, and nothing printed.
void check_one_error(const ToolRun& run, int status, std::string_view part) {
    CHECK(run.status == status);
    CHECK(run.out.empty());
    CHECK(run.err.starts_with("btrkit-dump-tree: "));
    CHECK(count_of(run.err, "\n") == 1);
    CHECK_MESSAGE(contains(run.err, part), run.err);
}

std::vector<Json> json_lines(const ToolRun& run) {
    std::vector<Json> lines;
    std::istringstream in(run.out);
    for (std::string line; std::getline(in, line);) {
        lines.push_back(Json::parse(line));
    }
    return lines;
}

} // namespace

TEST_CASE("dump-tree: help fits a screen, version names the libraries") {
    const auto help = dump({"--help"});
    CHECK(help.status == 0);
    CHECK(help.err.empty());
    CHECK(help.out.starts_with("Usage: btrkit-dump-tree [OPTIONS] IMAGE..."));
    CHECK(count_of(help.out, "\n") <= 36);
    std::istringstream in(help.out);
    for (std::string line; std::getline(in, line);) {
        CHECK_MESSAGE(line.size() <= 80, line);
    }
    const auto version = dump({"--version"});
    CHECK(version.status == 0);
    CHECK(version.out.starts_with("btrkit-dump-tree 0."));
}

TEST_CASE("dump-tree: wrong usage is status 2 and one line with a hint") {
    check_one_error(dump({}), 2, "IMAGE is required (see btrkit-dump-tree --help)");
    check_one_error(dump({"--nonsense", "image"}), 2, "--nonsense");
    check_one_error(dump({"-t", "no_such", "image"}), 2, "'no_such' is no tree");
    check_one_error(dump({"image", "-t", "5", "-t", ""}), 2, "'' is no tree");
    check_one_error(dump({"-b", "12x", "image"}), 2, "'12x' is no number");
    check_one_error(dump({"-b", "-1", "image"}), 2, "-b");
    check_one_error(dump({"--from", "1,2,3,4", "image"}), 2, "'1,2,3,4' is no key");
    check_one_error(dump({"--to", "x", "image"}), 2, "'x' is no key");
    check_one_error(dump({"--threads", "0", "image"}), 2, "'0' is not from 1 to 256");
    check_one_error(dump({"--threads", "257", "image"}), 2, "257");
    check_one_error(dump({"--format", "xml", "image"}), 2, "not one of text, json or lines");
    check_one_error(dump({"image", "-t"}), 2, "-t");
    check_one_error(dump({"image", "--path"}), 2, "--path");
}

TEST_CASE("dump-tree: options that contradict each other are status 2") {
    check_one_error(dump({"image", "-R", "--format", "lines"}), 2, "no form of lines");
    check_one_error(dump({"image", "--path", "/", "-t", "5"}), 2, "--path names its tree");
    check_one_error(dump({"image", "--path", "/", "-b", "4096"}), 2, "--path names its tree");
    check_one_error(dump({"image", "--from", "300", "--to", "299"}), 2, "--to lies before --from");
}

TEST_CASE("dump-tree: what is no filesystem is status 1") {
    check_one_error(dump({"/nothing/there"}), 1, "/nothing/there: cannot open: No such file");
    const TempFile empty;
    const auto run = dump({empty.path()});
    CHECK(run.status == 1);
    CHECK(run.out.empty());
    CHECK(contains(run.err, empty.path()));
}

TEST_CASE("dump-tree: a sound filesystem is status 0, and nothing goes to standard error") {
    TinyFilesystem tiny;
    const TinyImages images(tiny);
    const auto all = dump({images.path()});
    CHECK(all.status == 0);
    CHECK(all.err.empty());
    CHECK(all.out.starts_with("btrkit v0."));
    CHECK(contains(all.out, "\nfs tree key (FS_TREE ROOT_ITEM 0) \n"));
    CHECK(dump({"--noscan", "--bfs", "--threads", "3", "--", images.path()}).out == all.out);
    CHECK(dump({images.path(), "--dfs", "--bfs"}).out == all.out); // the last counts
    CHECK(dump({images.path(), "--bfs", "--dfs"}).out != all.out);
    const auto verbose = dump({"-v", images.path()});
    CHECK(verbose.status == 0);
    CHECK(verbose.out == all.out);
    CHECK(contains(verbose.err, " blocks, "));
}

TEST_CASE("dump-tree: trees by number and by name, in the order of the options") {
    TinyFilesystem tiny;
    const TinyImages images(tiny);
    const auto one = dump({"-t", "5", images.path()});
    CHECK(one.status == 0);
    for (const auto* spelling : {"0x5", "fs", "FS_TREE", "BTRFS_FS_TREE_OBJECTID", "Fs-Tree"}) {
        CHECK(dump({"-t", spelling, images.path()}).out == one.out);
    }
    CHECK(dump({"--tree=5", images.path()}).out == one.out);
    const auto both = dump({images.path(), "-t", "uuid", "-t", "dev"});
    CHECK(both.out.find("uuid tree key") < both.out.find("device tree key"));
    const auto missing = dump({images.path(), "-t", "4711"});
    check_one_error(missing, 1, images.path() + ": no tree 4711");
}

TEST_CASE("dump-tree: blocks, paths, keys and roots") {
    TinyFilesystem tiny;
    const TinyImages images(tiny);
    const auto& root = tiny.tree(btrfs::fs_tree_id);
    const auto address = std::to_string(root.address());
    const auto block = dump({images.path(), "-b", address, "-b", address});
    CHECK(block.status == 0);
    CHECK(contains(block.out, "\nnode " + address + " level " + std::to_string(root.level())));
    CHECK(count_of(block.out, "fs uuid") == 1);
    CHECK(count_of(dump({images.path(), "-b", address, "--follow"}).out, "fs uuid") ==
          blocks_in_order(root, WalkOrder::depth_first).size());
    CHECK(dump({images.path(), "-b", "4096"}).status == 1);

    const auto file = dump({images.path(), "--path", "/docs/sub/inside", "--format", "lines"});
    CHECK(file.status == 0);
    CHECK(count_of(file.out, "\n") == 3);
    check_one_error(dump({images.path(), "--path", "/docs/none"}), 1, "path /docs/none: no \"none\"");

    const auto keys =
        dump({images.path(), "-t", "5", "--from", "258,DIR_INDEX", "--to", "258,dir_index,4", "--format=lines"});
    CHECK(keys.status == 0);
    CHECK(count_of(keys.out, "\n") == 3);

    const auto roots = dump({images.path(), "-r"});
    CHECK(contains(roots.out, "fs tree key (FS_TREE ROOT_ITEM 0) " + address + " level "));
    CHECK(dump({images.path(), "-R"}).out.size() > roots.out.size());
    CHECK(contains(dump({images.path(), "-R"}).out, "btrfs root backup slot 0"));
}

TEST_CASE("dump-tree: JSON is a header and an object a line") {
    TinyFilesystem tiny;
    const TinyImages images(tiny);
    const auto run = dump({images.path(), "--format", "json"});
    CHECK(run.status == 0);
    const auto lines = json_lines(run);
    REQUIRE(lines.size() > 100);
    CHECK(lines[0]["__header"]["document"] == "dump-tree");
    for (std::size_t i = 1; i < lines.size(); ++i) {
        CHECK(lines[i]["tree"].is_number_unsigned());
    }
}

TEST_CASE("dump-tree: the roots as JSON, with the names of ids that readers round") {
    TinyFilesystem tiny;
    const TinyImages images(tiny);
    const auto lines = json_lines(dump({images.path(), "-R", "--format", "json"}));
    const auto text = dump({images.path(), "-R"}).out;
    CHECK(lines.size() == 1 + count_of(text, " level ") + count_of(text, "backup slot") + 1);
    CHECK(lines[1]["tree_name"] == "root_tree");
    CHECK(lines[1]["root_key"].is_null());
    CHECK(contains(text, "root tree: " + std::to_string(lines[1]["root"].get<u64>()) + " level "));
    CHECK(lines[lines.size() - 2]["backup"] == 3);
    CHECK(lines.back()["end"]["total_bytes"] == 8388608);
}

TEST_CASE("dump-tree: damage is printed as an error and is status 1; the rest is printed all the same") {
    TinyFilesystem tiny(btrfs::block_group_dup);
    const auto leaves = blocks_in_order(tiny.tree(btrfs::fs_tree_id), WalkOrder::leaves_only);
    const auto sound = [&] {
        const TinyImages images(tiny);
        return dump({images.path()});
    }();
    CHECK(sound.status == 0);
    SUBCASE("one copy") {
        tiny.image.spoil(leaves[3]->address(), 1);
        const TinyImages images(tiny);
        const auto run = dump({images.path()});
        CHECK(run.status == 1);
        CHECK(run.out == sound.out);
        CHECK(count_of(run.err, "\n") == 1);
        CHECK(run.err.starts_with("btrkit-dump-tree: error: [block-checksum]"));
        CHECK(contains(run.err, "mirror 1"));
        CHECK(dump({"-q", images.path()}).err == run.err);
    }
    SUBCASE("both copies") {
        tiny.image.spoil(leaves[3]->address());
        const TinyImages images(tiny);
        const auto run = dump({images.path()});
        CHECK(run.status == 1);
        CHECK(count_of(run.err, "\n") == 3);
        CHECK(contains(run.err, "[block-lost]"));
        CHECK(count_of(run.out, "\titem ") == count_of(sound.out, "\titem ") - leaves[3]->items.size());
    }
    SUBCASE("an item") {
        tiny.image.change(leaves[3]->address(), [](Block& block) { block.back() ^= std::byte{0xff}; });
        const TinyImages images(tiny);
        CHECK(count_of(dump({images.path()}).out, "\titem ") == count_of(sound.out, "\titem "));
    }
}

TEST_CASE("dump-tree: -b of a block without a good copy shows it with what is wrong, --copies each copy") {
    TinyFilesystem tiny(btrfs::block_group_dup);
    const auto address = blocks_in_order(tiny.tree(btrfs::fs_tree_id), WalkOrder::leaves_only)[3]->address();
    const auto number = std::to_string(address);
    const auto items_of = [](const ToolRun& run) { return count_of(run.out, "\titem "); };
    const auto sound = [&] {
        const TinyImages images(tiny);
        const auto copies = dump({images.path(), "-b", number, "--copies"});
        CHECK(copies.status == 0);
        const auto block = dump({images.path(), "-b", number});
        CHECK(items_of(copies) == 2 * items_of(block));
        CHECK(contains(copies.out, "block " + number + " copy 1 of 2, device 1 (" + images.path() + ") offset "));
        CHECK(count_of(copies.out, ": good\n") == 2);
        check_one_error(dump({images.path(), "--copies"}), 2, "--copies goes with -b");
        return block;
    }();
    tiny.image.spoil(address, 1);
    {
        const TinyImages images(tiny);
        const auto copies = dump({images.path(), "-b", number, "--copies"});
        CHECK(copies.status == 1);
        CHECK(contains(copies.out, "copy 2 of 2"));
        CHECK(count_of(copies.out, ": good\n") == 1);
        CHECK(count_of(copies.out, ": bad; [block-checksum] ") == 1);
        const auto lines = json_lines(dump({images.path(), "-b", number, "--copies", "--format", "json"}));
        CHECK(lines[1]["state"] == "bad");
        CHECK(lines[1]["findings"][0]["code"] == "block-checksum");
        CHECK(lines[1]["path"] == images.path());
    }
    tiny.image.spoil(address, 2);
    const TinyImages images(tiny);
    const auto lost = dump({images.path(), "-b", number});
    CHECK(lost.status == 1);
    CHECK(contains(lost.out, "block " + number + " copy 1 of 2, "));
    CHECK(contains(lost.out, ": bad; [block-checksum] "));
    CHECK(items_of(lost) == items_of(sound));
    CHECK_FALSE(contains(lost.err, "[root-unreadable]"));
}

TEST_CASE("dump-tree: -b of an address in a data chunk is called that") {
    const MadeImage image;
    const auto chunks = json_lines(dump({image.path(), "-t", "chunk", "--format", "json"}));
    const auto data = std::ranges::find_if(chunks, [](const Json& line) {
        return line.contains("item") && line["item"].contains("stripes") && line["item"]["type"] == 1;
    });
    REQUIRE(data != chunks.end());
    const auto address = std::to_string((*data)["key"]["offset"].get<u64>());
    const auto run = dump({image.path(), "-b", address});
    check_one_error(run, 1, address + " lies in a data chunk (DATA");
    CHECK(contains(dump({image.path(), "-b", "4096"}).err, "no chunk holds this address"));
}

TEST_CASE("dump-tree: notes are no errors") {
    TinyFilesystem tiny;
    auto items = FileTree().items();
    items.push_back({{btrfs::root_dir_inode, 99, 0}, {}});
    std::ranges::sort(items, {}, &LeafItem::key);
    tiny.replace_tree(tiny_nested_id, items);
    const TinyImages images(tiny);
    const auto run = dump({images.path()});
    CHECK(run.status == 0);
    CHECK_MESSAGE(run.err.starts_with("btrkit-dump-tree: note: [item-unknown-type]"), run.err);
    CHECK(count_of(run.err, "\n") == 1);
    const auto quiet = dump({"-q", images.path()});
    CHECK(quiet.status == 0);
    CHECK(quiet.err.empty());
    CHECK(quiet.out == run.out);
}

TEST_CASE("dump-tree: several devices, as operands or as members, or with one missing") {
    TinyFilesystem tiny(btrfs::block_group_raid1);
    const TinyImages images(tiny);
    const auto both = dump({images.path(0), images.path(1)});
    CHECK(both.status == 0);
    CHECK(both.err.empty());
    CHECK(dump({images.path(0), "--member", images.path(1)}).out == both.out);
    CHECK(dump({images.path(1), images.path(0)}).out == both.out);
    const auto one = dump({images.path(0)});
    CHECK(one.status == 0);
    CHECK(one.out == both.out);
    CHECK(contains(one.err, "[device-missing]"));
    const auto not_there = dump({images.path(0), "/nothing/there"});
    CHECK(not_there.status == 1);
    CHECK(not_there.out == both.out);
}

TEST_CASE("dump-tree: output that can't be written is status 1, and is said once") {
    TinyFilesystem tiny;
    const TinyImages images(tiny);
    for (const auto* threads : {"1", "4"}) {
        FullSink out;
        StringSink err;
        apps::Io io{.out = out, .err = err};
        CHECK(apps::run_dump_tree(std::vector<std::string>{images.path(), "--threads", threads}, io) == 1);
        CHECK(err.text() == "btrkit-dump-tree: " + images.path() + ": full sink: no space\n");
    }
}

TEST_CASE("dump-tree: names from the image don't reach the terminal as they are") {
    TinyFilesystem tiny;
    FileTree files;
    files.add_file(btrfs::root_dir_inode, "bad\x1b[31m\nname");
    tiny.replace_tree(tiny_nested_id, files.items());
    const TinyImages images(tiny);
    for (const auto* format : {"text", "json", "lines"}) {
        const auto run = dump({images.path(), "-t", "301", "--format", format});
        CHECK_FALSE(contains(run.out, "\x1b"));
        CHECK_FALSE(contains(run.out, "\nname"));
    }
    CHECK_FALSE(contains(dump({images.path(), "--path", "\x1b[31m\nx"}).err, "\x1b"));
}

} // namespace dump_tree_test
