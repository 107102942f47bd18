// SPDX-License-Identifier: MIT
// The images that mkfs writes to: their sizes, and which it leaves alone.
#include "apps/dump_super/dump_super.h"
#include "tests/apps/mkfs_run.h"

#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libfs/io/writable_file.h"

namespace mkfs_target_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

/// What btrfs-progs demands of a device by default (measured of 6.19).
constexpr u64 least_default_bytes = 114294784;

struct Workplace {
    Workplace() {
        std::filesystem::create_directory(folder / "root");
        write_file(folder / "root/file", pattern_bytes(300000));
    }
    std::string root() const { return folder / "root"; }
    std::string image(std::optional<u64> size_bytes = {}, const std::string& name = "image") const {
        if (size_bytes) {
            write_file(folder / name, "");
            std::filesystem::resize_file(folder / name, *size_bytes);
        }
        return folder / name;
    }

    TemporaryFolder folder;
};

bool is_btrfs(const std::string& path) {
    const auto run = run_tool(apps::run_dump_super, {"--format", "json", path});
    return run.status == 0 && Json::parse(run.out)["devices"][0]["mirrors"][0]["valid"] == true;
}

/// Something of every sort that could change.
std::pair<SparseBytes, std::filesystem::file_time_type> look_at(const std::string& path) {
    return {image_bytes_of(path), std::filesystem::last_write_time(path)};
}

u64 size_in(const Json& document) {
    return document["devices"][0]["size"];
}

void put_ext4_magic(const std::string& path) {
    // s_magic of an ext superblock, and the feature "extents", which only ext4 has (kernel: fs/ext4/ext4.h).
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(1024 + 0x38).write("\x53\xef", 2);
    file.seekp(1024 + 0x4c).write("\x01", 1);
    file.seekp(1024 + 0x60).write("\x40", 1);
}

} // namespace

TEST_CASE("mkfs: an image that is there is used as it is") {
    const Workplace place;
    const auto image = place.image(200 * mib);
    mkfs_well({image});
    CHECK(std::filesystem::file_size(image) == 200 * mib);
    CHECK(is_btrfs(image));
    const auto full = mkfs_json_of({"-f", "-r", place.root(), image});
    CHECK(size_in(full) == 200 * mib);
    CHECK(std::filesystem::file_size(image) == 200 * mib);
}

TEST_CASE("mkfs: forms of --size") {
    const Workplace place;
    const auto planned_size = [&](std::vector<std::string> arguments) {
        arguments.insert(arguments.end(), {"--dry-run", "-r", place.root(), place.image()});
        return size_in(mkfs_json_of(arguments));
    };
    const u64 least = planned_size({});
    CHECK(least < 64 * mib);
    CHECK(planned_size({"--size", "auto"}) == least);
    CHECK(planned_size({"--size", "min"}) == least);
    CHECK(planned_size({"--size", "min+0"}) == least);
    CHECK(planned_size({"--size", "min+5M"}) == least + 5 * mib);
    CHECK(planned_size({"--size", "200m"}) == 200 * mib);
    CHECK(planned_size({"-b", "200m"}) == 200 * mib);
    for (const auto* size : {"auto", "200m"}) {
        const auto made = mkfs_json_of({"-f", "--size", size, "-r", place.root(), place.image()});
        CHECK(size_in(made) == std::filesystem::file_size(place.image()));
        CHECK(is_btrfs(place.image()));
    }
    CHECK(std::filesystem::file_size(place.image()) == 200 * mib);
}

TEST_CASE("mkfs: --size makes, enlarges and cuts files") {
    const Workplace place;
    const auto image = place.image();
    mkfs_well({"--size", "150m", image});
    CHECK(std::filesystem::file_size(image) == 150 * mib);
    mkfs_well({"-f", "--size", "300m", image});
    CHECK(std::filesystem::file_size(image) == 300 * mib);
    mkfs_well({"-f", "--size", "120m", image});
    CHECK(std::filesystem::file_size(image) == 120 * mib);
    CHECK(is_btrfs(image));
    mkfs_well({"--size", "120m", place.image(0, "empty")});
    CHECK(is_btrfs(place.folder / "empty"));
}

TEST_CASE("mkfs: --byte-count uses the begin of an image and leaves the end alone") {
    const Workplace place;
    const auto image = place.image(200 * mib);
    std::fstream(image, std::ios::in | std::ios::out | std::ios::binary).seekp(static_cast<long>(200 * mib - 4))
        << "tail";
    const auto document = mkfs_json_of({"-K", "-b", "150m", image});
    CHECK(size_in(document) == 150 * mib);
    CHECK(std::filesystem::file_size(image) == 200 * mib);
    CHECK(find_text(image_bytes_of(image), "tail", 200 * mib - 4) == 200 * mib - 4);
    check_refused(mkfs({"-f", "-b", "201m", image}), 1, {image + ": ", std::to_string(mib) + " bytes are missing"});
    check_refused(mkfs({"-f", "-b", "100m", image}), 1,
                  {std::to_string(least_default_bytes - 100 * mib) + " bytes are missing"});
}

TEST_CASE("mkfs: --shrink cuts an image to what is needed") {
    const Workplace place;
    const auto image = place.image(500 * mib);
    const auto least = size_in(mkfs_json_of({"--dry-run", "-r", place.root(), place.folder / "new"}));
    const auto document = mkfs_json_of({"--shrink", "-r", place.root(), image});
    CHECK(size_in(document) == least);
    CHECK(std::filesystem::file_size(image) == least);
    CHECK(is_btrfs(image));
}

TEST_CASE("mkfs: what is too small is refused with the bytes that are missing, and is not enlarged") {
    const Workplace place;
    const auto image = place.image(least_default_bytes - 4096);
    const auto before = look_at(image);
    check_refused(mkfs({image}), 1,
                  {image + ": ", std::to_string(least_default_bytes) + " bytes", "4096 bytes are missing"});
    CHECK(look_at(image) == before);
    mkfs_well({place.image(least_default_bytes, "enough")});

    // Content beyond the least size.
    write_file(place.folder / "root/large", std::string(150 * mib, 'x'));
    const auto small = place.image(128 * mib, "small");
    const auto untouched = look_at(small);
    for (const auto& more : {std::vector<std::string>{}, {"--shrink"}}) {
        std::vector<std::string> arguments = {"-r", place.root(), small};
        arguments.insert(arguments.end(), more.begin(), more.end());
        check_refused(mkfs(arguments), 1, {small + ": ", "does not fit", "bytes are missing"});
    }
    check_refused(mkfs({"-r", place.root(), "--size", "128m", place.folder / "new"}), 1, {"bytes are missing"});
    CHECK(look_at(small) == untouched);
    CHECK_FALSE(is_there(place.folder / "new"));
}

TEST_CASE("mkfs: an image without a size") {
    const Workplace place;
    check_refused(mkfs({place.image()}), 2, {place.image(), "does not exist (--size SIZE makes it)"});
    check_refused(mkfs({place.image(0, "empty")}), 2, {place.folder / "empty", "is empty (--size"});
    check_refused(mkfs({"-r", place.root(), place.folder / "no/such/folder"}), 1, {place.folder / "no/such/folder"});
    check_refused(mkfs({"-f", place.root()}), 2, {place.root(), "neither a regular file nor a block device"});
    check_refused(mkfs({place.image(mib), place.image()}), 2, {"given twice"});
}

TEST_CASE("mkfs: an empty file, as mktemp makes it, grows to what its content needs") {
    const Workplace place;
    const auto size_from_empty = [&](std::vector<std::string> arguments) {
        const auto image = place.image(0, "empty");
        arguments.insert(arguments.end(), {"-r", place.root(), image});
        const auto document = mkfs_json_of(arguments);
        CHECK(std::filesystem::file_size(image) == size_in(document));
        CHECK(is_btrfs(image));
        return size_in(document);
    };
    const u64 least = size_in(mkfs_json_of({"--dry-run", "-r", place.root(), place.image()}));
    CHECK(size_from_empty({}) == least);
    CHECK(size_from_empty({"-f", "--shrink"}) == least);
    CHECK(size_from_empty({"-b", "150m"}) == 150 * mib);
    CHECK(size_from_empty({"-b", "150m", "--shrink"}) == least);
    // Not in a dry run, and back again where it fails.
    const auto image = place.image(0, "empty");
    mkfs_well({"--dry-run", "-r", place.root(), image});
    CHECK(std::filesystem::file_size(image) == 0);
    check_refused(mkfs({"-r", place.root(), "-b", "4m", "--shrink", image}), 1, {"bytes are missing"});
    CHECK(std::filesystem::file_size(image) == 0);
    // What has a size keeps it.
    check_refused(mkfs({"-r", place.root(), place.image(mib, "small")}), 1, {"bytes are missing"});
    check_refused(mkfs({"-b", "150m", image}), 2, {"is empty (--size"});
}

TEST_CASE("mkfs: no stream and no missing device becomes a file") {
    const Workplace place;
    const auto nowhere = std::string("/dev/btrkit-no-such-disk");
    for (const std::vector<std::string>& more :
         {std::vector<std::string>{}, {"--size", "150m"}, {"-r", place.root()}}) {
        auto arguments = more;
        arguments.insert(arguments.begin(), "-");
        check_refused(mkfs(arguments), 2, {"-: no stream can be used here"});
        arguments.front() = nowhere;
        check_refused(mkfs(arguments), 2, {nowhere + ": there is no such device"});
        arguments.front() = "/dev/../dev/block/9:9";
        check_refused(mkfs(arguments), 2, {"there is no such device"});
        CHECK_FALSE(is_there(nowhere));
        CHECK_FALSE(is_there("-"));
    }
    std::filesystem::create_symlink("/dev", place.folder / "link");
    check_refused(mkfs({"--size", "150m", place.folder / "link/btrkit-no-such-disk"}), 2, {"there is no such device"});
}

TEST_CASE("mkfs: devices of 16 EiB together are too many bytes to count") {
    const Workplace place;
    std::vector<std::string> images;
    for (const auto* name : {"a", "b", "c"}) {
        images.push_back(place.folder / name);
    }
    auto arguments = images;
    arguments.insert(arguments.end(), {"--dry-run", "--size", "6e"});
    check_refused(mkfs(arguments), 1, {"a filesystem can't have 16 EiB or more together"});
    arguments.back() = "5e";
    mkfs_well(arguments);
}

TEST_CASE("mkfs: --dry-run writes nothing, whatever is there") {
    const Workplace place;
    const auto image = place.image(200 * mib);
    std::fstream(image, std::ios::in | std::ios::out | std::ios::binary) << "what was here";
    const auto before = look_at(image);
    for (const auto* format : {"text", "json"}) {
        const auto run = mkfs_well({"--dry-run", "--format", format, "-r", place.root(), image});
        CHECK(run.out.starts_with(format == std::string("text") ? "Nothing was written (--dry-run)." : "{"));
        mkfs_well({"--dry-run", "--format", format, "--size", "300m", image});
        mkfs_well({"--dry-run", "--format", format, "--shrink", "-r", place.root(), image});
        mkfs_well({"--dry-run", "--format", format, "-r", place.root(), place.folder / "new"});
    }
    CHECK(look_at(image) == before);
    CHECK_FALSE(is_there(place.folder / "new"));
    CHECK(mkfs_well({"-q", "--dry-run", image}).out != "");
    CHECK(mkfs_well({"-q", image}).out == "");
}

TEST_CASE("mkfs: another filesystem is named, and overwritten only with -f") {
    const Workplace place;
    const auto image = place.image(200 * mib);
    put_ext4_magic(image);
    const auto before = look_at(image);
    check_refused(mkfs({image}), 1, {image + ": holds ext", "(-f overwrites it)"});
    check_refused(mkfs({"--dry-run", image}), 1, {"holds ext"});
    check_refused(mkfs({place.image(200 * mib, "other"), image}), 1, {image + ": holds ext"});
    CHECK(look_at(image) == before);
    mkfs_well({"-f", image});
    CHECK(is_btrfs(image));
    check_refused(mkfs({image}), 1, {image + ": holds btrfs"});
    mkfs_well({"--force", image});
}

TEST_CASE("mkfs: a file that another process writes is left alone, even with -f") {
    const Workplace place;
    const auto image = place.image(200 * mib);
    int ready[2];
    int done[2];
    REQUIRE(::pipe(ready) == 0);
    REQUIRE(::pipe(done) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
        const auto held = WritableFile::open(image);
        char byte = held ? 'y' : 'n';
        ::close(done[1]);
        const bool told = ::write(ready[1], &byte, 1) == 1;
        ::_exit(told && ::read(done[0], &byte, 1) == 0 ? 0 : 1);
    }
    ::close(done[0]);
    char byte = 0;
    REQUIRE(::read(ready[0], &byte, 1) == 1);
    REQUIRE(byte == 'y');
    const auto before = look_at(image);
    check_refused(mkfs({"-f", image}), 1, {image + ": in use by another process"});
    CHECK(look_at(image) == before);
    ::close(done[1]);
    int status = 1;
    ::waitpid(child, &status, 0);
    CHECK(status == 0);
    ::close(ready[0]);
    ::close(ready[1]);
    mkfs_well({image});
}

TEST_CASE("an image that lies in its own source is refused before anything is written") {
    const TemporaryFolder folder;
    const std::string source = folder / "source";
    REQUIRE(std::filesystem::create_directories(source + "/below"));
    const std::string image = source + "/below/image";
    std::ofstream(image) << "what was there";
    check_refused(mkfs({"-f", "--size", "auto", "--rootdir", source, image}), 1, {image + ": lies in the directory"});
    CHECK(std::filesystem::file_size(image) == 14);
}

TEST_CASE("a filled filesystem may be smaller than an empty one must be") {
    const TemporaryFolder folder;
    const std::string source = folder / "source";
    REQUIRE(std::filesystem::create_directory(source));
    std::ofstream(source + "/file") << "content";
    CHECK(mkfs({"--size", "40m", "--rootdir", source, folder / "image"}).status == 0);
    check_refused(mkfs({"--size", "40m", folder / "empty"}), 1, {"bytes are missing"});
}

} // namespace mkfs_target_test
