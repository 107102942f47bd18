// SPDX-License-Identifier: MIT
// btrkit-usage on images that btrkit-mkfs made, sound and damaged, and its pages. (Numbers are the business of
// tests/unit/ops/usage and tests/kernel/usage.)
#include "apps/check/check.h"
#include "apps/usage/check_damages.h"
#include "apps/usage/page/markup.h"
#include "apps/usage/usage.h"
#include "libfs/render/fields_json.h"
#include "tests/apps/json_members.h"
#include "tests/apps/made_image.h"

#include <fstream>

#include <doctest/doctest.h>

namespace usage_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

ToolRun usage(const std::vector<std::string>& arguments) {
    return run_tool(apps::run_usage, arguments);
}

Json json_of(std::vector<std::string> arguments, int status = 0) {
    arguments.insert(arguments.end(), {"--format", "json"});
    const auto run = usage(arguments);
    CHECK(run.status == status);
    return Json::parse(run.out);
}

std::string content_of(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// Spoils a leaf of the top-level tree in all its copies.
void lose_files(const MadeImage& image) {
    image.change([](SparseBytes& all) {
        for (auto at = find_text(all, "small"); at; at = find_text(all, "small", *at + 1)) {
            all.part(*at)[0] ^= std::byte{1};
        }
    });
}

} // namespace

TEST_CASE("usage df: the peer's summary, and more behind it unless only that is wanted") {
    const MadeImage image;
    const auto run = usage({"df", image.path()});
    CHECK(run.status == 0);
    CHECK(run.err.empty());
    CHECK(run.out.starts_with("Overall:\n    Device size:\t\t"));
    CHECK(contains(run.out, "\nData,single: Size:"));
    CHECK(contains(run.out, "   " + image.path() + "\t"));
    CHECK(contains(run.out, "Block groups by how full they are:\n"));
    const auto brief = usage({"df", "--brief", image.path()});
    CHECK(run.out.starts_with(brief.out));
    CHECK_FALSE(contains(brief.out, "Block groups by how full"));
    const auto table = usage({"df", "-T", "--brief", image.path()});
    CHECK(contains(table.out, "\nId Path"));
    CHECK_FALSE(contains(table.out, "Data,single"));
}

TEST_CASE("usage df: sizes in the form that is asked for last") {
    const MadeImage image({"--size", "256m"});
    CHECK(contains(usage({"df", image.path()}).out, "Device size:\t\t 256.00MiB\n"));
    CHECK(contains(usage({"df", "--si", image.path()}).out, "Device size:\t\t  268.44MB\n"));
    CHECK(contains(usage({"df", "-H", "-b", image.path()}).out, "Device size:\t\t         268435456\n"));
    CHECK(contains(usage({"df", "-b", "--iec", image.path()}).out, "Device size:\t\t 256.00MiB\n"));
}

TEST_CASE("usage df: what is free does not include the places of superblocks, and all else that is not used") {
    const MadeImage image({"--size", "512m"});
    u64 neither = 0;
    const auto document = json_of({"df", image.path()});
    for (const auto& profile : document["profiles"]) {
        neither += profile["total_bytes"].get<u64>() - profile["counted_bytes"].get<u64>() -
                   profile["free"]["bytes"].get<u64>();
    }
    CHECK(neither == 65536); // of the mirror at 64 MiB
}

TEST_CASE("usage df: a device that was not given is missing, and known by number") {
    const MadeImage image({"-m", "raid1", "-d", "raid1", "--size", "256m"}, 2);
    const auto document = json_of({"df", image.path()});
    CHECK(document["missing_devices"] == Json::array({2}));
    CHECK(document["devices"][1]["path"].is_null());
    CHECK(document["devices"][1]["missing"] == true);
    CHECK(document["overall"]["missing_bytes"] == 256 * mib);
    CHECK(contains(usage({"df", image.path()}).out, "   missing\t"));
    CHECK(json_of({"df", image.path(), image.path(1)})["overall"]["missing_bytes"] == 0);
}

TEST_CASE("usage du: each subvolume without paths, and what is below them") {
    const MadeImage image;
    const auto document = json_of({"du", image.path()});
    REQUIRE(document["subvolumes"].size() == 2);
    CHECK(document["subvolumes"][0]["path"] == "/");
    CHECK(document["subvolumes"][0]["files"] == 2);
    CHECK(document["subvolumes"][0]["total_bytes"] == 303104);
    CHECK(document["subvolumes"][0]["sole_disk_bytes"] == 303104);
    CHECK(document["subvolumes"][1]["path"] == "/sub");
    CHECK(document["subvolumes"][1]["inline_extents"] == 1);
    CHECK(document["all"]["files"] == 3);
    const auto lines = usage({"du", "-b", "--brief", image.path(), "/docs", "/sub/inside"}).out;
    CHECK(lines == "     Total   Exclusive  Set shared  Filename\n"
                   "    303104      303104           -  /docs/deep/data\n"
                   "    303104      303104           -  /docs/deep\n"
                   "         0           0           -  /docs/small\n"
                   "    303104      303104           0  /docs\n"
                   "         0           0           0  /sub/inside\n");
    CHECK(usage({"du", "-b", "--brief", "-s", image.path(), "/"}).out ==
          "     Total   Exclusive  Set shared  Filename\n    303104      303104           0  /\n");
    const auto none = usage({"du", image.path(), "/none"});
    CHECK(none.status == 1);
    CHECK(none.out.empty());
    CHECK(contains(none.err, "no \"none\""));
}

TEST_CASE("usage: wrong usage is said, and is status 2") {
    const MadeImage image;
    const std::vector<std::pair<std::vector<std::string>, std::string>> wrong{
        {{}, "the first argument is a verb"},
        {{"fill"}, "there is no verb 'fill'"},
        {{"df"}, "IMAGE is required"},
        {{"du", "--worst", "1000000", image.path()}, "--worst: at most"},
        {{"map", "--heat", "colour", image.path()}, "'colour' is not one of"},
        {{"map", "--svg", image.path(), image.path()}, "is the image that is read"},
        {{"map", "--html", image.path(), image.path() + "@0"}, "is the image that is read"},
        {{"map", "--svg", "/dev/nothing.svg", image.path()}, "no file is made in its place"},
        {{"map", "--svg", "/dev/null", image.path()}, "is no regular file"},
    };
    const auto before = image.bytes();
    for (const auto& [arguments, what] : wrong) {
        CAPTURE(what);
        const auto run = usage(arguments);
        CHECK(run.status == 2);
        CHECK(run.out.empty());
        CHECK(contains(run.err, what));
    }
    const bool is_untouched = image.bytes() == before;
    CHECK(is_untouched);
}

TEST_CASE("usage map: rows of letters, and pages that need no other file") {
    const MadeImage image({"--size", "256m"});
    const auto odd = image.beside("odd");
    mkfs_well({"-q", "--size", "256m", "-L", "a<b>&\"c", odd});
    const auto text = usage({"map", image.path()});
    CHECK(text.status == 0);
    CHECK(contains(text.out, "D"));
    CHECK(contains(text.out, "m"));
    for (const auto& line : {"--svg", "--html"}) {
        CAPTURE(line);
        const auto page = image.beside("page");
        CHECK(usage({"map", line, page, odd}).out.empty());
        const auto content = content_of(page);
        CHECK(content.size() < 500'000);
        CHECK(contains(content, "prefers-color-scheme:dark"));
        CHECK(contains(content, "a&lt;b&gt;&amp;"));
        CHECK_FALSE(contains(content, "a<b>"));
        CHECK(contains(content, "<title>"));
        // Nothing from elsewhere: the only address is the name of a kind of XML.
        CHECK(count_of(content, "http") == count_of(content, "http://www.w3.org/2000/svg"));
        CHECK_FALSE(contains(content, "url("));
        CHECK_FALSE(contains(content, "src="));
        CHECK_FALSE(contains(content, "@import"));
        CHECK(usage({"map", line, page, odd}).status == 0); // again, over the first one
        CHECK(content_of(page) == content);
    }
}

TEST_CASE("usage map: what a check has found lies where the check has found it") {
    const MadeImage image({"--size", "256m"});
    image.spoil_data(5000);
    const auto found = run_tool(apps::run_check, {"--check-data-csum", "--format", "json", image.path()});
    REQUIRE(found.status == 4);
    const auto path = image.beside("check.json");
    write_file(path, std::string_view(found.out));
    const auto physical = Json::parse(found.out)["findings"][0]["place"]["physical"];
    const auto document = json_of({"map", "--damage", path, image.path()});
    u64 damages = 0;
    for (const auto& cell : document["devices"][0]["cells"]) {
        if (cell["damages"] != 0) {
            damages += cell["damages"].get<u64>();
            CHECK(cell["data_bytes"] > 0);
            if (physical.is_number()) {
                CHECK(cell["offset"] <= physical);
            }
        }
    }
    CHECK(damages == 1);
    CHECK(document["unplaced_damages"] == 0);
    CHECK(contains(usage({"map", "--damage", path, image.path()}).out, "!"));
    CHECK(usage({"map", "--damage", image.path(), image.path()}).status != 0);
    CHECK(usage({"map", "--damage", image.beside("none"), image.path()}).status == 1);
}

TEST_CASE("usage map: whatever stands in a damage file, it is refused or read") {
    CHECK_FALSE(apps::parse_damages("").has_value());
    CHECK_FALSE(apps::parse_damages("[]").has_value());
    CHECK_FALSE(apps::parse_damages(std::string(100'000, '[')).has_value());
    CHECK_FALSE(apps::parse_damages(R"({"findings": 5})").has_value());
    const auto some = apps::parse_damages(
        R"({"findings": [1, {}, {"place": 3}, {"severity": "note", "place": {"logical": 1}},
            {"severity": "error", "place": {"logical": 7, "mirror": -1, "length": "x", "device": null}}]})");
    REQUIRE(some.has_value());
    REQUIRE(some->size() == 1);
    CHECK(some->front().logical == 7);
    CHECK(some->front().length_bytes == 1);
    CHECK_FALSE(some->front().mirror.has_value());
}

TEST_CASE("usage: what can't be read is said, and the rest is counted") {
    const MadeImage image;
    lose_files(image);
    const auto run = usage({"du", image.path()});
    CHECK(run.status == 1);
    CHECK(contains(run.err, "1 tree block can't be read"));
    CHECK(contains(run.out, "(all together)"));
    const auto document = json_of({"du", image.path()}, 1);
    CHECK(document["complete"] == false);
    CHECK(document["lost_blocks"] == 1);
    CHECK(document["all"]["files"] == 1);
    CHECK(usage({"df", image.path()}).status == 0); // files are not its matter
    CHECK(usage({"du", image.path(), "/docs"}).status == 1);
}

TEST_CASE("usage: docs/json-schema-usage.md names every member of the documents") {
    const MadeImage image({"--size", "256m"});
    std::set<std::string> names;
    collect_members(json_of({"df", image.path()}), names);
    collect_members(json_of({"du", image.path()}), names);
    collect_members(json_of({"du", image.path(), "/"}), names);
    collect_members(json_of({"map", image.path()}), names);
    CHECK(names.contains("cell_bytes"));
    CHECK(names.contains("sole_metadata_bytes"));
    const auto schema = content_of(BTRKIT_SOURCE_DIR "/docs/json-schema-usage.md");
    for (const auto& name : names) {
        CAPTURE(name);
        CHECK(contains(schema, "`" + name + "`"));
    }
}

TEST_CASE("text in pages can't end what it stands in") {
    CHECK(apps::markup_text("a<b>&\"'") == "a&lt;b&gt;&amp;&quot;&#39;");
    CHECK(apps::markup_text("x\n\xff") == "x\\n\\377");
}

} // namespace usage_test
