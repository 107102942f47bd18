// SPDX-License-Identifier: MIT
// What is no btrfs is called what it is, with the next step, by every tool, and is never damaged.
#include "apps/check/check.h"
#include "apps/diff/diff.h"
#include "apps/dump_super/dump_super.h"
#include "apps/dump_tree/dump_tree.h"
#include "apps/extract/extract.h"
#include "apps/info/info.h"
#include "apps/resolve/resolve.h"
#include "apps/scrub/scrub.h"
#include "apps/send/send.h"
#include "apps/subvolume/subvolume.h"
#include "apps/usage/usage.h"
#include "tests/apps/made_image.h"
#include "tests/support/partitioned_disk.h"

#include <doctest/doctest.h>

namespace no_btrfs_test {

using namespace btrkit;
using namespace btrkit::test;
using namespace std::string_view_literals;

namespace {

struct Piece {
    std::size_t offset;
    std::string_view bytes;
};

class Foreign {
public:
    explicit Foreign(const std::vector<Piece>& pieces, std::size_t size = 2 << 20) {
        std::string all(size, '\0');
        for (const auto& piece : pieces) {
            all.replace(piece.offset, piece.bytes.size(), piece.bytes);
        }
        write_file(path(), std::string_view(all));
    }
    std::string path() const { return folder_ / "it's.img"; }

private:
    TemporaryFolder folder_;
};

/// All tools say the same.
void check_named(const Foreign& image, std::string_view what) {
    struct Tool {
        apps::App app;
        std::vector<std::string> more;
        int status;
        std::vector<std::string> verb = {};
    };
    const std::vector<Tool> tools = {{apps::run_check, {}, 8},
                                     {apps::run_check, {"--format", "json"}, 8},
                                     {apps::run_info, {}, 1},
                                     {apps::run_info, {"--format", "json"}, 1},
                                     {apps::run_extract, {"--to", image.path() + ".none"}, 1},
                                     {apps::run_resolve, {"4096"}, 1, {"logical"}},
                                     {apps::run_resolve, {"1:4096"}, 1, {"physical"}},
                                     {apps::run_resolve, {"256"}, 1, {"inode"}},
                                     {apps::run_diff, {"/a", "/b"}, 2},
                                     {apps::run_scrub, {}, 1},
                                     {apps::run_scrub, {"--repair"}, 1},
                                     {apps::run_dump_tree, {}, 1},
                                     {apps::run_dump_super, {}, 1},
                                     {apps::run_send, {"subvolume"}, 1},
                                     {apps::run_subvolume, {}, 1, {"list"}},
                                     {apps::run_subvolume, {"/new"}, 1, {"create"}},
                                     {apps::run_usage, {}, 1, {"df"}},
                                     {apps::run_usage, {}, 1, {"du"}},
                                     {apps::run_usage, {}, 1, {"map"}}};
    for (const auto& tool : tools) {
        auto arguments = tool.verb;
        arguments.push_back(image.path());
        arguments.insert(arguments.end(), tool.more.begin(), tool.more.end());
        const auto run = run_tool(tool.app, arguments);
        CAPTURE(run.err);
        CHECK(run.status == tool.status);
        CHECK(run.out == "");
        CHECK(count_of(run.err, "\n") == 1);
        CHECK_MESSAGE(contains(run.err, ": " + image.path() + ": no btrfs: " + std::string(what)), what);
        CHECK_FALSE(contains(run.err, "damaged"));
        CHECK_FALSE(contains(run.err, "warning"));
    }
}

} // namespace

TEST_CASE("what libblkid knows is named with the next step") {
    check_named(Foreign({{0, "LUKS\xba\xbe\0\1"sv}}),
                "a LUKS encrypted volume; open it and take what is inside: cryptsetup open --readonly '");
    check_named(Foreign({{32, "NXSB\0\0\0\0"sv}, {24, "\1\0\0\x80"sv}, {36, "\0\x10\0\0"sv}}), "an APFS container\n");
    check_named(
        Foreign({{1024 + 0x38, "\x53\xef"sv}, {1024 + 0x4c, "\1"sv}, {1024 + 0x60, "\x40"sv}, {1024 + 0x78, "x\ny"sv}}),
        R"(an ext4 filesystem (label "x\ny"); look at it: e2fsck -n ')");
    check_named(Foreign({{4086, "SWAPSPACE2"sv}, {1024, "\1"sv}, {1028, "\xff\1"sv}}), "swap space\n");
    check_named(Foreign({{512, "LABELONE\1\0\0\0\0\0\0\0"sv}, {536, "LVM2 001"sv}, {532, "\x20"sv}}),
                "an LVM physical volume; activate it: vgchange");
}

TEST_CASE("what images come packed in is named with the next step") {
    check_named(Foreign({{0, "\x28\xb5\x2f\xfd"sv}}), "compressed by zstd; unpack it: zstd -d '");
    check_named(Foreign({{0, "QFI\xfb\0\0\0\3"sv}}), "a disk of QEMU (qcow2); make it raw: qemu-img convert -O raw '");
    check_named(Foreign({{0, "btrfs-stream\0\1"sv}}),
                "a send stream, not an image; look at it: btrfs receive --dump -f '");
    check_named(Foreign({{4096 + 24, "\xc6\x85\x73\xf6\x66\xce\x90\xa9\xd9\x6a\x60\xcf\x80\x3d\xf7\xef"sv}}),
                "a bcachefs filesystem; look at it: bcachefs show-super '");
}

TEST_CASE("what is nothing known or empty is called that") {
    check_named(Foreign({}), "nothing that is known; if one begins further inside, say where: ");
    check_named(Foreign({{0, "x"sv}}, 100), "nothing that is known");
    check_named(Foreign({}, 0), "it is empty\n");
}

TEST_CASE("a disk without a btrfs is told by its partitions") {
    const auto table = gpt_of(2 * mib, {{mib, mib / 2, "secret"}});
    const Foreign disk({{0, as_text(table)}, {1 << 20, "LUKS\xba\xbe\0\1"sv}});
    check_named(disk,
                "a gpt partition table; none of its partitions has a btrfs: p1 (crypto_LUKS, \"secret\", 512.00KiB)");
    const auto run = run_tool(apps::run_check, {disk.path() + ":p1"});
    CHECK(run.status == 8);
    CHECK(contains(run.err, "cryptsetup open --readonly $(losetup --read-only --find --show --offset 1048576 "
                            "--sizelimit 524288 '"));
}

TEST_CASE("a btrfs without its magic, or with a mirror left, is one") {
    const MadeImage image;
    image.change([](SparseBytes& all) { all.part(btrfs::superblock_offsets[0])[64] ^= std::byte{1}; });
    const auto wiped = run_tool(apps::run_check, {image.path()});
    CHECK((wiped.status & 4) == 4);
    CHECK(contains(wiped.out, "[super-magic]"));
    const TempImage overwritten;
    overwritten.write(0, std::vector<std::byte>(mib));
    overwritten.write(1024 + 0x38, std::as_bytes(std::span("\x53\xef"sv)));
    overwritten.write(1024 + 0x4c, std::as_bytes(std::span("\1"sv)));
    CHECK(contains(run_tool(apps::run_check, {overwritten.path()}).out, "[super-"));
}

TEST_CASE("beside devices of a filesystem, what is none is noted") {
    const MadeImage image({"-m", "raid1", "-d", "raid1"}, 2);
    const Foreign other({{0, "QFI\xfb\0\0\0\3"sv}});
    const auto run = run_tool(apps::run_dump_tree, {image.path(0), image.path(1), "--member", other.path()});
    CHECK(contains(run.err, "note: " + other.path() + ": no btrfs: a disk of QEMU (qcow2)"));
    CHECK_FALSE(run.out.empty());
}

} // namespace no_btrfs_test
