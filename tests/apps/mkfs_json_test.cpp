// SPDX-License-Identifier: MIT
// The JSON of mkfs: what it says is what stands on the images, its paper is complete, and runs repeat.
#include "apps/dump_super/dump_super.h"
#include "tests/apps/json_members.h"
#include "tests/apps/mkfs_run.h"

#include <set>

namespace mkfs_json_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

struct Source {
    Source() {
        std::filesystem::create_directories(folder / "root/sub");
        write_file(folder / "root/small", "small");
        write_file(folder / "root/large", pattern_bytes(1 << 20));
        write_file(folder / "root/sub/zeros", std::string(300000, '\0'));
    }
    std::string root() const { return folder / "root"; }

    TemporaryFolder folder;
};

Json super_of(const std::string& image) {
    const auto run = run_tool(apps::run_dump_super, {"--format", "json", image});
    REQUIRE_MESSAGE(run.status == 0, run.err);
    return Json::parse(run.out)["devices"][0]["mirrors"][0]["superblock"];
}

} // namespace

TEST_CASE("mkfs: the JSON of a run is that of its dry run but for dry_run and exact") {
    const EnvironmentVariable epoch("SOURCE_DATE_EPOCH", "1700000000");
    const Source source;
    const std::vector<std::vector<std::string>> runs = {
        {"--size", "200m"},
        {"--size", "1g", "-M", "-L", "mixed"},
        {"-r", source.root()},
        {"-r", source.root(), "-u", "sub", "--size", "min+10m", "--csum", "sha256"},
        {"-r", source.root(), "--compress", "zstd"},
        {"-r", source.root(), "--size", "300m", "-n", "4k", "-O", "^no-holes,^fst"},
    };
    for (auto arguments : runs) {
        CAPTURE(arguments);
        const TemporaryFolder folder;
        arguments.insert(arguments.end(), {"--seed", "same", folder / "image"});
        auto dry_arguments = arguments;
        dry_arguments.emplace_back("--dry-run");
        auto dry = mkfs_json_of(dry_arguments);
        auto real = mkfs_json_of(arguments);
        CHECK(dry["dry_run"] == true);
        CHECK(real["dry_run"] == false);
        CHECK(real["content"]["exact"] == true);
        for (auto* document : {&dry, &real}) {
            document->erase("dry_run");
            (*document)["content"].erase("exact");
        }
        CHECK(dry == real);
    }
}

TEST_CASE("mkfs: a dry run with room enough says when it does not know exactly") {
    const Source source;
    const auto plan = [&](std::vector<std::string> more) {
        more.insert(more.end(), {"--dry-run", "-r", source.root(), source.folder / "image"});
        return mkfs_json_of(more)["content"];
    };
    const auto plain = plan({"--size", "1g"});
    CHECK(plain["exact"] == true);
    CHECK(plain["inodes"] == 5);
    CHECK(plain["subvolumes"] == 0);
    CHECK(plain["file_bytes"] == 5 + (1 << 20) + 300000);
    const auto roomy = plan({"--size", "1g", "--compress", "zstd"});
    CHECK(roomy["exact"] == false);
    const auto least = plan({"--compress", "zstd"});
    CHECK(least["exact"] == true);
    CHECK(least["data_bytes"] < roomy["data_bytes"]);
    CHECK(plan({"-u", "sub"})["subvolumes"] == 1);
}

TEST_CASE("mkfs: the JSON says what stands in the superblocks") {
    const TemporaryFolder folder;
    const auto document = mkfs_json_of({"--size", "300m", "-L", "two", "-d", "raid0", "-n", "32k", "--csum", "xxhash",
                                        "-O", "quota", folder / "a", folder / "b"});
    const auto& filesystem = document["filesystem"];
    for (unsigned i = 0; i < 2; ++i) {
        const auto& device = document["devices"][i];
        const auto super = super_of(device["path"]);
        CHECK(super["label"] == "two");
        CHECK(super["fsid"] == filesystem["uuid"]);
        CHECK(super["nodesize"] == filesystem["nodesize"]);
        CHECK(super["sectorsize"] == filesystem["sectorsize"]);
        CHECK(super["incompat_flags_names"] == filesystem["incompat_flags"]);
        CHECK(super["compat_ro_flags_names"] == filesystem["compat_ro_flags"]);
        CHECK(super["num_devices"] == 2);
        CHECK(super["dev_item"]["devid"] == device["devid"]);
        CHECK(super["dev_item"]["uuid"] == device["uuid"]);
        CHECK(super["dev_item"]["total_bytes"] == device["size"]);
        CHECK(super["dev_item"]["bytes_used"] == device["allocated"]);
        CHECK(super["bytes_used"] == document["content"]["metadata_bytes"]);
    }
}

TEST_CASE("mkfs: text says the same") {
    const Source source;
    const auto text = mkfs_well({"-L", "a\033[1mname", "-r", source.root(), "-u", "sub", source.folder / "image"}).out;
    CHECK(contains(text, "[1mname\n"));
    CHECK_FALSE(contains(text, "\033"));
    CHECK(contains(text, "Content:            5 inodes, 1 subvolumes, 1348581 bytes of file data\n"));
    CHECK(contains(text, "Checksum:           crc32c\n"));
    CHECK(contains(text, "     1 "));
    CHECK(contains(text, source.folder / "image\n"));
    const auto roomy =
        mkfs_well({"--dry-run", "--size", "1g", "--compress", "zlib", "-r", source.root(), source.folder / "b"});
    CHECK(contains(roomy.out, "Space for it:       at most "));
}

TEST_CASE("mkfs: with a seed and SOURCE_DATE_EPOCH the same bytes come out") {
    const EnvironmentVariable epoch("SOURCE_DATE_EPOCH", "1000000000");
    const Source source;
    const auto make = [&](const std::string& name, std::vector<std::string> more) {
        const auto image = source.folder / name;
        more.insert(more.end(), {"-r", source.root(), "--compress", "zstd", image});
        mkfs_well(more);
        return image_bytes_of(image);
    };
    const auto first = make("first", {"--seed", "s", "--threads", "1"});
    CHECK(make("second", {"--seed", "s", "--threads", "7"}) == first);
    CHECK(make("other", {"--seed", "t"}) != first);
    const auto uuid =
        mkfs_json_of({"--dry-run", "--seed", "s", "--size", "1g", source.folder / "x"})["filesystem"]["uuid"];
    CHECK(make("uuid", {"-U", uuid}) == first);
    {
        const EnvironmentVariable later("SOURCE_DATE_EPOCH", "1000000001");
        CHECK(make("later", {"--seed", "s"}) != first);
    }
    for (const auto* value : {"soon", "-1", "1x", "99999999999999999999"}) {
        const EnvironmentVariable wrong("SOURCE_DATE_EPOCH", value);
        check_refused(mkfs({"--size", "1g", source.folder / "x"}), 2,
                      {"SOURCE_DATE_EPOCH '", "is no number of seconds"});
    }
}

TEST_CASE("docs/json-schema-mkfs.md names every member of the document") {
    const Source source;
    const auto document = mkfs_json_of({"-r", source.root(), source.folder / "image"});
    std::set<std::string> names;
    collect_members(document, names);
    CHECK(names.contains("stripes"));
    const auto schema = bytes_of(BTRKIT_SOURCE_DIR "/docs/json-schema-mkfs.md");
    for (const auto& name : names) {
        CAPTURE(name);
        CHECK(contains(schema, "`" + name + "`"));
    }
    // The example: the same members in the same order.
    const auto begin = schema.find("```\n{") + 4;
    const auto example = Json::parse(schema.substr(begin, schema.find("\n```", begin) - begin));
    const auto shape = [](const Json& value) {
        std::vector<std::string> pointers;
        const auto flat = value.flatten();
        for (const auto& [pointer, leaf] : flat.items()) {
            const bool in_list =
                contains(pointer, "_flags/") || contains(pointer, "/chunks/1") || contains(pointer, "/chunks/2");
            if (!in_list) {
                pointers.push_back(pointer);
            }
        }
        return pointers;
    };
    CHECK(shape(example) == shape(document));
}

} // namespace mkfs_json_test
