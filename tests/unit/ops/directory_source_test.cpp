// SPDX-License-Identifier: MIT
#include "libfs/ops/source/directory_source.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/ops/mkfs_sources.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace directory_source_test {

using namespace btrkit;
using namespace btrkit::source;
using namespace btrkit::test;

namespace {

constexpr Parallelism serial = {.threads = 1};
constexpr Parallelism parallel = {.threads = 4};

SourceTree read_all(const std::string& path, Parallelism parallelism = parallel) {
    Result<SourceTree> tree = read_directory(path, parallelism);
    REQUIRE_MESSAGE(tree.has_value(), tree.error().message);
    return std::move(*tree);
}

void set_times(const std::string& path, timespec atime, timespec mtime) {
    const timespec times[] = {atime, mtime};
    REQUIRE(::utimensat(AT_FDCWD, path.c_str(), times, AT_SYMLINK_NOFOLLOW) == 0);
}

bool is_root() {
    if (::geteuid() == 0) {
        return true;
    }
    MESSAGE("skipped: needs root");
    return false;
}

/// Whom permissions bind: root runs this as nobody.
template <class Run>
void as_nobody(Run&& run) {
    constexpr uid_t nobody = 65534;
    const bool was_root = ::geteuid() == 0;
    if (was_root) {
        REQUIRE(::seteuid(nobody) == 0);
    }
    run();
    if (was_root) {
        REQUIRE(::seteuid(0) == 0);
    }
}

} // namespace

TEST_CASE("types, modes, times and links of a directory are carried") {
    const TemporaryFolder folder;
    std::filesystem::create_directories(folder / "d/e");
    write_file(folder / "d/file", "some text");
    REQUIRE(::chmod((folder / "d/file").c_str(), 04751) == 0);
    REQUIRE(::chmod((folder / "d").c_str(), 01770) == 0);
    std::filesystem::create_hard_link(folder / "d/file", folder / "d/e/again");
    REQUIRE(::symlink("../nowhere/at all", (folder / "link").c_str()) == 0);
    REQUIRE(::link((folder / "link").c_str(), (folder / "d/link2").c_str()) == 0);
    REQUIRE(::mkfifo((folder / "fifo").c_str(), 0620) == 0);
    set_times(folder / "d/file", {.tv_sec = 12, .tv_nsec = 345}, {.tv_sec = -67, .tv_nsec = 890});
    const SourceTree tree = read_all(folder.path());
    CHECK(tree.inodes.size() == 6);
    const SourceInode& file = inode_at(tree, "d/file");
    CHECK(file.mode == (S_IFREG | 04751));
    CHECK(file.uid == ::geteuid());
    CHECK(file.atime == Time{12, 345});
    CHECK(file.mtime == Time{-67, 890});
    CHECK(file.ctime.sec > 0);
    CHECK(file.data.size() == 1);
    CHECK(text_of(tree, "d/file") == "some text");
    CHECK(read_range(tree, "d/file", 5, 3).value() == "tex");
    CHECK(number_at(tree, "d/file") == number_at(tree, "d/e/again"));
    CHECK(path_of(tree, number_at(tree, "d/file")) == "d/e/again");
    CHECK(inode_at(tree, "d").mode == (S_IFDIR | 01770));
    CHECK(inode_at(tree, "link").link_target == "../nowhere/at all");
    CHECK(number_at(tree, "link") == number_at(tree, "d/link2"));
    CHECK(S_ISFIFO(inode_at(tree, "fifo").mode));
}

TEST_CASE("names may have any bytes") {
    const TemporaryFolder folder;
    const std::string name = "\xff\xfe \n\\x";
    write_file(folder / name, "1");
    write_file(folder / std::string(255, 'n'), "2");
    const SourceTree tree = read_all(folder.path());
    CHECK(text_of(tree, name) == "1");
    CHECK(text_of(tree, std::string(255, 'n')) == "2");
}

TEST_CASE("sockets are carried, and not opened") {
    const TemporaryFolder folder;
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = folder / "s";
    REQUIRE(path.size() < sizeof(address.sun_path));
    std::ranges::copy(path, address.sun_path);
    REQUIRE(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
    CHECK(S_ISSOCK(inode_at(read_all(folder.path()), "s").mode));
    ::close(fd);
}

TEST_CASE("holes stay holes") {
    const TemporaryFolder folder;
    constexpr u64 mebibyte = 1 << 20;
    const int fd = ::open((folder / "sparse").c_str(), O_RDWR | O_CREAT, 0644);
    REQUIRE(::ftruncate(fd, 8 * mebibyte) == 0);
    REQUIRE(::pwrite(fd, "data", 4, 3 * mebibyte) == 4);
    ::close(fd);
    write_file(folder / "hole", "");
    std::filesystem::resize_file(folder / "hole", 3000);
    const SourceTree tree = read_all(folder.path());
    const SourceInode& sparse = inode_at(tree, "sparse");
    CHECK(sparse.size == 8 * mebibyte);
    REQUIRE(sparse.data.size() == 1);
    if (sparse.data[0].length == sparse.size) {
        MESSAGE("skipped: this filesystem keeps no holes");
        return;
    }
    CHECK(sparse.data[0].offset == 3 * mebibyte);
    CHECK(sparse.data[0].length < mebibyte);
    CHECK(inode_at(tree, "hole").size == 3000);
    CHECK(inode_at(tree, "hole").data.empty());
    CHECK(read_range(tree, "sparse", 3 * mebibyte - 2, 8).value() == std::string("\0\0data\0\0", 8));
}

TEST_CASE("extended attributes are carried, also long ones") {
    const TemporaryFolder folder;
    const std::string path = folder / "f";
    write_file(path, "");
    if (::setxattr(path.c_str(), "user.b", "\0\1", 2, 0) != 0) {
        MESSAGE("skipped: this filesystem has no extended attributes");
        return;
    }
    std::string longest(3000, 'v'); // an ext4 without large ones takes no more than a block for all
    REQUIRE(::setxattr(path.c_str(), "user.a", longest.data(), longest.size(), 0) == 0);
    REQUIRE(::setxattr(folder.path().c_str(), "user.top", "", 0, 0) == 0);
    const SourceTree tree = read_all(folder.path());
    const SourceInode& file = inode_at(tree, "f");
    CHECK(xattr_of(file, "user.b") == std::string("\0\1", 2));
    CHECK(xattr_of(file, "user.a") == longest);
    CHECK(std::ranges::is_sorted(file.xattrs, {}, &Xattr::name));
    CHECK(xattr_of(tree.inodes[0], "user.top") == "");
}

TEST_CASE("root's things are carried: owners, devices, trusted attributes") {
    if (!is_root()) {
        return;
    }
    const TemporaryFolder folder;
    const std::string path = folder / "dev";
    if (::mknod(path.c_str(), S_IFCHR | 0600, makedev(259, 70000)) != 0) {
        MESSAGE("skipped: devices can't be made here");
        return;
    }
    REQUIRE(::chown(path.c_str(), 3'000'000'000, 7) == 0);
    const bool has_trusted = ::setxattr(path.c_str(), "trusted.t", "x", 1, 0) == 0;
    const SourceTree tree = read_all(folder.path());
    const SourceInode& device = inode_at(tree, "dev");
    CHECK(device.mode == (S_IFCHR | 0600));
    CHECK(device.device_major == 259);
    CHECK(device.device_minor == 70000);
    CHECK(device.uid == 3'000'000'000);
    CHECK(device.gid == 7);
    CHECK(xattr_of(device, "trusted.t").has_value() == has_trusted);
}

TEST_CASE("the result does not depend on threads") {
    const TemporaryFolder folder;
    for (int i = 0; i < 40; ++i) {
        const std::string directory = folder / fmt::format("{}", (i * 7) % 40);
        std::filesystem::create_directories(directory + "/below");
        for (int j = 0; j < i; ++j) {
            write_file(directory + fmt::format("/below/{}", (j * 11) % 40), fmt::format("{} {}", i, j));
        }
    }
    const SourceTree one = read_all(folder.path(), serial);
    const SourceTree many = read_all(folder.path(), parallel);
    REQUIRE(one.inodes.size() == many.inodes.size());
    for (u32 i = 0; i < one.inodes.size(); ++i) {
        CHECK(path_of(one, i) == path_of(many, i));
        CHECK(one.inodes[i].content == many.inodes[i].content);
        CHECK(one.inodes[i].ctime == many.inodes[i].ctime);
    }
    CHECK(text_of(many, "39/below/0") == text_of(one, "39/below/0"));
}

TEST_CASE("paths of any length are walked, and read by few descriptors") {
    const TemporaryFolder folder;
    const std::string name(200, 'd');
    constexpr int depth = 60; // twice what a path may have
    int fd = ::open(folder.path().c_str(), O_RDONLY | O_DIRECTORY);
    std::string path;
    for (int i = 0; i < depth; ++i) {
        REQUIRE(::mkdirat(fd, name.c_str(), 0755) == 0);
        const int next = ::openat(fd, name.c_str(), O_RDONLY | O_DIRECTORY);
        ::close(fd);
        fd = next;
        path += name + '/';
    }
    const int file = ::openat(fd, "file", O_WRONLY | O_CREAT, 0644);
    REQUIRE(::write(file, "deep", 4) == 4);
    ::close(file);
    ::close(fd);
    const SourceTree tree = read_all(folder.path());
    CHECK(tree.inodes.size() == depth + 2);
    CHECK(text_of(tree, path + "file") == "deep");
    CHECK(read_range(tree, path + "file", 1, 2).value() == "ee");
}

TEST_CASE("what can't be read is an error that names it") {
    const TemporaryFolder folder;
    REQUIRE(::chmod(folder.path().c_str(), 0777) == 0);
    as_nobody([&] {
        std::filesystem::create_directories(folder / "a/shut");
        write_file(folder / "b", "x");
        REQUIRE(::chmod((folder / "b").c_str(), 0) == 0);
        REQUIRE(::chmod((folder / "a/shut").c_str(), 0) == 0);
        const auto first = read_directory(folder.path(), parallel);
        REQUIRE(::chmod((folder / "a/shut").c_str(), 0755) == 0);
        const auto second = read_directory(folder.path(), parallel);
        REQUIRE(!first.has_value());
        REQUIRE(!second.has_value());
        CHECK(first.error().kind == ErrorKind::io);
        says(first.error(), folder / "a/shut: cannot open the directory: Permission denied");
        says(second.error(), folder / "b: cannot open: Permission denied");
    });
    const auto nothing = read_directory(folder / "nothing", serial);
    REQUIRE(!nothing.has_value());
    says(nothing.error(), "nothing: cannot open the directory: No such file");
    CHECK(!read_directory(folder / "b", serial).has_value());
}

TEST_CASE("files that change after the walk are not read") {
    const TemporaryFolder folder;
    const std::string path = folder / "f";
    write_file(path, "12345678");
    set_times(path, {.tv_sec = 5, .tv_nsec = 0}, {.tv_sec = 5, .tv_nsec = 0});
    const SourceTree tree = read_all(folder.path());
    CHECK(text_of(tree, "f") == "12345678");
    SUBCASE("gone") {
        std::filesystem::remove(path);
    }
    SUBCASE("cut short") {
        std::filesystem::resize_file(path, 2);
    }
    SUBCASE("grown") {
        std::filesystem::resize_file(path, 20);
    }
    SUBCASE("written") {
        write_file(path, "abcdefgh");
    }
    SUBCASE("another of the same looks") {
        write_file(folder / "g", "abcdefgh");
        std::filesystem::rename(folder / "g", path);
        set_times(path, {.tv_sec = 5, .tv_nsec = 0}, {.tv_sec = 5, .tv_nsec = 0});
    }
    SUBCASE("a fifo now") {
        std::filesystem::remove(path);
        REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    }
    SUBCASE("a link now") {
        std::filesystem::remove(path);
        REQUIRE(::symlink("/dev/zero", path.c_str()) == 0);
    }
    for (const u64 length : {8, 1}) { // whole, and in pieces
        const auto text = read_range(tree, "f", 0, length);
        REQUIRE(!text.has_value());
        CHECK(text.error().kind == ErrorKind::io);
        says(text.error(), path + ": ");
        says(text.error(), "changed while it was read");
    }
}

} // namespace directory_source_test
