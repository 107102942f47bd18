// SPDX-License-Identifier: MIT
// What is found in /proc and /sys, here in a folder of ours.
#include "libfs/base/names.h"
#include "libfs/io/in_use.h"
#include "tests/support/sample_superblock.h"
#include "tests/support/temporary_folder.h"

#include <doctest/doctest.h>

namespace in_use_test {

namespace {

using btrkit::why_in_use;
using btrkit::test::TemporaryFolder;
namespace fs = std::filesystem;

/// A host with a disk sda (8:0) of two partitions and a disk sdb (8:16).
class FakeHost {
public:
    FakeHost() {
        add_device("sda", "8:0", "sda");
        add_device("sda/sda1", "8:1", "sda1");
        add_device("sda/sda2", "8:2", "sda2");
        add_device("sdb", "8:16", "sdb");
        put("sys/devices/sda/sda1/partition", "1\n");
        put("sys/devices/sda/sda2/partition", "2\n");
        put("proc/swaps", "Filename Type Size Used Priority\n");
    }

    void add_device(const std::string& folder, const std::string& number, const std::string& name) const {
        put("sys/devices/" + folder + "/dev", number + "\n");
        fs::create_directories(root() + "/sys/devices/" + folder + "/holders");
        link("sys/dev/block/" + number, "sys/devices/" + folder);
        link("sys/class/block/" + name, "sys/devices/" + folder);
        if (folder == name) {
            link("sys/block/" + name, "sys/devices/" + folder);
        }
    }
    void add_loop(const std::string& backing_file) const {
        add_device("loop7", "7:7", "loop7");
        put("sys/devices/loop7/loop/backing_file", backing_file + "\n");
    }
    void mount(const std::string& number, const std::string& source, const std::string& target,
               const std::string& type = "ext4") const {
        put("proc/self/mountinfo", "22 1 0:5 / /proc rw shared:1 - proc proc rw\n30 1 " + number + " / " + target +
                                       " rw,relatime shared:1 master:2 - " + type + " " + source + " rw\n");
    }
    void put(const std::string& path, const std::string& text) const {
        fs::create_directories(fs::path(root() + "/" + path).parent_path());
        btrkit::test::write_file(root() + "/" + path, text);
    }
    void link(const std::string& path, const std::string& target) const {
        fs::create_directories(fs::path(root() + "/" + path).parent_path());
        fs::create_directory_symlink(root() + "/" + target, root() + "/" + path);
    }
    std::string root() const { return folder_.path(); }

private:
    TemporaryFolder folder_;
};

constexpr btrkit::BlockNumber sda{8, 0};
constexpr btrkit::BlockNumber sda1{8, 1};
constexpr btrkit::BlockNumber sda2{8, 2};
constexpr btrkit::BlockNumber sdb{8, 16};

TEST_CASE("what nothing uses is free") {
    const FakeHost host;
    CHECK(why_in_use(sda, host.root()) == std::nullopt);
    CHECK(why_in_use(sda1, host.root()) == std::nullopt);
    CHECK(why_in_use(btrkit::BlockNumber{99, 0}, host.root()) == std::nullopt);
    CHECK(why_in_use(sda, host.root() + "/nothing") == std::nullopt);
    host.put("image", "x");
    CHECK(why_in_use(host.root() + "/image", host.root()) == std::nullopt);
    CHECK(why_in_use(host.root() + "/missing", host.root()) == std::nullopt);
}

TEST_CASE("a mounted device is in use, and so is the disk around it, but not the partition beside it") {
    const FakeHost host;
    host.mount("8:1", "/dev/root", "/my\\040data");
    CHECK(why_in_use(sda1, host.root()) == "is mounted at /my data");
    CHECK(why_in_use(sda, host.root()) == "has a partition sda1, which is mounted at /my data");
    CHECK(why_in_use(sda2, host.root()) == std::nullopt);
    CHECK(why_in_use(sdb, host.root()) == std::nullopt);
}

TEST_CASE("a filesystem with a number of its own is known by its source") {
    const FakeHost host;
    host.mount("0:40", "/dev/sdb", "/mnt\\012x", "btrfs");
    CHECK(why_in_use(sdb, host.root()) == "is mounted at /mnt\\nx");
    CHECK(why_in_use(sda, host.root()) == std::nullopt);
}

TEST_CASE("lines of /proc that are no mounts are passed over") {
    const FakeHost host;
    host.put("proc/self/mountinfo", "\n- - -\n30 1 8:1\n30 1 x:y / /mnt rw - ext4 /dev/sdb rw\n30 1 8:1 / /a rw -\n");
    host.put("proc/swaps", "\n\n");
    CHECK(why_in_use(sda1, host.root()) == std::nullopt);
}

TEST_CASE("swap is in use, as device and as file") {
    const FakeHost host;
    host.put("swap file", "x");
    host.put("proc/swaps", "Filename Type Size Used Priority\n/dev/sda2 partition 1 0 -2\n" + host.root() +
                               "/swap\\040file file 1 0 -3\n");
    CHECK(why_in_use(sda2, host.root()) == "is in use as swap");
    CHECK(why_in_use(sda, host.root()) == "has a partition sda2, which is in use as swap");
    CHECK(why_in_use(sda1, host.root()) == std::nullopt);
    CHECK(why_in_use(host.root() + "/swap file", host.root()) == "is in use as swap");
}

TEST_CASE("what the device mapper holds is in use") {
    const FakeHost host;
    host.add_device("dm-0", "254:0", "dm-0");
    host.put("sys/devices/dm-0/dm/name", "vault\n");
    host.link("sys/devices/sda/sda2/holders/dm-0", "sys/devices/dm-0");
    CHECK(why_in_use(sda2, host.root()) == "is held by dm-0 (vault)");
    CHECK(why_in_use(sda, host.root()) == "has a partition sda2, which is held by dm-0 (vault)");
    CHECK(why_in_use(btrkit::BlockNumber{254, 0}, host.root()) == std::nullopt);
    host.link("sys/devices/sdb/holders/md0", "sys/devices/sda");
    CHECK(why_in_use(sdb, host.root()) == "is held by md0");
}

TEST_CASE("a partition of a disk that is held as a whole is in use") {
    const FakeHost host;
    host.link("sys/devices/sda/holders/md0", "sys/devices/sdb");
    CHECK(why_in_use(sda1, host.root()) == "is a partition of sda, which is held by md0");
}

TEST_CASE("a member of a mounted btrfs is in use, wherever it is mounted") {
    const FakeHost host;
    host.link("sys/fs/btrfs/0000-1/devices/sda1", "sys/devices/sda/sda1");
    host.link("sys/fs/btrfs/0000-1/devices/sdb", "sys/devices/sdb");
    host.put("sys/fs/btrfs/features/raid56", "0\n");
    CHECK(why_in_use(sdb, host.root()) == "is part of the btrfs filesystem 0000-1, which is mounted, perhaps in "
                                          "another mount namespace");
    host.mount("0:40", "/dev/sda1", "/mnt", "btrfs");
    CHECK(why_in_use(sdb, host.root()) == "is part of the btrfs filesystem that is mounted at /mnt");
    CHECK(why_in_use(sda2, host.root()) == std::nullopt);
}

TEST_CASE("the backing file of a loop device is in use, mounted or not") {
    const FakeHost host;
    host.put("image", "x");
    host.put("other", "x");
    host.put("copy", "x");
    fs::create_hard_link(host.root() + "/image", host.root() + "/same");
    host.add_loop(host.root() + "/image");
    CHECK(why_in_use(host.root() + "/same", host.root()) == "is the backing file of /dev/loop7");
    CHECK(why_in_use(host.root() + "/other", host.root()) == std::nullopt);
    host.mount("7:7", "/dev/loop7", "/mnt");
    CHECK(why_in_use(host.root() + "/image", host.root()) ==
          "is the backing file of /dev/loop7, which is mounted at /mnt");
}

TEST_CASE("an image whose filesystem is mounted from a file that can't be found is held to be in use") {
    const FakeHost host;
    const auto super = btrkit::test::sample_superblock();
    std::vector<std::byte> image(1 << 20);
    std::ranges::copy(btrkit::as_bytes_of(super), image.begin() + btrfs::superblock_offsets[0]);
    btrkit::test::write_file(host.root() + "/image", image);
    host.add_loop("/nowhere/image");
    host.link("sys/fs/btrfs/" + btrkit::uuid_text(super.fsid) + "/devices/loop7", "sys/devices/loop7");
    CHECK(why_in_use(host.root() + "/image", host.root()) ==
          "may be mounted: its filesystem is, through /dev/loop7, whose backing file cannot be found here");
    // A copy of a mounted filesystem is free as long as it is known not to be that file itself.
    host.put("original", "x");
    host.put("sys/devices/loop7/loop/backing_file", host.root() + "/original\n");
    CHECK(why_in_use(host.root() + "/image", host.root()) == std::nullopt);
}

} // namespace

} // namespace in_use_test
