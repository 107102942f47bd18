// SPDX-License-Identifier: MIT
// btrkit-undo as users meet it.
#include "apps/undo/undo.h"

#include "libfs/io/undo_writer.h"
#include "libfs/io/writable_file.h"
#include "libfs/render/fields_json.h"
#include "libfs/volume/superblock_writer.h"
#include "libfs/volume/undo_superblocks.h"
#include "tests/apps/json_members.h"
#include "tests/apps/tool_run.h"
#include "tests/support/image_bytes.h"
#include "tests/support/temporary_folder.h"

#include <fstream>

#include <doctest/doctest.h>

namespace undo_app_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

constexpr u64 in_place_offset = u64{1} << 20;

/// An image that was changed, with its undo file.
class ChangedImage {
public:
    ChangedImage() {
        old_ = image_bytes_of(image_.path());
        const auto file = WritableFile::open(image_.path());
        REQUIRE_MESSAGE(file, file.error().message);
        const WritableDevices devices = {{1, file->get()}};
        auto super = sample_superblock();
        super.generation = super.generation + 1;
        auto undo = UndoWriter::create(undo_file(), undo_identity(std::span(&super, 1), super.generation - 1, devices),
                                       {image_.path()});
        REQUIRE_MESSAGE(undo, undo.error().message);
        REQUIRE(undo->save(1, in_place_offset, std::vector<std::byte>(4096)));
        REQUIRE(save_superblocks(*undo, std::span(&super, 1), devices));
        REQUIRE(undo->seal());
        REQUIRE((*file)->write(in_place_offset, std::vector<std::byte>(4096, std::byte{1})));
        SuperblockWriter writer(devices);
        REQUIRE(writer.commit(std::span(&super, 1)));
    }

    std::string path() const { return image_.path(); }
    std::string undo_file() const { return folder_ / "change.undo"; }
    std::string in_folder(std::string_view name) const { return folder_ / name; }
    bool is_old() const { return image_bytes_of(path()) == old_; }
    const TempImage& image() const { return image_; }

private:
    TempImage image_;
    TemporaryFolder folder_;
    SparseBytes old_;
};

ToolRun undo(const std::vector<std::string>& arguments) {
    return run_tool(apps::run_undo, arguments);
}

} // namespace

TEST_CASE("btrkit-undo: tells what it would do, does it, and does nothing more when it is asked again") {
    const ChangedImage changed;
    const auto dry = undo({"--dry-run", changed.undo_file(), changed.path()});
    CHECK(dry.status == 0);
    CHECK(dry.err.empty());
    CHECK(contains(dry.out, ": would be as it was at generation 18, before the change to 19\n"));
    CHECK(contains(dry.out, "  device 1, " + changed.path() +
                                ": 4096 bytes in place, 2 superblocks, 0 tree blocks of the change to be cleared\n"));
    CHECK_FALSE(changed.is_old());

    const auto done = undo({changed.undo_file(), changed.path()});
    CHECK(done.status == 0);
    CHECK(done.err.empty());
    CHECK(contains(done.out, ": is as it was at generation 18, before the change to 19\n"));
    CHECK(changed.is_old());

    const auto again = undo({changed.undo_file(), "--member", changed.path(), "-q"});
    CHECK(again.status == 0);
    CHECK(again.out.empty());
    CHECK(contains(undo({changed.undo_file(), changed.path()}).out, ": is as it was at generation 18 already\n"));
    CHECK(changed.is_old());
}

TEST_CASE("btrkit-undo: refuses in one line, and touches nothing") {
    const ChangedImage changed;
    const TempImage other;
    const auto before = image_bytes_of(changed.path());
    const auto refused = [&](const std::vector<std::string>& arguments, std::string_view why) {
        const auto run = undo(arguments);
        CHECK(run.status == 1);
        CHECK(run.out.empty());
        CHECK(run.err.starts_with("btrkit-undo: "));
        CHECK(count_of(run.err, "\n") == 1);
        CHECK_MESSAGE(contains(run.err, why), run.err);
        CHECK(image_bytes_of(changed.path()) == before);
    };
    refused({changed.undo_file(), changed.undo_file() + ".no"}, "cannot open");
    refused({changed.in_folder("none"), changed.path()}, "cannot open");
    refused({changed.path(), changed.path()}, ": not an undo file");
    refused({changed.undo_file(), changed.undo_file()}, ": too small for a btrfs");
    refused({changed.undo_file(), changed.path(), changed.path()}, ": given twice");
    refused({"--dry-run", changed.undo_file(), changed.path(), changed.path()}, "was given as");

    auto moved = sample_superblock();
    moved.generation = moved.generation + 2;
    seal(moved);
    other.write_super(moved.bytenr, moved);
    refused({changed.undo_file(), other.path()}, ": the filesystem has moved on: its superblock, of generation 20, ");

    std::filesystem::copy_file(changed.undo_file(), changed.in_folder("cut"));
    std::filesystem::resize_file(changed.in_folder("cut"), 500);
    refused({changed.in_folder("cut"), changed.path()}, ": has no end: ");
    std::fstream(changed.in_folder("cut"), std::ios::in | std::ios::out | std::ios::binary).seekp(40).put('\x7f');
    refused({changed.in_folder("cut"), changed.path()}, "is damaged at offset 16");
}

TEST_CASE("btrkit-undo: wrong usage ends with 2") {
    const ChangedImage changed;
    for (const std::vector<std::string>& arguments : {std::vector<std::string>{},
                                                      {changed.undo_file()},
                                                      {"--release", changed.undo_file(), changed.path()},
                                                      {"--release", "--dry-run", changed.undo_file()},
                                                      {"--no-such", changed.undo_file(), changed.path()}}) {
        const auto run = undo(arguments);
        CHECK(run.status == 2);
        CHECK(run.out.empty());
        CHECK(count_of(run.err, "\n") == 1);
    }
    CHECK(std::filesystem::exists(changed.undo_file()));
}

TEST_CASE("btrkit-undo: gives up what is an undo file, and nothing else") {
    const ChangedImage changed;
    const auto no_file = undo({"--release", changed.path()});
    CHECK(no_file.status == 1);
    CHECK(std::filesystem::exists(changed.path()));
    std::filesystem::copy_file(changed.undo_file(), changed.in_folder("cut"));
    std::filesystem::resize_file(changed.in_folder("cut"), 500);
    CHECK(undo({"--release", changed.in_folder("cut")}).status == 0);
    CHECK_FALSE(std::filesystem::exists(changed.in_folder("cut")));
    const auto run = undo({"--release", changed.undo_file()});
    CHECK(run.status == 0);
    CHECK(contains(run.out, ": removed; "));
    CHECK_FALSE(std::filesystem::exists(changed.undo_file()));
    CHECK_FALSE(changed.is_old());
}

TEST_CASE("btrkit-undo: docs/json-schema-undo.md names every member of the document") {
    const ChangedImage changed;
    std::set<std::string> names;
    const auto document = Json::parse(undo({"--format", "json", changed.undo_file(), changed.path()}).out);
    collect_members(document, names);
    CHECK(document["was_done"] == false);
    CHECK(document["dry_run"] == false);
    CHECK(document["old_generation"] == 18);
    CHECK(document["filesystem"]["label"] == "sample");
    CHECK(document["devices"][0]["found"] == "changed");
    CHECK(document["totals"]["superblocks"] == 2);
    const auto again = Json::parse(undo({"--format", "json", changed.undo_file(), changed.path()}).out);
    CHECK(again["was_done"] == true);
    CHECK(again["devices"][0]["found"] == "unchanged");
    const auto released = Json::parse(undo({"--format", "json", "--release", changed.undo_file()}).out);
    CHECK(released["released"] == true);
    CHECK(released["totals"].is_null());
    collect_members(released, names);
    std::ifstream file(BTRKIT_SOURCE_DIR "/docs/json-schema-undo.md");
    const std::string schema(std::istreambuf_iterator<char>(file), {});
    for (const auto& name : names) {
        CAPTURE(name);
        CHECK(contains(schema, "`" + name + "`"));
    }
}

TEST_CASE("btrkit-undo: a full standard output is an error") {
    const ChangedImage changed;
    FullSink out;
    StringSink err;
    apps::Io io{.out = out, .err = err};
    const std::vector<std::string> arguments = {changed.undo_file(), changed.path()};
    CHECK(apps::run_undo(arguments, io) == 1);
    CHECK(changed.is_old());
}

} // namespace undo_app_test
