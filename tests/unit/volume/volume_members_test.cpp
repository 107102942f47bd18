// SPDX-License-Identifier: MIT
// Who belongs to whom: changes of the fsid, missing devices, seeds and sprouts.
#include "tests/support/device_lists.h"

#include <doctest/doctest.h>

namespace volume_members_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {} // namespace

namespace {

void make_seed(btrfs::Superblock& super, u8 fsid) {
    super.fsid = super.dev_item.fsid = uuid_of(fsid);
    super.flags = super.flags | btrfs::super_flag_seeding;
}

} // namespace

TEST_CASE("devices in the midst of a change of the fsid belong together") {
    VolumeImage image(2);
    auto& old = image.super(1);
    auto& changed = image.super(2);
    changed.metadata_uuid = changed.fsid;
    changed.incompat_flags = changed.incompat_flags | btrfs::incompat_metadata_uuid;
    changed.fsid = uuid_of(0x77);
    Problems problems;
    SUBCASE("one is marked") {
        old.flags = old.flags | btrfs::super_flag_changing_fsid_v2;
        CHECK(image.open(image.all_devices(), problems).members().size() == 2);
        CHECK(codes(problems) == std::vector{ProblemCode::super_unfinished_change});
    }
    SUBCASE("the one with the old fsid was left behind") {
        changed.generation = 19;
        const auto volume = image.open(image.all_devices(), problems);
        CHECK(volume.members().size() == 2);
        CHECK(volume.super().fsid == uuid_of(0x77));
        CHECK(volume.geometry().tree_fsid == old.fsid);
        CHECK(codes(problems) == std::vector{ProblemCode::device_stale});
    }
    SUBCASE("a copy that was given a new fsid is another filesystem") {
        changed.dev_item.devid = 1;
        CHECK(image.open(image.all_devices(), problems).members().size() == 1);
        CHECK(codes(problems) == std::vector{ProblemCode::device_foreign});
    }
    SUBCASE("two copies with new fsids are two filesystems") {
        old = changed;
        old.fsid = uuid_of(0x78);
        old.dev_item.devid = 1;
        CHECK(image.open(image.all_devices(), problems).members().size() == 1);
        CHECK(codes(problems) == std::vector{ProblemCode::device_foreign});
    }
}

TEST_CASE("the chunk tree tells which devices are missing") {
    VolumeImage image(3);
    image.add_chunk(btrfs::block_group_data | btrfs::block_group_raid1, 64 * kib, {1, 2});
    Problems problems;
    auto volume = image.open(list(image.device(1)), problems);
    CHECK(problems.empty());
    volume.add_device_item(image.super(1).dev_item);
    volume.add_device_item(image.super(3).dev_item);
    const auto late = late_problems(volume);
    REQUIRE(codes(late) == std::vector{ProblemCode::device_missing, ProblemCode::device_missing});
    CHECK(late[0].detail.starts_with("device 2, uuid 02020202-"));
    CHECK(late[1].detail.starts_with("device 3, uuid 03030303-"));
    CHECK(volume.members().at(2).device == nullptr);
    CHECK(volume.members().at(2).generation == 0);
}

TEST_CASE("a device item with another uuid is reported") {
    VolumeImage image(1);
    Problems problems;
    auto volume = image.open(image.all_devices(), problems);
    auto item = image.super(1).dev_item;
    item.uuid = uuid_of(0x99);
    volume.add_device_item(item);
    CHECK(codes(late_problems(volume)) == std::vector{ProblemCode::super_devices_disagree});
}

TEST_CASE("a sprout takes its seed in when the chunk tree names it") {
    VolumeImage image(2);
    make_seed(image.super(1), 0x5e);
    image.super(1).generation = 3;
    image.super(2).sys_chunk_array_size = 0;
    image.super(2).sys_chunk_array = {};
    append_system_chunk(image.super(2), {.start = {u64{1} << 40},
                                         .length = 64 * kib,
                                         .type = btrfs::block_group_system,
                                         .sub_stripes = 1,
                                         .stripes = {{2, 512 * kib, uuid_of(2)}}});
    Problems problems;
    for (const bool seed_first : {true, false}) {
        auto devices = seed_first ? list(image.device(1), image.device(2)) : list(image.device(2), image.device(1));
        auto volume = Volume::open(std::move(devices), {}, into(problems));
        REQUIRE(volume);
        CHECK(problems.empty());
        CHECK(volume->super().fsid == image.super(2).fsid);
        CHECK(volume->geometry().owns_fsid(uuid_of(0x5e)));
        CHECK(volume->members().size() == 1);
        CHECK(codes(late_problems(*volume)) == std::vector{ProblemCode::device_foreign});
        volume->add_device_item(image.super(1).dev_item);
        REQUIRE(volume->members().size() == 2);
        CHECK(volume->members().at(1).device->name() == "dev1");
        CHECK(volume->members().at(1).generation == 3);
        CHECK_FALSE(volume->members().at(1).stale);
        CHECK(late_problems(*volume).empty());
    }
}

TEST_CASE("a seed is taken in by the system chunk that lies on it, but no other device of that id") {
    VolumeImage image(2);
    make_seed(image.super(1), 0x5e);
    Problems problems;
    SUBCASE("the right uuid") {
        const auto volume = image.open(image.all_devices(), problems);
        CHECK(volume.members().at(1).device != nullptr);
        CHECK(late_problems(volume).empty());
    }
    SUBCASE("another uuid") {
        image.super(1).dev_item.uuid = uuid_of(0x33);
        const auto volume = image.open(image.all_devices(), problems);
        CHECK(volume.members().at(1).device == nullptr);
        CHECK(codes(late_problems(volume)) == std::vector{ProblemCode::device_missing, ProblemCode::device_foreign});
    }
}

TEST_CASE("a seed alone is a filesystem") {
    VolumeImage image(1);
    make_seed(image.super(1), 0x5e);
    Problems problems;
    const auto volume = image.open(image.all_devices(), problems);
    CHECK(problems.empty());
    CHECK(volume.super().fsid == uuid_of(0x5e));
    CHECK(late_problems(volume).empty());
}

TEST_CASE("of two seeds the first is opened") {
    VolumeImage image(2);
    make_seed(image.super(1), 0x5e);
    make_seed(image.super(2), 0x5f);
    Problems problems;
    const auto volume = image.open(image.all_devices(), problems);
    CHECK(problems.empty());
    CHECK(volume.super().fsid == uuid_of(0x5e));
    CHECK(codes(late_problems(volume)) == std::vector{ProblemCode::device_foreign});
}

} // namespace volume_members_test
