// SPDX-License-Identifier: MIT
// btrkit-info on images that btrkit-mkfs made: sound, in part, and damaged. (Space is the business of
// tests/unit/ops/usage, whole filesystems that of tests/json/documents.)
#include "apps/check/check.h"
#include "apps/extract/extract.h"
#include "apps/info/info.h"
#include "apps/subvolume/subvolume.h"
#include "libfs/fs/filesystem.h"
#include "libfs/io/file_device.h"
#include "tests/apps/json_members.h"
#include "tests/apps/made_image.h"

#include <fstream>

#include <doctest/doctest.h>

namespace info_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

ToolRun info(const std::vector<std::string>& arguments) {
    return run_tool(apps::run_info, arguments);
}

Json json_of(std::vector<std::string> arguments, int status = 0) {
    arguments.insert(arguments.end(), {"--format", "json"});
    const auto run = info(arguments);
    CHECK(run.status == status);
    return Json::parse(run.out);
}

/// Spoils all copies of the block that the superblock names as the root of the root tree.
void lose_root_tree(const MadeImage& image) {
    image.change([](SparseBytes& all) {
        const auto super = *view_at<btrfs::Superblock>(all.part(btrfs::superblock_offsets[0]));
        const u64 root = super.root;
        const std::string_view address(reinterpret_cast<const char*>(&root), sizeof root);
        // The header of a tree block: checksum, fsid, address.
        for (auto at = find_text(all, address); at; at = find_text(all, address, *at + 1)) {
            const auto* header = *at % 4096 == 48 ? view_at<btrfs::TreeBlockHeader>(all.part(*at - 48)) : nullptr;
            if (header != nullptr && header->fsid == super.fsid) {
                all.part(*at - 48)[200] ^= std::byte{1};
            }
        }
    });
}

} // namespace

TEST_CASE("info: what a sound filesystem is, and check is next") {
    const MadeImage image({"--size", "256m", "-u", "ro:docs"});
    const auto run = info({image.path()});
    CHECK(run.status == 0);
    CHECK(run.err.empty());
    CHECK(run.out.starts_with("Filesystem:  label \"tested\", UUID "));
    CHECK(contains(run.out, "\nLog:         none\n"));
    CHECK(contains(run.out, "\nDevices:     1\n"));
    CHECK(contains(run.out, " " + image.path() + "\n"));
    CHECK(contains(run.out, "\n   Metadata DUP "));
    CHECK(contains(run.out, "\nSubvolumes:  3\n"));
    CHECK(contains(run.out, " r-- /docs\n"));
    CHECK(contains(run.out, "\nAt a glance: nothing is wrong; only btrkit-check knows\n"));
    CHECK(run.out.ends_with("\nNext:        btrkit-check " + image.path() + "\n"));
}

TEST_CASE("info: the space that block groups tell is the space that is used") {
    const MadeImage image({"--size", "256m"});
    const auto document = json_of({image.path()});
    u64 used = 0;
    for (const auto& profile : document["profiles"]) {
        used += profile["used_bytes"].get<u64>();
    }
    CHECK(used > 0);
    CHECK(used == document["superblock"]["bytes_used"].get<u64>());
    CHECK(document["complete"] == true);
}

TEST_CASE("info: of many subvolumes only the first are told, unless all are asked for") {
    const MadeImage image({"--size", "256m"});
    const std::string script = image.beside("script");
    std::ofstream commands(script);
    for (unsigned i = 0; i < 20; ++i) {
        commands << "create many" << i << "\n";
    }
    commands.close();
    REQUIRE(run_tool(apps::run_subvolume, {"-f", script, image.path()}).status == 0);
    const auto few = info({image.path()}).out;
    CHECK(contains(few, " /many7\n"));
    CHECK_FALSE(contains(few, " /many8\n"));
    CHECK(contains(few, "\n   ... and 12 more (-v tells all)\n"));
    const auto all = info({"-v", image.path()}).out;
    CHECK(contains(all, " /many19\n"));
    CHECK_FALSE(contains(all, "... and"));
    CHECK(json_of({image.path()})["subvolumes"].size() == 22);
}

TEST_CASE("info: a missing device is no error, and comes next") {
    const MadeImage image({"-m", "raid1", "-d", "raid1", "--size", "256m"}, 2);
    const auto run = info({image.path()});
    CHECK(run.status == 0);
    CHECK(contains(run.out, "\nDevices:     2, 1 of them missing\n"));
    CHECK(contains(run.out, "[device-missing]"));
    CHECK(contains(run.out, "\nNext:        give the missing device too\n"));
    const auto document = json_of({image.path(1)});
    CHECK(document["missing_devices"] == Json::array({1}));
    CHECK(document["devices"][0]["missing"] == true);
    CHECK(document["devices"][0]["path"].is_null());
    CHECK(contains(info({image.path(), image.path(1)}).out, "\nAt a glance: nothing is wrong; only"));
}

TEST_CASE("info: a bad superblock mirror is told, and a scrub is next") {
    const MadeImage image({"--size", "112m"});
    image.change([](SparseBytes& all) { all.part(btrfs::superblock_offsets[1])[200] ^= std::byte{1}; });
    const auto run = info({image.path()});
    CHECK(run.status == 1);
    CHECK(contains(run.out, "\nAt a glance: damaged\n"));
    CHECK(contains(run.out, "[super-mirror-invalid]"));
    CHECK(contains(run.out, "\nNext:        btrkit-scrub --repair " + image.path() + "\n"));
}

TEST_CASE("info: a lost root tree leads to what can be saved; to the backup where that one is good") {
    const MadeImage image({"--size", "256m"});
    const auto before = image.bytes();
    lose_root_tree(image);
    const auto lost = info({image.path()});
    CHECK(lost.status == 1);
    CHECK(contains(lost.out, "; there may be more, which can't be read\n"));
    CHECK(contains(lost.out, "; not all block groups can be read\n"));
    CHECK(contains(lost.out, "\nNext:        save what you need: btrkit-extract " + image.path() +
                                 " --to FOLDER; then btrkit-check --plan " + image.path() +
                                 " tells what can be repaired\n"));
    // A commit later the first root is a backup.
    write_image(image.path(), before);
    REQUIRE(run_tool(apps::run_subvolume, {"create", image.path(), "/later"}).status == 0);
    lose_root_tree(image);
    const std::string next = info({image.path()}).out;
    CHECK(contains(next, "\nNext:        btrkit-extract --backup " + image.path() + " --to FOLDER: "));
    const auto extracted = run_tool(apps::run_extract, {"--backup", image.path(), "--to", image.beside("extracted")});
    CHECK(std::filesystem::exists(image.beside("extracted/docs/small")));
}

TEST_CASE("info: every member of the document is in docs/json-schema-info.md, and next is what check says too") {
    const MadeImage image({"-m", "dup", "-d", "dup", "--size", "112m"});
    image.change([](SparseBytes& all) { all.part(btrfs::superblock_offsets[1])[200] ^= std::byte{1}; });
    const auto document = json_of({image.path()}, 1);
    std::ifstream file(BTRKIT_SOURCE_DIR "/docs/json-schema-info.md");
    const std::string schema{std::istreambuf_iterator<char>(file), {}};
    for (const auto* parts : {"superblock", "devices", "profiles", "last_change"}) {
        std::set<std::string> names;
        collect_members(document[parts], names);
        for (const auto& name : names) {
            CAPTURE(name);
            CHECK(contains(schema, "`" + name + "`"));
        }
    }
    for (const auto& [name, value] : document.items()) {
        CAPTURE(name);
        CHECK(contains(schema, "`" + name + "`"));
    }
    const auto checked = run_tool(apps::run_check, {"--format", "json", image.path()});
    CHECK(Json::parse(checked.out)["next"] == document["next"]);
}

} // namespace info_test
