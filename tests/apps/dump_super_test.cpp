// SPDX-License-Identifier: MIT
#include "apps/dump_super/dump_super.h"

#include "libfs/render/fields_json.h"
#include "tests/apps/tool_run.h"

#include <doctest/doctest.h>

namespace dump_super_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

constexpr u64 first_offset = btrfs::superblock_offsets[0];
constexpr u64 second_offset = btrfs::superblock_offsets[1];

ToolRun dump(const std::vector<std::string>& arguments) {
    return run_tool(apps::run_dump_super, arguments);
}

/// Runs with --format json and reads the document back.
Json json_of(std::vector<std::string> arguments, int status = 0) {
    arguments.insert(arguments.end(), {"--format", "json"});
    const auto run = dump(arguments);
    CHECK(run.status == status);
    CHECK(run.err.empty() == (status == 0));
    return Json::parse(run.out);
}

/// One line, begun by the tool's name.
void check_one_error(const ToolRun& run, int status, std::string_view part) {
    CHECK(run.status == status);
    CHECK(run.out.empty());
    CHECK(run.err.starts_with("btrkit-dump-super: "));
    CHECK(count_of(run.err, "\n") == 1);
    CHECK(contains(run.err, part));
}

} // namespace

TEST_CASE("help fits a screen, version names the libraries") {
    const auto help = dump({"--help"});
    CHECK(help.status == 0);
    CHECK(help.err.empty());
    CHECK(help.out.starts_with("Usage: btrkit-dump-super [OPTIONS] IMAGE..."));
    CHECK(count_of(help.out, "\n") <= 24);
    for (const auto* option : {"-f, --full", "-a, --all", "-s, --super", "--bytenr", "-F, --force", "--member",
                               "--format", "-q, --quiet", "-v, --verbose", "--version"}) {
        CHECK_MESSAGE(contains(help.out, option), option);
    }
    for (std::size_t begin = 0, end = 0; (end = help.out.find('\n', begin)) != help.out.npos; begin = end + 1) {
        CHECK(end - begin <= 80);
    }
    const auto version = dump({"--version"});
    CHECK(version.status == 0);
    CHECK(version.out.starts_with("btrkit-dump-super 0."));
    CHECK(contains(version.out, "libgcrypt 1."));
    CHECK(dump({"nothing-there", "--help"}).status == 0);
}

TEST_CASE("wrong usage is status 2 and one line with a hint") {
    check_one_error(dump({}), 2, "IMAGE is required (see btrkit-dump-super --help)");
    check_one_error(dump({"--nonsense", "image"}), 2, "--nonsense");
    check_one_error(dump({"-s", "one", "image"}), 2, "'one' is no number");
    check_one_error(dump({"-s", "-1", "image"}), 2, "-s");
    check_one_error(dump({"--bytenr", "64x", "image"}), 2, "'64x' is no size");
    check_one_error(dump({"-i", "3", "image"}), 2, "there is no mirror 3");
    check_one_error(dump({"--format", "xml", "image"}), 2, "not one of text or json");
    check_one_error(dump({"image", "-s"}), 2, "-s");
    check_one_error(dump({"image", "--format"}), 2, "--format");
}

TEST_CASE("what is no image is status 1") {
    check_one_error(dump({"/nothing/there"}), 1, "/nothing/there: cannot open: No such file");
    check_one_error(dump({std::filesystem::temp_directory_path().string()}), 1,
                    "neither a regular file nor a block device");
    const TempFile empty;
    check_one_error(dump({empty.path()}), 1, empty.path());
    check_one_error(dump({empty.path(), "-a"}), 1, empty.path());
    check_one_error(dump({empty.path(), "--format", "json"}), 1, empty.path());
}

TEST_CASE("a control character of a name does not reach the terminal") {
    const auto run = dump({"/nothing\n\x1b[31m"});
    CHECK(count_of(run.err, "\n") == 1);
    CHECK_FALSE(contains(run.err, "\x1b"));
}

TEST_CASE("the first mirror is printed, or those that were asked for") {
    const TempImage image;
    const auto heading = [&](u64 offset) {
        return "superblock: bytenr=" + std::to_string(offset) + ", device=" + image.path() + "\n";
    };
    const auto first = dump({image.path()});
    CHECK(first.status == 0);
    CHECK(first.err.empty());
    CHECK(first.out.starts_with(heading(first_offset)));
    CHECK(first.out.ends_with("dev_item.generation\t0\n\n"));
    CHECK_FALSE(contains(first.out, "sys_chunk_array[2048]"));
    CHECK(dump({"-s0", image.path()}).out == first.out);
    CHECK(dump({image.path(), "-s", "65536"}).out == first.out);
    CHECK(dump({"--bytenr", "64k", image.path()}).out == first.out);
    CHECK(dump({"--bytenr=0x10000", image.path()}).out == first.out);
    CHECK(dump({"-a", "-s", "1", "-i", "0", "--", image.path()}).out == first.out);

    const auto second = dump({"-s", "1", image.path()});
    CHECK(second.out.starts_with(heading(second_offset)));
    CHECK(dump({"-i", "1", image.path()}).out == second.out);
    CHECK(dump({"--super", "1", image.path()}).out == second.out);
    const auto all = dump({image.path(), "-s", "1", "--all"});
    CHECK(all.out == first.out + second.out);
    CHECK(all.err.empty());

    const auto full = dump({"-f", image.path()});
    CHECK(full.out.starts_with(first.out.substr(0, first.out.size() - 1) + "sys_chunk_array[2048]:\n\titem 0 key"));
    CHECK(full.out.ends_with("backup_num_devices:\t1\n\n\n"));
    check_one_error(dump({"-s", "2", image.path()}), 1, "beyond the end");
}

TEST_CASE("several devices are printed one behind the other, members last") {
    const TempImage one;
    const TempImage two;
    const auto separate = dump({one.path()}).out + dump({two.path()}).out;
    CHECK(dump({one.path(), two.path()}).out == separate);
    CHECK(dump({"--member", two.path(), one.path()}).out == separate);
    CHECK(dump({one.path(), "--member", two.path(), "--member", one.path()}).out == separate + dump({one.path()}).out);
    const auto one_missing = dump({"/nothing/there", one.path()});
    CHECK(one_missing.status == 1);
    CHECK(one_missing.out == dump({one.path()}).out);
}

TEST_CASE("what has not the magic is printed with -F only") {
    const TempImage image;
    auto super = sample_superblock();
    super.magic = 0;
    image.write_super(first_offset, super);
    check_one_error(dump({image.path()}), 1, "no btrfs superblock at offset 65536: wrong magic");
    const auto forced = dump({"-F", image.path()});
    CHECK(forced.status == 0);
    CHECK(forced.err.empty());
    CHECK(contains(forced.out, "magic\t\t\t........ [DON'T MATCH]\n"));
    const auto all = dump({"-a", image.path()});
    CHECK(all.status == 1);
    CHECK(count_of(all.out, "superblock: bytenr=") == 1);
    CHECK(all.out.starts_with("superblock: bytenr=67108864"));
    CHECK(count_of(dump({"-aF", image.path()}).out, "superblock: bytenr=") == 2);
}

TEST_CASE("a checksum that does not match is shown and is no error") {
    const TempImage image;
    auto super = sample_superblock();
    super.generation = 17;
    image.write_super(first_offset, super);
    const auto run = dump({image.path()});
    CHECK(run.status == 0);
    CHECK(run.err.empty());
    CHECK(contains(run.out, " [DON'T MATCH]\nbytenr"));
    CHECK(contains(dump({"-v", image.path()}).err, "[super-checksum]"));
    CHECK(dump({"-v", image.path()}).status == 0);
}

TEST_CASE("damage of the system array is an error when it is printed") {
    const TempImage image;
    auto super = sample_superblock();
    first_sys_chunk(super).num_stripes = 0;
    seal(super);
    image.write_super(first_offset, super);
    CHECK(dump({image.path()}).status == 0);
    for (const auto* quiet : {"-f", "-fq"}) {
        const auto full = dump({quiet, image.path()});
        CHECK(full.status == 1);
        CHECK(contains(full.out, "\titem 0 key (FIRST_CHUNK_TREE CHUNK_ITEM 23068672)\nbackup_roots[4]:\n"));
        CHECK(contains(full.err, "error: [sys-array]"));
        CHECK(contains(full.err, "num_stripes 0"));
    }
}

TEST_CASE("mirrors that differ are a warning with -a, and named in JSON") {
    const TempImage image;
    auto super = sample_superblock(second_offset);
    super.generation = 16;
    super.label[0] = 'S';
    super.dev_item.bytes_used = 0;
    seal(super);
    image.write_super(second_offset, super);
    const auto all = dump({"-a", image.path()});
    CHECK(all.status == 0);
    CHECK(contains(all.err, "btrkit-dump-super: warning: [super-mirror-stale]"));
    CHECK(contains(all.err, "generation"));
    CHECK(dump({"-aq", image.path()}).err.empty());

    const auto document = json_of({image.path()});
    const auto& mirrors = document["devices"][0]["mirrors"];
    REQUIRE(mirrors.size() == 2);
    CHECK(mirrors[0]["newest"] == true);
    CHECK(mirrors[0]["differs_in"].is_null());
    CHECK(mirrors[1]["newest"] == false);
    CHECK(mirrors[1]["differs_in"] == Json{"generation", "dev_item.bytes_used", "label"});
    CHECK(document["devices"][0]["differences"][0]["code"] == "super-mirror-stale");
}

TEST_CASE("JSON is one document with all mirrors") {
    const TempImage image;
    const auto document = json_of({image.path()});
    CHECK(document["__header"]["version"] == 1);
    CHECK(document["__header"]["tool"].get<std::string>().starts_with("btrkit-dump-super 0."));
    REQUIRE(document["devices"].size() == 1);
    const auto& device = document["devices"][0];
    CHECK(device["path"] == image.path());
    CHECK(device["size"] == sample_device_bytes);
    CHECK(device["differences"].empty());
    REQUIRE(device["mirrors"].size() == 2);
    const auto& mirror = device["mirrors"][1];
    CHECK(mirror["mirror"] == 1);
    CHECK(mirror["offset"] == second_offset);
    CHECK(mirror["valid"] == true);
    CHECK(mirror["checksum_valid"] == true);
    CHECK(mirror["checksum_type"] == "crc32c");
    CHECK(mirror["findings"] == Json::array());
    CHECK(mirror["differs_in"] == Json::array());
    CHECK(mirror["superblock"]["bytenr"] == second_offset);
    CHECK(mirror["superblock"]["generation"] == 18);

    CHECK(json_of({"-s", "1", image.path()})["devices"][0]["mirrors"].size() == 1);
    const auto elsewhere = json_of({"--bytenr", "4096", "-F", image.path()})["devices"][0]["mirrors"][0];
    CHECK(elsewhere["mirror"].is_null());
    CHECK(elsewhere["valid"] == false);
    CHECK(elsewhere["superblock"]["magic"] == 0);
}

TEST_CASE("JSON shows damage as findings") {
    const TempImage image;
    auto super = sample_superblock(second_offset);
    super.csum_type = 77;
    image.write_super(second_offset, super);
    auto device = json_of({image.path()})["devices"][0];
    CHECK(device["mirrors"][1]["valid"] == false);
    CHECK(device["mirrors"][1]["checksum_valid"].is_null());
    CHECK(device["mirrors"][1]["checksum_type"].is_null());
    CHECK(device["mirrors"][1]["findings"][0]["code"] == "super-csum-type");
    CHECK(device["differences"][0]["code"] == "super-mirror-invalid");

    super.magic = 1;
    image.write_super(second_offset, super);
    device = json_of({image.path()})["devices"][0];
    CHECK(device["mirrors"][1]["superblock"].is_null());
    CHECK(device["mirrors"][1]["magic_valid"] == false);

    image.write_super(first_offset, super);
    const auto neither = json_of({image.path()}, 1);
    CHECK(neither["devices"][0]["mirrors"].size() == 2);
    CHECK(json_of({"-F", image.path()})["devices"][0]["mirrors"][0]["superblock"]["magic"] == 1);
}

TEST_CASE("a path that is no UTF-8 does not spoil the document") {
    const TempImage image;
    const auto odd = image.path() + "\xff";
    std::filesystem::create_symlink(image.path(), odd);
    const auto document = json_of({odd});
    std::filesystem::remove(odd);
    CHECK(document["devices"][0]["path"].is_null());
    CHECK(document["devices"][0]["path_hex"].get<std::string>().ends_with("ff"));
}

TEST_CASE("output that can't be written is status 1") {
    const TempImage image;
    for (const auto& arguments : {std::vector<std::string>{image.path()}, {"--help"}, {"--version"}}) {
        FullSink out;
        StringSink err;
        apps::Io io{.out = out, .err = err};
        CHECK(apps::run_dump_super(arguments, io) == 1);
        CHECK(err.text() == "btrkit-dump-super: full sink: no space\n");
    }
}

TEST_CASE("any bytes at all give an answer") {
    for (const unsigned fill : {0x00U, 0x5fU, 0xe4U, 0xffU}) {
        const TempFile image(first_offset + 4096);
        btrfs::Superblock super;
        std::memset(static_cast<void*>(&super), static_cast<int>(fill), sizeof(super));
        super.magic = btrfs::superblock_magic;
        image.write(first_offset, as_bytes_of(super));
        CHECK(contains(dump({"-fa", image.path()}).out, "backup_roots[4]:\n"));
        CHECK(json_of({image.path()})["devices"][0]["mirrors"][0]["valid"] == false);
    }
}

} // namespace dump_super_test
