// SPDX-License-Identifier: MIT
// btrkit-resolve on images that btrkit-mkfs made: every number that another tool tells leads back to what it is of.
#include "apps/edit/edit.h"
#include "apps/resolve/resolve.h"
#include "apps/stat/stat.h"
#include "apps/subvolume/subvolume.h"
#include "libfs/render/fields_json.h"
#include "tests/apps/json_members.h"
#include "tests/apps/made_image.h"

#include <algorithm>
#include <fstream>

#include <doctest/doctest.h>

namespace resolve_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

ToolRun resolve(const std::vector<std::string>& arguments) {
    return run_tool(apps::run_resolve, arguments);
}

Json json_of(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--format", "json"});
    const auto run = resolve(arguments);
    CHECK(run.status == 0);
    CHECK(run.err.empty());
    return Json::parse(run.out);
}

/// What btrkit-stat tells of a file.
Json stat_of(const std::vector<std::string>& images, const std::string& path) {
    std::vector<std::string> arguments = {"--format", "json", images.front(), path};
    for (std::size_t i = 1; i < images.size(); ++i) {
        arguments.insert(arguments.end(), {"--member", images[i]});
    }
    const auto out = run_tool(apps::run_stat, arguments).out;
    return Json::parse(out.substr(out.find('\n') + 1));
}

std::string first_address(const std::vector<std::string>& images, const std::string& path = "/docs/deep/data") {
    return std::to_string(stat_of(images, path)["extents"][0]["logical"].get<u64>());
}

void run_well(apps::App app, const std::vector<std::string>& arguments) {
    const auto run = run_tool(app, arguments);
    CAPTURE(run.err);
    REQUIRE(run.status == 0);
}

} // namespace

TEST_CASE("resolve logical: all files of all subvolumes that have the byte, and where in them") {
    const MadeImage image({"--size", "256m"});
    run_well(apps::run_edit, {image.path(), "cp", "/docs/deep/data", "/docs/clone"});
    run_well(apps::run_subvolume, {"snapshot", image.path(), "/", "/snapshot"});
    run_well(apps::run_edit, {image.path(), "rm", "/docs/deep/data"});
    const std::string at = std::to_string(std::stoull(first_address({image.path()}, "/docs/clone")) + 4196);
    const auto paths = resolve({"logical", "--brief", image.path(), at});
    CHECK(paths.out == "/docs/clone\n/snapshot/docs/clone\n/snapshot/docs/deep/data\n");
    const auto document = json_of({"logical", image.path(), at})["address"];
    CHECK(document["use"] == "data");
    CHECK(document["complete"] == true);
    CHECK(document["files"].size() == 3);
    CHECK(contains(resolve({"logical", image.path(), at}).out, " 4196 /snapshot/docs/deep/data\n"));
}

TEST_CASE("resolve logical: tree blocks, free space, what is in no chunk, and what is no number") {
    const MadeImage image({"--size", "256m"});
    const auto super = *view_at<btrfs::Superblock>(image.bytes().part(btrfs::superblock_offsets[0]));
    // Inside of the block, too.
    const auto root = resolve({"logical", image.path(), std::to_string(super.root + 5000)});
    CHECK(root.status == 0);
    CHECK(contains(root.out, ", a tree block\n"));
    CHECK(contains(root.out, "\nTree block: of tree ROOT_TREE, level 0, "));
    const auto places = json_of({"logical", image.path(), std::to_string(u64{super.root})})["address"]["places"];
    CHECK(places.size() == 2); // dup
    CHECK(contains(resolve({"logical", image.path(), "1"}).out, "Address: 1, in no chunk\n"));
    const auto data_chunk = json_of({"logical", image.path(), first_address({image.path()})})["address"]["chunk"];
    const u64 last = data_chunk["logical"].get<u64>() + data_chunk["length"].get<u64>() - 1;
    CHECK(json_of({"logical", image.path(), std::to_string(last)})["address"]["use"] == "free");
    CHECK(resolve({"logical", image.path(), "x"}).status == 2);
    CHECK(resolve({"logical", image.path()}).status == 2);
}

TEST_CASE("resolve logical: a leaf leads to every subvolume that has it") {
    const MadeImage image({"--size", "256m"});
    // More than the root, of which a snapshot has a copy.
    const std::string script = image.beside("script");
    std::ofstream commands(script);
    for (unsigned i = 0; i < 300; ++i) {
        commands << "mkdir /sub/folder" << i << "\n";
    }
    commands.close();
    run_well(apps::run_edit, {"-f", script, image.path()});
    run_well(apps::run_subvolume, {"snapshot", image.path(), "/sub", "/copy"});
    const auto bytes = image.bytes();
    std::vector<std::string> told;
    for (auto at = find_text(bytes, "inside"); at; at = find_text(bytes, "inside", *at + 1)) {
        const auto run = resolve({"physical", "--brief", image.path(), std::to_string(*at)});
        if (!run.out.empty()) {
            told.push_back(run.out);
        }
    }
    CHECK_FALSE(told.empty());
    CHECK(std::ranges::count(told, "/copy\n/sub\n") > 0);
}

TEST_CASE("resolve physical: the places that stat tells lead back to the file, in all profiles") {
    struct Profile {
        std::string name;
        std::size_t device_count;
    };
    for (const auto& profile : std::vector<Profile>{
             {"single", 1}, {"dup", 1}, {"raid0", 2}, {"raid1", 2}, {"raid10", 4}, {"raid5", 3}, {"raid6", 4}}) {
        CAPTURE(profile.name);
        const std::string metadata = profile.device_count == 1 ? "dup"
                                     : profile.name == "raid0" ? "raid1"
                                                               : profile.name;
        const MadeImage image({"-q", "-d", profile.name, "-m", metadata, "--size", "256m"}, profile.device_count);
        std::vector<std::string> images;
        for (std::size_t i = 0; i < profile.device_count; ++i) {
            images.push_back(image.path(i));
        }
        const auto extent = stat_of(images, "/docs/deep/data")["extents"][0];
        unsigned mirror = 0;
        for (const auto& place : extent["places"]) {
            std::vector<std::string> arguments = {"physical", image.path(),
                                                  std::to_string(place["devid"].get<u64>()) + ":" +
                                                      std::to_string(place["offset"].get<u64>())};
            for (std::size_t i = 1; i < images.size(); ++i) {
                arguments.insert(arguments.end(), {"--member", images[i]});
            }
            const auto document = json_of(arguments);
            CHECK(document["place"]["part"] == "data");
            CHECK(document["place"]["mirror"] == ++mirror);
            CHECK(document["address"]["logical"] == extent["logical"]);
            CHECK(document["address"]["files"][0]["path"] == "/docs/deep/data");
        }
        CHECK(mirror > 0);
    }
}

TEST_CASE("resolve physical: superblocks, what is free, and devices that are not there") {
    const MadeImage image({"--size", "256m"});
    const auto super = json_of({"physical", image.path(), "67108900"});
    CHECK(super["place"]["super_mirror"] == 1);
    CHECK(contains(resolve({"physical", image.path(), "65536"}).out,
                   "Place: device 1, 65536, superblock mirror 0, in no chunk\n"));
    CHECK(contains(resolve({"physical", image.path(), "0x7fffffffffffffff"}).out,
                   ", behind the end of the device, in no chunk\n"));
    const auto none = resolve({"physical", image.path(), "7:0"});
    CHECK(none.status == 1);
    CHECK(contains(none.err, "the filesystem has no device 7"));
    CHECK(resolve({"physical", image.path(), "1:"}).status == 2);
}

TEST_CASE("resolve inode: every name, in the subvolume that is asked for") {
    const MadeImage image({"--size", "256m"});
    run_well(apps::run_edit, {image.path(), "ln", "/docs/small", "/docs/deep/second"});
    const auto inode = std::to_string(stat_of({image.path()}, "/docs/small")["inode"].get<u64>());
    const auto run = resolve({"inode", image.path(), inode});
    CHECK(run.status == 0);
    CHECK((run.out == "/docs/small\n/docs/deep/second\n" || run.out == "/docs/deep/second\n/docs/small\n"));
    CHECK(resolve({"inode", image.path(), "256", "sub"}).out == "/\n");
    const auto inside = std::to_string(stat_of({image.path()}, "/sub/inside")["inode"].get<u64>());
    CHECK(resolve({"inode", image.path(), inside, "sub"}).out == "/inside\n");
    CHECK(json_of({"inode", image.path(), inside, "sub"})["paths"][0]["path"] == "/inside");
    const auto none = resolve({"inode", image.path(), "9999"});
    CHECK(none.status == 1);
    CHECK(contains(none.err, "inode 9999 of subvolume 5 has no name"));
}

TEST_CASE("resolve: every member of the documents is in docs/json-schema-resolve.md") {
    const MadeImage image({"--size", "256m"});
    std::ifstream file(BTRKIT_SOURCE_DIR "/docs/json-schema-resolve.md");
    const std::string schema{std::istreambuf_iterator<char>(file), {}};
    const auto super = *view_at<btrfs::Superblock>(image.bytes().part(btrfs::superblock_offsets[0]));
    for (const auto& arguments :
         std::vector<std::vector<std::string>>{{"logical", image.path(), first_address({image.path()})},
                                               {"logical", image.path(), std::to_string(u64{super.root})},
                                               {"physical", image.path(), "65536"},
                                               {"inode", image.path(), "256"}}) {
        std::set<std::string> names;
        collect_members(json_of(arguments), names);
        for (const auto& name : names) {
            CAPTURE(name);
            CHECK(contains(schema, "`" + name + "`"));
        }
    }
}

} // namespace resolve_test
