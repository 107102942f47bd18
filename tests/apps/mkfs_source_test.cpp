// SPDX-License-Identifier: MIT
// The options that change what is carried, and sources that are no good.
#include "libfs/fs/filesystem.h"
#include "libfs/io/file_device.h"
#include "tests/apps/mkfs_run.h"
#include "tests/support/tar_text.h"
#include "tests/support/tree_listing.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace mkfs_source_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

struct Workplace {
    Workplace() {
        std::filesystem::create_directories(folder / "root/sub/deep");
        write_file(folder / "root/file", pattern_bytes(10000));
        write_file(folder / "root/sub/inner", std::string(100000, 'x'));
        write_file(folder / "root/sub/deep/last", "last");
    }
    std::string root() const { return folder / "root"; }
    std::string image() const { return folder / "image"; }

    /// What an image made with these options holds.
    TreeListing listing(std::vector<std::string> arguments) const {
        arguments.insert(arguments.end(), {"-f", "--size", "auto", image()});
        mkfs_well(arguments);
        std::vector<std::unique_ptr<BlockDevice>> devices;
        devices.push_back(std::move(FileDevice::open(image()).value()));
        std::vector<std::string> problems;
        const auto filesystem = Filesystem::open(
            std::move(devices), {}, [&](const Problem& problem) { problems.push_back(describe(problem)); });
        REQUIRE(filesystem);
        auto listing = list_image(*filesystem, find_path(*filesystem, "/").value());
        REQUIRE_MESSAGE(listing, listing.error().message);
        CHECK(problems.empty());
        return *listing;
    }
    TreeListing of_root(std::vector<std::string> arguments) const {
        arguments.insert(arguments.end(), {"-r", root()});
        return listing(arguments);
    }

    TemporaryFolder folder;
};

const TreeRecord& at(const TreeListing& listing, std::string_view path) {
    const auto found = std::ranges::find(listing, path, &TreeRecord::path);
    REQUIRE_MESSAGE(found != listing.end(), path);
    return *found;
}

std::pair<u32, u32> owner_at(const TreeListing& listing, std::string_view path) {
    return {at(listing, path).uid, at(listing, path).gid};
}

} // namespace

TEST_CASE("mkfs: owners") {
    const Workplace place;
    const auto uid = std::to_string(::getuid());
    const auto gid = std::to_string(::getgid());
    const auto plain = place.of_root({});
    CHECK(owner_at(plain, "file") == std::pair(u32{::getuid()}, u32{::getgid()}));
    using Ids = std::pair<u32, u32>;
    for (const auto* path : {".", "file", "sub/deep/last"}) {
        CHECK(owner_at(place.of_root({"--all-root"}), path) == Ids(0, 0));
        CHECK(owner_at(place.of_root({"--owner", "12:34"}), path) == Ids(12, 34));
    }
    CHECK(owner_at(place.of_root({"--owner", "root:34"}), "file") == Ids(0, 34));
    CHECK(owner_at(place.of_root({"--owner", "12:root"}), "file") == Ids(12, 0));
    const auto mapped = place.of_root({"--uid-map", uid + ":5000:1", "--gid-map", "4294967290:7:1," + gid + ":6000:2"});
    CHECK(owner_at(mapped, "sub/inner") == Ids(5000, 6000));
    check_refused(mkfs({"--uid-map", "4000000000:0:1", "-r", place.root(), place.folder / "new"}), 2, {"map"});
    CHECK_FALSE(is_there(place.folder / "new"));
}

TEST_CASE("mkfs: subvolumes") {
    const Workplace place;
    const auto listing = place.of_root({"-u", "sub", "--subvol", "ro:sub/deep"});
    CHECK(at(listing, "sub").is_subvolume);
    CHECK_FALSE(at(listing, "sub").is_read_only);
    CHECK(at(listing, "sub/deep").is_read_only);
    CHECK_FALSE(at(place.of_root({}), "sub").is_subvolume);
    const auto refused = [&](const std::string& subvolume, int status, const std::string& part) {
        check_refused(mkfs({"-u", subvolume, "-r", place.root(), place.folder / "new"}), status, {part});
    };
    refused("nowhere", 1, "nowhere: no such file");
    refused("ro:file", 2, "file: can't become a subvolume: not a directory");
    refused("ro:/", 2, "/: can't become a subvolume: the top of a filesystem is always writable");
    refused("default-ro:.", 2, "the top of a filesystem is always writable");
    refused("best:sub", 1, "best:sub: no such file");
    refused("sub/../sub", 2, "..");
    check_refused(mkfs({"-u", "sub", "-u", "ro:./sub", "-r", place.root(), place.folder / "new"}), 2,
                  {"asked for twice"});
    for (const auto* top : {"/", ".", "rw:/", "default:/"}) {
        CAPTURE(top);
        CHECK(differences(place.of_root({"-u", top}), place.of_root({}), {"atime", "otime"}).empty());
    }
    std::filesystem::create_directory(place.root() + "/a:b");
    CHECK(at(place.of_root({"-u", "a:b"}), "a:b").is_subvolume);
    CHECK(at(place.of_root({"-u", "ro:a:b"}), "a:b").is_read_only);
    std::filesystem::create_directory(place.root() + "/ro:x");
    CHECK(at(place.of_root({"-u", "./ro:x"}), "ro:x").is_subvolume);
    CHECK(at(place.of_root({"-u", "ro:ro:x"}), "ro:x").is_read_only);
}

TEST_CASE("mkfs: inode flags and compression") {
    const Workplace place;
    const auto flags = [&](const std::vector<std::string>& arguments, std::string_view path) {
        return at(place.of_root(arguments), path).flags;
    };
    CHECK((flags({}, "sub/inner") & (btrfs::inode_nodatacow | btrfs::inode_nodatasum)) == 0);
    CHECK((flags({"--inode-flags", "nodatacow:sub"}, "sub/inner") & btrfs::inode_nodatacow) != 0);
    CHECK((flags({"--inode-flags", "nodatacow:sub"}, "file") & btrfs::inode_nodatacow) == 0);
    check_refused(mkfs({"--inode-flags", "nodatacow:no", "-r", place.root(), place.folder / "new"}), 1,
                  {"no: no such file"});
    const auto data_bytes = [&](const std::string& method) {
        return mkfs_json_of({"-f", "--size", "auto", "--compress", method, "-r", place.root(),
                             place.image()})["content"]["data_bytes"]
            .get<u64>();
    };
    const u64 plain = data_bytes("no");
    for (const auto* method : {"zstd", "zstd:15", "zlib:1", "lzo", "zlib"}) {
        CAPTURE(method);
        CHECK(data_bytes(method) < plain);
        CHECK(
            differences(place.of_root({"--compress", method}), place.of_root({}), {"flags", "otime", "ctime", "atime"})
                .empty());
    }
}

TEST_CASE("mkfs: SOURCE_DATE_EPOCH bounds all times") {
    const EnvironmentVariable epoch("SOURCE_DATE_EPOCH", "1000000000");
    const Workplace place;
    const timespec old[2] = {{.tv_sec = 5, .tv_nsec = 6}, {.tv_sec = 7, .tv_nsec = 8}};
    REQUIRE(::utimensat(AT_FDCWD, (place.root() + "/file").c_str(), old, 0) == 0);
    const auto listing = place.of_root({});
    CHECK(at(listing, "sub/inner").mtime.sec == 1000000000);
    CHECK(at(listing, "sub/inner").otime.sec == 1000000000);
    CHECK(at(listing, "file").mtime.sec == 7);
    CHECK(at(listing, "file").mtime.nsec == 8);
    CHECK(at(listing, "file").atime.sec == 7);
}

TEST_CASE("mkfs: a tar archive") {
    const Workplace place;
    const auto archive = place.folder / "archive.tar";
    write_file(archive, tar_archive({{.name = "dir/", .type = '5', .mode = 0750, .uid = 7},
                                     {.name = "dir/file", .data = "text", .mtime = 99},
                                     {.name = "dir/again", .type = '1', .link = "dir/file"},
                                     {.name = "/etc/../../../up", .data = "inside"}}));
    const auto listing = place.listing({"--tar", archive});
    CHECK(at(listing, "dir").uid == 7);
    CHECK(at(listing, "dir/file").mtime.sec == 99);
    CHECK(at(listing, "dir/again").first_name == "dir/again");
    CHECK(at(listing, "dir/file").nlink == 2);
    CHECK(at(listing, "up").size == 6);
}

TEST_CASE("mkfs: sources that are no good are refused with their path before anything is made") {
    const Workplace place;
    const auto image = place.folder / "new";
    check_refused(mkfs({"-r", place.folder / "none", image}), 1, {place.folder / "none"});
    check_refused(mkfs({"-r", place.root() + "/file", image}), 1, {place.root() + "/file"});
    check_refused(mkfs({"--tar", place.folder / "none.tar", image}), 1, {place.folder / "none.tar"});
    check_refused(mkfs({"--tar", place.root() + "/file", image}), 1, {place.root() + "/file"});
    const auto whole = tar_archive({{.name = "one", .data = std::string(2000, '1')}, {.name = "two"}});
    write_file(place.folder / "cut.tar", whole.substr(0, 1500));
    check_refused(mkfs({"--tar", place.folder / "cut.tar", image}), 1, {"cut.tar", "one"});
    if (::getuid() != 0) {
        ::chmod((place.root() + "/sub/inner").c_str(), 0);
        check_refused(mkfs({"-r", place.root(), image}), 1, {"sub/inner"});
    }
    CHECK_FALSE(is_there(image));
}

TEST_CASE("mkfs: a source that changes under it leaves nothing") {
    const Workplace place;
    // The second device stands in the source: when it is written, it is not what it was.
    const auto inside = place.root() + "/inside";
    write_file(inside, pattern_bytes(100000));
    std::filesystem::resize_file(inside, u64{200} << 20);
    const auto run = mkfs({"-f", "--size", "200m", "-r", place.root(), place.folder / "new", inside});
    check_refused(run, 1, {"inside"});
    CHECK_FALSE(is_there(place.folder / "new"));
}

} // namespace mkfs_source_test
