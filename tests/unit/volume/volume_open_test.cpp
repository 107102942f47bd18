// SPDX-License-Identifier: MIT
// Devices put together to a filesystem: who speaks for all, and what is reported.
#include "tests/support/device_lists.h"
#include "tests/support/faulty_device.h"

#include <doctest/doctest.h>

namespace volume_open_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {} // namespace

TEST_CASE("all devices of a filesystem are its members, in any order") {
    VolumeImage image(3);
    Problems problems;
    const auto volume = image.open(list(image.device(3), image.device(1), image.device(2)), problems);
    CHECK(problems.empty());
    CHECK(late_problems(volume).empty());
    REQUIRE(volume.members().size() == 3);
    for (const auto& [devid, member] : volume.members()) {
        CHECK(member.devid == devid);
        CHECK(member.device->name() == "dev" + std::to_string(devid));
        CHECK(member.uuid == uuid_of(static_cast<u8>(devid)));
        CHECK(member.generation == 18);
        CHECK_FALSE(member.stale);
    }
    CHECK(volume.chunks().chunks().size() == 1);
    CHECK(volume.geometry().generation == 18);
}

TEST_CASE("without a valid superblock nothing is opened") {
    Problems problems;
    auto opened = Volume::open({}, {}, into(problems));
    REQUIRE_FALSE(opened);
    CHECK(opened.error().kind == ErrorKind::usage);
    auto empty = std::make_unique<MemoryDevice>("empty", std::vector<std::byte>(100 * kib));
    opened = Volume::open(list(std::unique_ptr<BlockDevice>(std::move(empty))), {}, into(problems));
    REQUIRE_FALSE(opened);
    CHECK(opened.error().kind == ErrorKind::damaged);
    CHECK(codes(problems) == std::vector{ProblemCode::super_magic, ProblemCode::super_missing});
}

TEST_CASE("a device without a superblock is left out") {
    VolumeImage image(1);
    auto empty = std::make_unique<MemoryDevice>("empty", std::vector<std::byte>(10));
    Problems problems;
    const auto volume = image.open(list(std::unique_ptr<BlockDevice>(std::move(empty)), image.device(1)), problems);
    CHECK(codes(problems) == std::vector{ProblemCode::super_missing});
    CHECK(problems[0].place.device == "empty");
    CHECK(volume.members().size() == 1);
}

TEST_CASE("what is wrong with the superblock that is used is reported") {
    VolumeImage image(1);
    image.super(1).stripesize = 3;
    image.super(1).incompat_flags = image.super(1).incompat_flags | btrfs::flag_bit(50);
    Problems problems;
    image.open(image.all_devices(), problems);
    CHECK(codes(problems) == std::vector{ProblemCode::super_value, ProblemCode::super_unknown_incompat});
}

TEST_CASE("a device of another filesystem is foreign") {
    VolumeImage image(2);
    image.super(2).fsid = image.super(2).dev_item.fsid = uuid_of(0xee);
    Problems problems;
    const auto volume = image.open(image.all_devices(), problems);
    CHECK(codes(problems) == std::vector{ProblemCode::device_foreign});
    CHECK(problems[0].place.device == "dev2");
    CHECK(volume.members().size() == 1);
}

TEST_CASE("of two devices with one id the newer is taken") {
    VolumeImage image(2);
    image.super(2).dev_item.devid = 1;
    Problems problems;
    SUBCASE("the second is newer") {
        image.super(2).generation = 19;
        const auto volume = image.open(image.all_devices(), problems);
        CHECK(volume.members().at(1).device->name() == "dev2");
        CHECK(problems[0].place.device == "dev1");
        CHECK(volume.super().generation == 19);
    }
    SUBCASE("the first is newer") {
        image.super(1).generation = 19;
        const auto volume = image.open(image.all_devices(), problems);
        CHECK(volume.members().at(1).device->name() == "dev1");
        CHECK(problems[0].place.device == "dev2");
    }
    SUBCASE("both are equal") {
        const auto volume = image.open(list(image.device(2), image.device(1)), problems);
        CHECK(volume.members().at(1).device->name() == "dev2");
        CHECK(problems[0].place.device == "dev1");
    }
    CHECK(codes(problems) == std::vector{ProblemCode::device_duplicate});
}

TEST_CASE("a device that was left behind is stale, and the newest superblock counts") {
    VolumeImage image(3);
    image.super(1).generation = 17;
    image.super(1).label[0] = 'x';
    Problems problems;
    const auto volume = image.open(image.all_devices(), problems);
    REQUIRE(codes(problems) == std::vector{ProblemCode::device_stale});
    CHECK(problems[0].place.device == "dev1");
    CHECK(volume.members().at(1).stale);
    CHECK_FALSE(volume.members().at(2).stale);
    CHECK(volume.super().generation == 18);
    CHECK(volume.super().dev_item.devid == 2);
}

TEST_CASE("superblocks of one generation must agree") {
    VolumeImage image(2);
    image.super(2).root = image.super(2).root + 16384;
    image.super(2).label[0] = 'x';
    Problems problems;
    image.open(image.all_devices(), problems);
    REQUIRE(codes(problems) == std::vector{ProblemCode::super_devices_disagree});
    CHECK(problems[0].place.device == "dev2");
    CHECK(problems[0].detail == "it differs from dev1 in root, label");
}

TEST_CASE("a device that is shorter than it should be is truncated") {
    VolumeImage image(1);
    image.super(1).dev_item.total_bytes = 2048 * kib + 1;
    Problems problems;
    image.open(image.all_devices(), problems);
    REQUIRE(codes(problems) == std::vector{ProblemCode::device_truncated});
    CHECK(problems[0].detail == "2097152 bytes instead of 2097153");
}

TEST_CASE("a chosen mirror is taken or missing") {
    VolumeImage image(1, u64{65} << 20);
    auto second = image.super(1);
    second.bytenr = btrfs::superblock_offsets[1];
    second.generation = 17;
    seal(second);
    put_superblock(image.bytes(1), second);
    Problems problems;
    auto volume = Volume::open(image.all_devices(), {.super_mirror = 1}, into(problems));
    REQUIRE(volume);
    CHECK(volume->super().generation == 17);
    CHECK(codes(problems) == std::vector{ProblemCode::super_mirror_stale});
    problems.clear();
    CHECK_FALSE(Volume::open(image.all_devices(), {.super_mirror = 2}, into(problems)));
    CHECK(codes(problems) == std::vector{ProblemCode::super_missing});
    problems.clear();
    image.super(1).nodesize = 1;
    volume = Volume::open(image.all_devices(), {}, into(problems));
    REQUIRE(volume);
    CHECK(volume->super().generation == 17);
    CHECK(codes(problems) == std::vector{ProblemCode::super_mirror_invalid});
}

TEST_CASE("a superblock that can't be read is reported and its mirror taken") {
    VolumeImage image(1, u64{65} << 20);
    auto second = image.super(1);
    second.bytenr = btrfs::superblock_offsets[1];
    seal(second);
    put_superblock(image.bytes(1), second);
    auto device = std::make_unique<FaultyDevice>(image.device(1), std::vector<FaultyDevice::Range>{{65536, 1}});
    Problems problems;
    image.open(list(std::unique_ptr<BlockDevice>(std::move(device))), problems);
    CHECK(codes(problems) == std::vector{ProblemCode::device_unreadable});
}

TEST_CASE("damage in the system array is reported and the rest is used") {
    VolumeImage image(1);
    auto& super = image.super(1);
    const Chunk sound = image.chunks().front();
    Problems problems;
    SUBCASE("cut off") {
        super.sys_chunk_array_size = super.sys_chunk_array_size + 10;
        const auto volume = image.open(image.all_devices(), problems);
        CHECK(volume.chunks().find(sound.start) != nullptr);
        CHECK(codes(problems) == std::vector{ProblemCode::sys_array});
    }
    SUBCASE("overlap") {
        auto other = sound;
        other.length += 4096;
        append_system_chunk(super, other);
        image.open(image.all_devices(), problems);
        CHECK(codes(problems) == std::vector{ProblemCode::chunk_overlap});
    }
    SUBCASE("impossible") {
        auto other = sound;
        other.start.bytenr += u64{1} << 30;
        other.type |= btrfs::block_group_raid6;
        append_system_chunk(super, other);
        const auto volume = image.open(image.all_devices(), problems);
        CHECK(codes(problems) == std::vector{ProblemCode::chunk_item});
        CHECK(volume.chunks().find(other.start) == nullptr);
        CHECK(volume.chunks().find(sound.start) != nullptr);
    }
    SUBCASE("wrong, but readable") {
        auto other = sound;
        other.start.bytenr += u64{1} << 30;
        other.type = 0;
        append_system_chunk(super, other);
        const auto volume = image.open(image.all_devices(), problems);
        CHECK(codes(problems) == std::vector{ProblemCode::chunk_item});
        CHECK(volume.chunks().find(other.start) != nullptr);
    }
}

} // namespace volume_open_test
