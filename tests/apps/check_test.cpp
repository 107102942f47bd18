// SPDX-License-Identifier: MIT
// The manners of btrkit-check, on images that btrkit-mkfs makes and that are damaged here.
#include "apps/check/check.h"
#include "tests/apps/json_members.h"
#include "tests/apps/made_image.h"

#include <set>

namespace check_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

ToolRun check(std::vector<std::string> arguments) {
    return run_tool(apps::run_check, arguments);
}

using Image = MadeImage;

Json json_of(const ToolRun& run) {
    return Json::parse(run.out);
}

} // namespace

TEST_CASE("check: a clean filesystem, status 0") {
    const Image image;
    const auto run = check({"--check-data-csum", image.path()});
    CHECK(run.status == 0);
    CHECK(run.err == "");
    CHECK(contains(run.out, "label \"tested\""));
    CHECK(contains(run.out, "\nVerdict: clean\nMount: read-write: Linux 7.3\n"));
    CHECK(!contains(run.out, "error"));
    CHECK(check({"-q", image.path()}).out == "");
}

TEST_CASE("check: the mount line speaks for the kernel that was asked for") {
    const Image image;
    CHECK(contains(check({"--kernel", "6.18", image.path()}).out, "\nMount: read-write: Linux 6.18\n"));
    const auto document = json_of(check({"--kernel", "6.1", "--format", "json", image.path()}));
    CHECK(document["mountable"]["kernel"] == "6.1");
    CHECK(document["mountable"]["panics"] == false);
    CHECK(document["mountable"]["other_kernels"].empty());
    CHECK(check({"--kernel", "5.4", image.path()}).status == 16);
}

TEST_CASE("check: damaged data is only found when asked for, and names its file") {
    const Image image;
    image.spoil_data(5000);
    CHECK(check({image.path()}).status == 0);
    const auto run = check({"--check-data-csum", image.path()});
    CHECK(run.status == 4);
    CHECK(contains(run.out, "error: [data-checksum] "));
    CHECK(contains(run.out, "no copy is good (4096 bytes at "));
    CHECK(contains(run.out, "\n    file: /docs/deep/data (subvolume 5 /)\n"));
    CHECK(contains(run.out, "\nVerdict: damaged: 1 error\n"));
    CHECK(contains(run.out, "\nMount: read-write: Linux 7.3\n"));
}

TEST_CASE("check: neighbouring sectors are one finding, and a good copy is told") {
    const Image image({"-d", "dup"});
    image.spoil_data(4096 * 3, 1);
    image.spoil_data(4096 * 4, 1);
    image.spoil_data(4096 * 6, 1);
    const auto document = json_of(check({"--check-data-csum", "--format", "json", image.path()}));
    REQUIRE(document["findings"].size() == 2);
    CHECK(document["findings"][0]["place"]["length"] == 8192);
    CHECK(document["findings"][1]["place"]["length"] == 4096);
    for (const auto& finding : document["findings"]) {
        CHECK(finding["code"] == "data-checksum");
        CHECK(finding["place"]["mirror"] == document["findings"][0]["place"]["mirror"]);
        CHECK(contains(finding["detail"].get<std::string>(), "another copy is good"));
        CHECK(finding["place"]["device"] == image.path());
        const auto offset = finding["place"]["physical"].get<std::size_t>();
        const std::size_t sector = finding["place"]["length"] == 8192 ? 3 : 6;
        CHECK(std::as_const(image).bytes().part(offset)[0] == (Image::content()[4096 * sector] ^ std::byte{1}));
        CHECK(finding["affected"][0]["files"][0]["path"] == "/docs/deep/data");
    }
}

TEST_CASE("check: the findings and the report are the same at any number of threads") {
    const Image image({"-d", "dup"});
    image.spoil_data(70'000, 1);
    image.spoil_data(1, 0);
    const auto one = check({"--check-data-csum", "--format", "json", "--threads", "1", image.path()});
    CHECK(one.status == 4);
    CHECK(one.out == check({"--check-data-csum", "--format", "json", "--threads", "7", image.path()}).out);
}

TEST_CASE("check: a superblock mirror, and what the kernel makes of it") {
    const Image image({"--size", "112m"});
    image.change([](SparseBytes& all) { all.part(btrfs::superblock_offsets[1])[200] ^= std::byte{1}; });
    const auto second = check({image.path()});
    CHECK(second.status == 4);
    CHECK(contains(second.out, "[super-mirror-invalid]"));
    CHECK(contains(second.out, "\nMount: read-write: Linux 7.3\n"));
    image.change([](SparseBytes& all) {
        all.part(btrfs::superblock_offsets[0])[200] ^= std::byte{1};
        all.part(btrfs::superblock_offsets[1])[200] ^= std::byte{1};
    });
    const auto first = check({image.path()});
    CHECK(first.status == 4);
    CHECK(contains(first.out, "\nMount: refused: Linux 7.3: the first superblock is not valid"));
}

TEST_CASE("check: the next step is a command") {
    const Image image({"-m", "dup", "-d", "dup"});
    CHECK_FALSE(contains(check({image.path()}).out, "\nNext: "));
    image.spoil_data(5000, 1);
    const auto run = check({"--check-data-csum", image.path()});
    CHECK(contains(run.out, "\nNext: btrkit-scrub --repair " + image.path() + "\n"));
}

TEST_CASE("check: what was not looked at for want of devices is said even under -q") {
    const Image image({"-q", "-d", "raid6", "-m", "raid6"}, 4);
    const auto run = check({"-q", image.path(2), image.path(3)});
    CHECK(run.status == 0);
    CHECK(contains(run.out, "Verdict: clean"));
    CHECK(contains(run.out, "2 devices are missing to the kernel: degraded"));
    CHECK(contains(run.out, "\nNext: give the missing devices too; without, mount -o ro,degraded"));
}

TEST_CASE("check: nothing counts as repairable where what a repair needs was not given or disagrees") {
    const Image striped({"-d", "raid0", "-m", "raid0"}, 2);
    const auto half = check({striped.path(0)});
    CHECK(half.status != 0);
    CHECK(!contains(half.out, "can be repaired"));
    CHECK(contains(half.out, "\nNext: give the missing device too\n"));
    // Two halves of a mirror that were both written to, each without the other.
    const Image image({"-d", "raid1", "-m", "raid1"}, 2);
    const Image other({"-d", "raid1", "-m", "raid1", "--owner", "1:1"}, 2);
    const auto split = check({image.path(0), other.path(1)});
    CHECK(split.status == 4);
    CHECK(contains(split.out, "[block-copies-differ]"));
    CHECK(!contains(split.out, "can be repaired"));
    CHECK(contains(split.out, "\nNext: check each device by itself"));
}

TEST_CASE("check: of a tree block without a good copy nothing can be repaired; of one with a second copy it can") {
    for (const std::string profile : {"single", "dup"}) {
        const Image image({"-m", profile});
        image.change([](SparseBytes& all) {
            // The leaf that the file's name stands in.
            const auto at = find_text(all, "docs");
            REQUIRE(at);
            all.part(*at)[0] ^= std::byte{1};
        });
        CHECK(contains(check({image.path()}).out, "can be repaired without loss") == (profile == "dup"));
    }
}

TEST_CASE("check: what can't be opened is status 8 and no verdict") {
    const auto run = check({"/nothing/here"});
    CHECK(run.status == 8);
    CHECK(run.out == "");
    CHECK(run.err.starts_with("btrkit-check: /nothing/here"));
    const Image image;
    FullSink full;
    FullSink lost;
    apps::Io io{.out = full, .err = lost};
    const std::vector<std::string> arguments{image.path()};
    CHECK(apps::run_check(arguments, io) == 8);
}

TEST_CASE("check: wrong usage is 16, and rebuilding of trees is not there yet") {
    const TempFile file(1 << 20);
    const std::vector<std::vector<std::string>> wrong = {
        {},
        {"--nothing", file.path()},
        {"--allow", "guessed", file.path()},
        {"--repair", "--allow", "something", file.path()},
        {"--repair", "--force", file.path()},
        {"--init-csum-tree", file.path()},
        {"--init-extent-tree", file.path()},
        {"--clear-space-cache", "v2", file.path()},
        {"--mode", "third", file.path()},
        {"--super", "3", file.path()},
        {"--memory", "much", file.path()},
        {"-Q", "-E", "5", file.path()},
    };
    for (const auto& arguments : wrong) {
        CAPTURE(arguments);
        const auto run = check(arguments);
        CHECK(run.status == 16);
        CHECK(run.out == "");
        CHECK(run.err.starts_with("btrkit-check: "));
        CHECK(count_of(run.err, "\n") == 1);
    }
    CHECK(contains(check({"--init-extent-tree", file.path()}).err, "not there yet"));
}

TEST_CASE("check: the peer's options are accepted") {
    const Image image({"--size", "112m"});
    const auto plain = check({image.path()});
    const std::vector<std::vector<std::string>> accepted = {
        {"--readonly"}, {"--mode", "original"}, {"--mode=orig"}, {"--mode", "lowmem"}, {"-a"}, {"--force"}, {"-s", "1"},
        {"-b"},         {"--memory", "16m"},
    };
    for (const auto& options : accepted) {
        CAPTURE(options);
        auto arguments = options;
        arguments.push_back(image.path());
        const auto run = check(arguments);
        CHECK(run.status == 0);
        CHECK(run.out == plain.out);
    }
}

TEST_CASE("check: -s takes the superblock mirror that is asked for") {
    const Image image({"--size", "112m"});
    image.change([](SparseBytes& all) {
        btrfs::Superblock super;
        auto* at = all.part(btrfs::superblock_offsets[1]).data();
        std::memcpy(&super, at, sizeof(super));
        super.label[0] = 'T';
        seal(super);
        std::memcpy(at, &super, sizeof(super));
    });
    CHECK(contains(check({image.path()}).out, "label \"tested\""));
    CHECK(contains(check({"-s", "1", image.path()}).out, "label \"Tested\""));
    CHECK(contains(check({"--super", "0", image.path()}).out, "label \"tested\""));
}

TEST_CASE("check: roots by their address, and from backups") {
    const Image image;
    const auto bytes = image.bytes();
    btrfs::Superblock super;
    std::memcpy(&super, bytes.part(btrfs::superblock_offsets[0]).data(), sizeof(super));
    const auto root = std::to_string(u64{super.root});
    const auto chunk_root = std::to_string(u64{super.chunk_root});
    CHECK(check({"-r", root, "--chunk-root", chunk_root, image.path()}).status == 0);
    const auto wrong = check({"-r", chunk_root, image.path()});
    CHECK(wrong.status == 12);
    CHECK(contains(wrong.err, "no root of tree ROOT_TREE can be read at " + chunk_root));
    // A root that leads nowhere, and a backup that does not.
    image.change([&](SparseBytes& all) {
        auto changed = super;
        changed.root = u64{super.root} + 16384 * 300;
        seal(changed);
        all.write(btrfs::superblock_offsets[0], as_bytes_of(changed));
    });
    CHECK(contains(check({image.path()}).out, "[block-lost]"));
    CHECK(!contains(check({"-b", image.path()}).out, "[block-lost]"));
}

TEST_CASE("check: the extents of a subvolume") {
    const Image image;
    const auto run = check({"-E", "5", image.path()});
    CHECK(run.status == 0);
    CHECK(run.out.starts_with("Offset\t\tLen\tRoot Refs\tRoots\n"));
    CHECK(contains(run.out, "\t303104\t1\t5\n"));
    CHECK(check({"-E", "999", image.path()}).status == 8);
}

TEST_CASE("docs/json-schema-check.md names every member of the document") {
    const Image image({"-O", "quota"});
    image.spoil_data(5000);
    const auto run = check({"--check-data-csum", "--format", "json", image.path()});
    std::set<std::string> names;
    auto document = json_of(run);
    document["counts"].erase("codes"); // its members are codes
    collect_members(document, names);
    CHECK(names.contains("files"));
    std::ifstream file(BTRKIT_SOURCE_DIR "/docs/json-schema-check.md");
    const std::string schema(std::istreambuf_iterator<char>(file), {});
    for (const auto& name : names) {
        CAPTURE(name);
        CHECK(contains(schema, "`" + name + "`"));
    }
}

} // namespace check_test
