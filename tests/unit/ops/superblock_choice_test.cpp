// SPDX-License-Identifier: MIT
// Which superblock is used where mirrors disagree, and that what kernels refuse is not called clean.
#include "libfs/volume/superblock_copies.h"
#include "tests/unit/ops/edited_filesystem.h"

#include <doctest/doctest.h>

namespace superblock_choice_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

/// The devices of the filesystem, one superblock mirror of the first changed.
Devices with_mirror(const EditedFilesystem& filesystem, unsigned mirror,
                    const std::function<void(btrfs::Superblock&)>& change) {
    auto devices = filesystem.own_devices();
    auto& device = dynamic_cast<MemoryDevice&>(*devices.front());
    const u64 offset = btrfs::superblock_offsets.at(mirror);
    auto copy = read_superblock(device, offset, mirror);
    REQUIRE(copy);
    REQUIRE(copy->valid());
    change(copy->super);
    REQUIRE(device.write(offset, as_bytes_of(sealed_copy(copy->super, offset))));
    return devices;
}

struct Opened {
    Filesystem filesystem;
    survey::Findings findings;
};

Opened open(Devices devices) {
    survey::Findings findings;
    auto filesystem = Filesystem::open(std::move(devices), {}, [&](const Problem& problem) { findings.add(problem); });
    REQUIRE(filesystem);
    return {std::move(*filesystem), std::move(findings)};
}

void lead_nowhere(btrfs::Superblock& super) {
    super.root = 16384;
    super.chunk_root = 16384;
}

} // namespace

TEST_CASE("a mirror that is newer than the first superblock is not used: what it leads to is not there") {
    const EditedFilesystem source({.slack_bytes = 80 * mib});
    auto opened = open(with_mirror(source, 1, [](btrfs::Superblock& super) {
        super.generation = super.generation + 6;
        lead_nowhere(super);
    }));
    CHECK(opened.filesystem.super().generation == source.open().super().generation);
    REQUIRE(opened.findings.all().size() == 1);
    CHECK(opened.findings.any(ProblemCode::super_mirror_stale));
    const auto report = check::run(opened.filesystem, std::move(opened.findings), {.hash_seed = 1}, {});
    CHECK(report.findings.count(Severity::error) == 0);
    CHECK(report.mountability.state == check::Mountable::read_write);
}

TEST_CASE("where the first superblock leads nowhere, a mirror is used, and it is said; kernels don't") {
    const EditedFilesystem source({.slack_bytes = 80 * mib});
    auto opened = open(with_mirror(source, 0, [](btrfs::Superblock& super) {
        super.generation = super.generation + 1;
        lead_nowhere(super);
    }));
    CHECK(opened.filesystem.super().root == source.open().super().root);
    CHECK(opened.findings.any(ProblemCode::super_mirror_used));
    const auto report = check::run(opened.filesystem, std::move(opened.findings), {.hash_seed = 1}, {});
    CHECK(report.mountability.state == check::Mountable::refused);
    CHECK(report.findings.count(ProblemCode::block_lost) == 0);
}

TEST_CASE("a device whose first superblock was not written is known by its mirror") {
    const EditedFilesystem source(
        {.data_profile = "raid1", .metadata_profile = "raid1", .device_count = 2, .slack_bytes = 80 * mib});
    const auto opened = open(with_mirror(source, 0, [](btrfs::Superblock& super) {
        super.generation = super.generation - 1;
        lead_nowhere(super);
    }));
    const auto& members = opened.filesystem.volume().members();
    CHECK_FALSE(members.at(1).stale);
    CHECK(members.at(1).super_mirror == 1);
    CHECK(opened.findings.any(ProblemCode::super_mirror_stale));
    CHECK_FALSE(opened.findings.any(ProblemCode::device_stale));
}

TEST_CASE("a device one commit behind is what a power failure leaves: a note") {
    const EditedFilesystem source({.data_profile = "raid1", .metadata_profile = "raid1", .device_count = 2});
    auto opened =
        open(with_mirror(source, 0, [](btrfs::Superblock& super) { super.generation = super.generation - 1; }));
    REQUIRE(opened.findings.any(ProblemCode::device_stale));
    const auto report = check::run(opened.filesystem, std::move(opened.findings), {.hash_seed = 1}, {});
    CHECK_FALSE(report.findings.any(ProblemCode::device_stale));
    CHECK(report.findings.count(Severity::error) == 0);
    CHECK(report.mountability.state == check::Mountable::read_write);
}

TEST_CASE("what kernels refuse is not clean, even where nothing else is wrong") {
    EditedFilesystem source;
    source.edit_super([](btrfs::Superblock& super) { super.flags = super.flags | btrfs::super_flag_changing_bg_tree; });
    const auto report = check_filesystem(source.devices());
    CHECK(report.mountability.state == check::Mountable::read_only);
    CHECK(report.findings.any(ProblemCode::mount_refused));
}

} // namespace superblock_choice_test
