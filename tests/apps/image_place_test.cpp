// SPDX-License-Identifier: MIT
// Images inside of images: IMAGE@OFFSET, IMAGE:pN and the like, in every tool, reading and writing.
#include "apps/check/check.h"
#include "apps/dump_super/dump_super.h"
#include "apps/dump_tree/dump_tree.h"
#include "apps/scrub/scrub.h"
#include "apps/send/send.h"
#include "libfs/io/writable_file.h"
#include "tests/apps/made_image.h"
#include "tests/support/partitioned_disk.h"

#include <algorithm>

#include <doctest/doctest.h>

namespace image_place_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

constexpr u64 disk_bytes = 300 * mib;
const DiskPartition boot = {.offset = mib, .length_bytes = 8 * mib, .name = "boot", .uuid_byte = 0x11};
constexpr u64 root_at = 16 * mib;
constexpr u64 root_bytes = 128 * mib;
constexpr u64 home_at = 160 * mib;

/// A disk with a GPT: boot, root, home; the MiB before each and behind it is 0x5a.
class Disk {
public:
    Disk() {
        std::filesystem::create_directories(folder_ / "source/dir");
        write_file(folder_ / "source/dir/file", MadeImage::content());
        const auto table =
            gpt_of(disk_bytes, {boot, {root_at, root_bytes, "root", 0xcd}, {home_at, root_bytes, "my:home", 0xee}});
        SparseBytes all(disk_bytes);
        const std::vector<std::byte> filling(mib, std::byte{0x5a});
        for (const u64 begin : {root_at, home_at}) {
            all.write(begin - mib, filling);
            all.write(begin + root_bytes, filling);
        }
        all.write(0, std::as_bytes(std::span(table)));
        write_image(path(), all);
    }

    std::string path(const std::string& choice = "") const { return (folder_ / "disk.img") + choice; }
    std::string beside(std::string_view name) const { return folder_ / name; }
    std::string source() const { return folder_ / "source"; }
    void make(const std::string& choice, const std::vector<std::string>& options = {}) const {
        std::vector<std::string> arguments = {"-q", "-f", "-r", source(), "-u", "ro:dir", path(choice)};
        arguments.insert(arguments.end(), options.begin(), options.end());
        mkfs_well(arguments);
    }
    /// What is in a partition, as a file of its own.
    std::string extracted(u64 at) const {
        const SparseBytes disk = image_bytes_of(path());
        SparseBytes alone(root_bytes);
        for (u64 offset = 0; offset < root_bytes; offset += SparseBytes::page_bytes) {
            alone.write(offset, disk.part(at + offset));
        }
        write_image(folder_ / "alone.img", alone);
        return folder_ / "alone.img";
    }

private:
    TemporaryFolder folder_;
};

ToolRun check(const std::vector<std::string>& arguments) {
    return run_tool(apps::run_check, arguments);
}

/// Only bytes of the range differ.
void check_only_inside(const SparseBytes& before, const SparseBytes& after, u64 begin, u64 length_bytes) {
    REQUIRE(before.size() == after.size());
    CHECK(before.is_same(after, 0, begin));
    CHECK(before.is_same(after, begin + length_bytes, before.size()));
    CHECK_FALSE(before.is_same(after, begin, begin + length_bytes));
}

} // namespace

TEST_CASE("mkfs into a partition: no byte outside is touched, and every way to name it leads there") {
    const Disk disk;
    const auto before = image_bytes_of(disk.path());
    disk.make(":p2");
    check_only_inside(before, image_bytes_of(disk.path()), root_at, root_bytes);
    for (const auto* choice :
         {":p2", ":root", ":CDCDCDCD-cdcd-cdcd-cdcd-cdcdcdcdcdcd", "@16M+128M", "@0x1000000+128m"}) {
        CAPTURE(choice);
        const auto run = check({disk.path(choice)});
        CHECK(run.status == 0);
        CHECK(run.err == "");
        CHECK(contains(run.out, disk.path(choice)));
    }
    disk.make("@160M+128M", {"-L", "a label"});
    check_only_inside(before, image_bytes_of(disk.path()), root_at, home_at + root_bytes - root_at);
    CHECK(check({disk.path(":my:home")}).status == 0);
    CHECK(check({disk.path(":a label")}).status == 0);
}

TEST_CASE("mkfs in a range: --size, -b and --shrink keep inside, dry runs write nothing") {
    const Disk disk;
    const auto before = image_bytes_of(disk.path());
    mkfs_well({"-q", "--dry-run", "--size", "120M", disk.path(":p2")});
    const bool is_untouched = image_bytes_of(disk.path()) == before;
    CHECK(is_untouched);
    check_refused(mkfs({"--size", "129M", disk.path(":p2")}), 1, {disk.path(":p2"), "are missing"});
    check_refused(mkfs({"-b", "129M", disk.path(":p2")}), 1, {disk.path(":p2"), "are missing"});
    mkfs_well({"-q", "--shrink", "-r", disk.source(), disk.path(":p2")});
    check_only_inside(before, image_bytes_of(disk.path()), root_at, root_bytes);
    CHECK(std::filesystem::file_size(disk.path()) == disk_bytes);
    check_refused(mkfs({disk.path(":p2")}), 1, {"holds btrfs filesystem", "-f overwrites it"});
}

TEST_CASE("all tools read the only btrfs of a disk, and say so") {
    const Disk disk;
    disk.make(":p2");
    const auto alone = disk.extracted(root_at);
    const auto note = "note: " + disk.path() + ": a disk; its only btrfs is taken, partition p2 (btrfs, \"root\"";
    const auto checked = check({disk.path()});
    CHECK(checked.status == 0);
    CHECK(contains(checked.err, note));
    CHECK(count_of(checked.err, "\n") == 1);
    CHECK(contains(checked.out, disk.path(":p2")));
    CHECK(check({"-q", disk.path()}).err == "");
    const auto same_as_alone = [&](apps::App app, const std::vector<std::string>& arguments) {
        auto of_disk = arguments;
        of_disk.insert(of_disk.begin(), disk.path());
        auto of_file = arguments;
        of_file.insert(of_file.begin(), alone);
        const auto run = run_tool(app, of_disk);
        CHECK(run.status == 0);
        CHECK(contains(run.err, note));
        CHECK(run.out == run_tool(app, of_file).out);
        CHECK_FALSE(run.out.empty());
    };
    same_as_alone(apps::run_dump_tree, {});
    same_as_alone(apps::run_send, {"dir"});
    const auto super = run_tool(apps::run_dump_super, {disk.path()});
    CHECK(super.status == 0);
    CHECK(contains(super.out, "device=" + disk.path(":p2")));
    const auto scrubbed = run_tool(apps::run_scrub, {disk.path()});
    CHECK(scrubbed.status == 0);
    CHECK(contains(scrubbed.err, note));
    // What is asked by its place is asked of the disk.
    const auto offset = std::to_string(root_at + btrfs::superblock_offsets[0]);
    CHECK(contains(run_tool(apps::run_dump_super, {"--bytenr", offset, disk.path()}).out,
                   "device=" + disk.path() + "\n"));
}

TEST_CASE("of several btrfs none is taken: they are listed") {
    const Disk disk;
    disk.make(":p2");
    disk.make(":p3", {"-L", "homes"});
    const auto run = check({disk.path()});
    CHECK(run.status == 8);
    CHECK(run.out == "");
    CHECK(contains(run.err, "2 of its partitions have a btrfs: p2 (btrfs, \"root\", 128.00MiB), p3 (btrfs, "
                            "\"my:home\", \"homes\", 128.00MiB); choose one, as " +
                                disk.path(":p2")));
    CHECK(run_tool(apps::run_dump_tree, {disk.path()}).status == 1);
}

TEST_CASE("one filesystem over two partitions of one disk is made, checked and repaired") {
    const Disk disk;
    const auto before = image_bytes_of(disk.path());
    mkfs_well({"-q", "-d", "raid1", "-m", "raid1", "-r", disk.source(), disk.path(":p2"), disk.path(":p3")});
    check_only_inside(before, image_bytes_of(disk.path()), root_at, home_at + root_bytes - root_at);
    const std::vector<std::string> both = {disk.path(":p2"), disk.path(":p3")};
    CHECK(check(both).status == 0);
    const auto sound = image_bytes_of(disk.path());
    auto rotten = sound;
    const auto content = MadeImage::content();
    const auto found = find_text(rotten, as_text(std::span(content).first(4096)), home_at);
    REQUIRE(found);
    rotten.part(*found)[100] ^= std::byte{1};
    write_image(disk.path(), rotten);
    CHECK(run_tool(apps::run_scrub, both).status == 3);
    CHECK(run_tool(apps::run_scrub, {"--repair", both[0], both[1]}).status == 0);
    const bool is_mended = image_bytes_of(disk.path()) == sound;
    CHECK(is_mended);
    const auto twice = run_tool(apps::run_scrub, {"--repair", both[0], disk.path("@16M")});
    CHECK(twice.status == 1);
    CHECK(contains(twice.err, "given twice"));
}

TEST_CASE("a donor may be a partition") {
    const Disk disk;
    disk.make(":p2");
    const auto alone = disk.extracted(root_at);
    auto rotten = image_bytes_of(alone);
    const auto content = MadeImage::content();
    const auto found = find_text(rotten, as_text(std::span(content).first(4096)));
    REQUIRE(found);
    rotten.part(*found)[0] ^= std::byte{1};
    write_image(alone, rotten);
    CHECK(run_tool(apps::run_scrub, {"--repair", alone}).status == 3);
    CHECK(run_tool(apps::run_scrub, {"--repair", "--donor", disk.path(":p2"), alone}).status == 0);
    CHECK(contains(run_tool(apps::run_scrub, {"--donor", disk.path(":boot"), alone}).err, "no btrfs"));
}

TEST_CASE("the whole file is locked, and what another holds is not written") {
    const Disk disk;
    const auto held = WritableFile::open(disk.path());
    REQUIRE(held);
    check_refused(mkfs({disk.path(":p2")}), 1, {disk.path(), "in use by another process"});
    check_refused(mkfs({disk.path("@16M+128M")}), 1, {"in use by another process"});
}

TEST_CASE("a file that is really called so is that file") {
    const TemporaryFolder folder;
    for (const auto* name : {"a@1M", "a:p1", "a:b@c"}) {
        write_file(folder / "a", std::string_view("not this"));
        mkfs_well({"-q", "--size", "200M", "-f", folder / "x"});
        std::filesystem::rename(folder / "x", folder / name);
        CHECK(check({folder / name}).status == 0);
        mkfs_well({"-q", "-f", folder / name});
        CHECK(bytes_of(folder / "a") == "not this");
    }
}

TEST_CASE("places that are not there are refused, and nothing is made for them") {
    const Disk disk;
    const auto refused = [&](const std::string& choice, const std::string& part) {
        CAPTURE(choice);
        const auto run = check({disk.path(choice)});
        CHECK(run.status == 8);
        CHECK(run.out == "");
        CHECK_MESSAGE(contains(run.err, part), run.err);
        CHECK(mkfs({disk.path(choice), "--size", "200M"}).status != 0);
        CHECK_FALSE(is_there(disk.path(choice)));
    };
    refused(":p9", "is called 'p9': it has p1 (nothing known, \"boot\", 8.00MiB), p2");
    refused(":nobody", "no partition");
    refused("@300M", "has only");
    refused("@16M+300M", "only");
    refused("@1x", "is no OFFSET[+LENGTH]");
    refused("@1M+", "is no OFFSET[+LENGTH]");
    refused("@1M+0", "is no OFFSET[+LENGTH]");
    for (const auto* name : {"none.img@1M", "none.img:p2", "none.img@0x10+5k"}) {
        check_refused(mkfs({"--size", "200M", disk.beside(name)}), 2, {"there is no file", "none.img"});
        CHECK_FALSE(is_there(disk.beside(name)));
    }
    mkfs_well({"-q", "--size", "200M", disk.beside("user@host.img")});
    CHECK(is_there(disk.beside("user@host.img")));
    check_refused(mkfs({disk.path()}), 1, {"holds gpt partition table", ":pN is its partition N"});
    check_refused(mkfs({"-f", disk.path(":p2"), disk.path("@100M")}), 2, {"given twice"});
}

TEST_CASE("of a partition that is cut what is there is read, and nothing is made in it") {
    const TempFile disk(300 * mib);
    disk.write(0, dos_table_of({{mib, 128 * mib, ""}, {200 * mib, mib, ""}}));
    const auto super = sample_superblock();
    disk.write(mib + btrfs::superblock_offsets[0], as_bytes_of(super));
    std::filesystem::resize_file(disk.path(), 101 * mib);
    const auto run = run_tool(apps::run_dump_super, {disk.path() + ":p1"});
    CHECK(run.status == 0);
    CHECK(contains(run.err, "warning: " + disk.path() + ":p1: is cut: only 104857600 of 134217728 bytes are there"));
    check_refused(mkfs({"-f", disk.path() + ":p1"}), 2, {"is cut"});
    CHECK(contains(check({disk.path() + ":p2"}).err, "behind the end"));
}

} // namespace image_place_test
