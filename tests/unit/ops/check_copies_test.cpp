// SPDX-License-Identifier: MIT
// Copies beside the one that is read: of tree blocks, and of data where all of it is read.
#include "formats/btrfs/item_types.h"
#include "libfs/base/checksum.h"
#include "libfs/volume/stripe_map.h"
#include "tests/support/faulty_device.h"
#include "tests/unit/ops/edited_filesystem.h"

#include <doctest/doctest.h>

namespace check_copies_test {

using namespace btrkit;
using namespace btrkit::test;
using Code = ProblemCode;

namespace {

const std::vector<Code> judged = {Code::block_checksum,    Code::block_copies_differ, Code::block_lost,
                                  Code::block_unreadable,  Code::data_checksum,       Code::data_unreadable,
                                  Code::device_unreadable, Code::block_copy_items,    Code::item_csum,
                                  Code::extent_missing,    Code::not_checked};

/// Where a copy stands on the only device.
u64 offset_of(const Filesystem& filesystem, Logical at, unsigned mirror) {
    return map_stripe(*filesystem.volume().chunks().find(at), at, 1, mirror).physical.offset;
}

SparseBytes& bytes_of(Devices& devices) {
    return dynamic_cast<MemoryDevice&>(*devices.front()).bytes();
}

/// The device, some of whose bytes can't be read once the filesystem is open.
Devices failing(Devices devices, u64 offset, u64 length_bytes) {
    devices.front() = std::make_unique<FaultyDevice>(std::move(devices.front()),
                                                     std::vector<FaultyDevice::Range>{{offset, length_bytes}});
    return devices;
}

survey::Findings check_with_data(Devices devices) {
    auto filesystem = Filesystem::open(std::move(devices), {}, [](const Problem&) {});
    REQUIRE_MESSAGE(filesystem, filesystem.error().message);
    return check::run(*filesystem, {}, {.check_data_csum = true, .hash_seed = 1}, {}).findings;
}

} // namespace

TEST_CASE("copies of a tree block, each good by itself, that differ") {
    const EditedFilesystem source({.metadata_profile = "dup"});
    const auto filesystem = source.open();
    const auto block = filesystem.find_tree(btrfs::csum_tree_id)->block;
    auto other = copy_of(OwnedBlock(filesystem.reader(), block).block().bytes());
    other.back() ^= std::byte{1}; // in the checksums of the first extent
    seal_block(filesystem.geometry(), other);
    for (const unsigned mirror : {1U, 2U}) {
        auto devices = source.own_devices();
        bytes_of(devices).write(offset_of(filesystem, block.address, mirror), other);
        CHECK(found_exactly(check_filesystem(std::move(devices)).findings, judged, {Code::block_copies_differ}));
    }
}

TEST_CASE("a copy with an impossible item is left for one without, as kernels do") {
    const EditedFilesystem source({.metadata_profile = "dup"});
    const auto filesystem = source.open();
    const auto block = filesystem.find_tree(btrfs::csum_tree_id)->block;
    auto other = copy_of(OwnedBlock(filesystem.reader(), block).block().bytes());
    other[sizeof(btrfs::TreeBlockHeader) + 9] ^= std::byte{1}; // the offset of the first key: no multiple of a sector
    seal_block(filesystem.geometry(), other);
    for (const unsigned mirror : {1U, 2U}) {
        auto devices = source.own_devices();
        bytes_of(devices).write(offset_of(filesystem, block.address, mirror), other);
        auto expected = std::vector{Code::block_copies_differ};
        if (mirror == 1) {
            expected.push_back(ProblemCode::block_copy_items);
        }
        CHECK(found_exactly(check_filesystem(std::move(devices)).findings, judged, expected));
    }
}

TEST_CASE("a copy of a tree block that is bad, beside a good one") {
    const EditedFilesystem source({.metadata_profile = "dup"});
    const auto filesystem = source.open();
    const auto block = filesystem.find_tree(btrfs::csum_tree_id)->block;
    for (const unsigned mirror : {1U, 2U}) {
        const u64 offset = offset_of(filesystem, block.address, mirror);
        auto devices = source.own_devices();
        bytes_of(devices).part(offset)[200] ^= std::byte{1};
        CHECK(found_exactly(check_filesystem(std::move(devices)).findings, judged, {Code::block_checksum}));
        CHECK(found_exactly(check_filesystem(failing(source.devices(), offset, 1)).findings, judged,
                            {Code::block_unreadable}));
    }
}

TEST_CASE("data that is read, in each of its copies") {
    for (const auto* profile : {"single", "dup"}) {
        const EditedFilesystem source({.data_profile = profile});
        const auto filesystem = source.open();
        const Logical data{source.data_extent().key.objectid};
        CHECK(found_exactly(check_with_data(source.devices()), judged, {}));
        for (unsigned mirror = 1; mirror <= mirror_count(*filesystem.volume().chunks().find(data)); ++mirror) {
            const u64 offset = offset_of(filesystem, data, mirror);
            auto devices = source.own_devices();
            bytes_of(devices).part(offset)[5000] ^= std::byte{1};
            CHECK(found_exactly(check_with_data(std::move(devices)), judged, {Code::data_checksum}));
            CHECK(
                found_exactly(check_with_data(failing(source.devices(), offset, 1)), judged, {Code::data_unreadable}));
        }
    }
}

} // namespace check_copies_test
