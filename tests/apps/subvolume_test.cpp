// SPDX-License-Identifier: MIT
// btrkit-subvolume on an image that btrkit-mkfs made, and on what is no filesystem.
#include "apps/subvolume/subvolume.h"
#include "libfs/render/fields_json.h"
#include "tests/apps/json_members.h"
#include "tests/apps/made_image.h"

#include <fstream>

#include <doctest/doctest.h>

namespace subvolume_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

ToolRun subvolume(const std::vector<std::string>& arguments) {
    return run_tool(apps::run_subvolume, arguments);
}

Json json_of(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--format", "json"});
    const auto run = subvolume(arguments);
    CHECK(run.status == 0);
    return Json::parse(run.out);
}

} // namespace

TEST_CASE("subvolume list: a line each; by path and by id") {
    const MadeImage image;
    const auto listed = subvolume({"list", image.path()});
    CHECK(listed.status == 0);
    CHECK(listed.err.empty());
    CHECK(listed.out.starts_with("ID 256 gen "));
    CHECK(listed.out.ends_with(" top level 5 path sub\n"));
    CHECK(subvolume({"list", image.path(), "/sub"}).out == listed.out);
    CHECK(subvolume({"list", "-o", image.path(), "256"}).out.empty());
    CHECK(contains(subvolume({"list", "-a", image.path(), "256"}).out, "path <FS_TREE>/sub\n"));
    CHECK(subvolume({"list", "-G", "-0", image.path()}).out.empty());
    CHECK(subvolume({"list", "-r", image.path()}).out.empty());
}

TEST_CASE("subvolume show and property get: the same by path, id and uuid") {
    const MadeImage image;
    const auto shown = subvolume({"show", image.path(), "sub"});
    CHECK(shown.status == 0);
    CHECK(shown.out.starts_with("sub\n\tName: \t\t\tsub\n\tUUID: \t\t\t"));
    CHECK(subvolume({"show", "-r", "256", image.path()}).out == shown.out);
    const auto uuid = json_of({"show", image.path(), "256"})["subvolume"]["uuid"].get<std::string>();
    CHECK(subvolume({"show", "--uuid", uuid, image.path()}).out == shown.out);
    CHECK(subvolume({"property", "get", image.path(), "/"}).out == "ro=false\nlabel=tested\n");
    CHECK(subvolume({"property", "get", image.path(), "256", "ro"}).out == "ro=false\n");
    CHECK(subvolume({"property", "get", "-t", "d", image.path(), "/", "label"}).out == "label=tested\n");
    CHECK(subvolume({"get-default", image.path()}).out == "ID 5 (FS_TREE)\n");
}

TEST_CASE("subvolume: all digits are an id, a slash before them makes a path") {
    const MadeImage image;
    CHECK(contains(subvolume({"show", image.path(), "777"}).err, "there is no subvolume 777"));
    CHECK(contains(subvolume({"show", image.path(), "/777"}).err, "path /777: no \"777\""));
    CHECK(contains(subvolume({"show", image.path(), "docs"}).err, "path docs: not a subvolume"));
}

TEST_CASE("subvolume: wrong usage is said, and is status 2") {
    const MadeImage image;
    const std::vector<std::pair<std::vector<std::string>, std::string>> wrong{
        {{}, "the first argument is a verb"},
        {{"lost"}, "there is no verb 'lost'"},
        {{"property"}, "there is no verb 'property'"},
        {{"list"}, "IMAGE is required"},
        {{"list", "--sort", "size", image.path()}, "'size' is not one of"},
        {{"list", "-G", "+x", image.path()}, "'x' is no number"},
        {{"show", "-r", "5", image.path(), "/"}, "instead of SUBVOLUME"},
        {{"show", "-u", "5", image.path()}, "'5' is no uuid"},
        {{"show", "-r", "5", "-u", "01234567-0123-0123-0123-0123456789ab", image.path()}, "exclude each other"},
        {{"property", "get", image.path(), "/", "size"}, "there is no property 'size'"},
        {{"property", "get", image.path(), "docs", "ro"}, "has no property 'ro'"},
    };
    for (const auto& [arguments, what] : wrong) {
        CAPTURE(what);
        const auto run = subvolume(arguments);
        CHECK(run.status == 2);
        CHECK(contains(run.err, what));
        CHECK(run.out.empty());
    }
}

TEST_CASE("subvolume: what is no filesystem, and an answer that can't be written") {
    const TempFile nothing(1 << 20);
    const auto run = subvolume({"list", nothing.path()});
    CHECK(run.status == 1);
    CHECK(run.err.starts_with("btrkit-subvolume: "));
    const MadeImage image;
    FullSink full;
    FullSink err;
    apps::Io io{.out = full, .err = err};
    const std::vector<std::string> arguments{"list", image.path()};
    CHECK(apps::run_subvolume(arguments, io) == 1);
}

TEST_CASE("the pages of the schemas name every member of the documents") {
    const MadeImage image;
    std::set<std::string> names;
    collect_members(json_of({"list", image.path()}), names);
    collect_members(json_of({"show", image.path(), "sub"}), names);
    collect_members(json_of({"get-default", image.path()}), names);
    collect_members(json_of({"property", "get", image.path(), "/"}), names);
    collect_members(json_of({"create", "--dry-run", image.path(), "new"}), names);
    CHECK(names.contains("snapshots"));
    std::string pages;
    for (const auto* page : {"subvolume", "common"}) {
        std::ifstream file(std::string(BTRKIT_SOURCE_DIR "/docs/json-schema-") + page + ".md");
        pages.append(std::istreambuf_iterator<char>(file), {});
    }
    for (const auto& name : names) {
        CAPTURE(name);
        const bool is_time_part = name == "sec" || name == "nsec";
        CHECK(contains(pages, is_time_part ? "\"" + name + "\"" : "`" + name + "`"));
    }
}

TEST_CASE("subvolume: a change tells which subvolumes it made, and what was written") {
    const MadeImage image({"--size", "200m"});
    const auto undo = image.beside("undo");
    const auto planned = json_of({"create", "--dry-run", "--undo", undo, image.path(), "new"});
    CHECK(planned["dry_run"] == true);
    CHECK(planned["undo_file"].is_null());
    const auto made = json_of({"create", "--undo", undo, image.path(), "new", "/sub/other"});
    CHECK(made["dry_run"] == false);
    CHECK(made["undo_file"] == undo);
    CHECK(made["new_generation"] == made["old_generation"].get<u64>() + 1);
    CHECK(made["changes"].size() == 2);
    CHECK(json_of({"show", image.path(), "new"})["subvolume"]["tree"] == made["changes"][0]["tree"]);
    CHECK(json_of({"show", image.path(), "sub/other"})["subvolume"]["tree"] == made["changes"][1]["tree"]);
    CHECK(made["changes"][0]["line"].is_null());
    const auto removed = json_of({"delete", image.path(), "new"});
    CHECK(removed["changes"][0]["verb"] == "delete");
    CHECK(removed["used_bytes_change"].get<std::int64_t>() < 0);
    CHECK(subvolume({"delete", image.path(), "new", "--format", "json"}).out.empty());
    const auto shown = subvolume({"create", "--progress", image.path(), "again"});
    CHECK(contains(shown.err, "changing subvolumes"));
}

TEST_CASE("subvolume -f: a script, wherever among the options it is named") {
    const MadeImage image({"--size", "200m"});
    write_file(image.beside("script"), "create /first\n");
    const auto run = subvolume({"-q", "-f", image.beside("script"), image.path()});
    CHECK(run.status == 0);
    CHECK(run.err.empty());
    CHECK(contains(subvolume({"list", image.path()}).out, "path first\n"));
}

} // namespace subvolume_test
