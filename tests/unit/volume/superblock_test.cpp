// SPDX-License-Identifier: MIT
// Superblocks: one finding for each rule, which of them make a copy invalid, and how copies are compared.
#include "libfs/io/memory_device.h"
#include "libfs/volume/superblock_copies.h"
#include "tests/support/faulty_device.h"
#include "tests/support/sample_superblock.h"

#include <functional>

#include <doctest/doctest.h>

namespace superblock_test {

using namespace btrkit;
using btrfs::Superblock;
using btrkit::test::sample_superblock;

namespace {

constexpr u64 first_offset = btrfs::superblock_offsets[0];
constexpr u64 second_offset = btrfs::superblock_offsets[1];

struct Mutation {
    const char* what;
    std::function<void(Superblock&)> mutate;
    ProblemCode code;
    std::string_view named; ///< in the detail
    bool valid;
};

const std::vector<Mutation> mutations = {
    {"magic", [](Superblock& s) { s.magic = 7; }, ProblemCode::super_magic, "0x0000000000000007", false},
    {"csum type", [](Superblock& s) { s.csum_type = 4; }, ProblemCode::super_csum_type, "4", false},
    {"bytenr", [](Superblock& s) { s.bytenr = second_offset; }, ProblemCode::super_bytenr, "67108864", false},
    {"root level", [](Superblock& s) { s.root_level = 8; }, ProblemCode::super_field, "root_level", false},
    {"chunk level", [](Superblock& s) { s.chunk_root_level = 8; }, ProblemCode::super_field, "chunk_root_level", false},
    {"log level", [](Superblock& s) { s.log_root_level = 8; }, ProblemCode::super_value, "log_root_level", true},
    {"root address", [](Superblock& s) { s.root = s.root + 512; }, ProblemCode::super_field, "root is", false},
    {"no root", [](Superblock& s) { s.root = 0; }, ProblemCode::super_field, "root is 0", false},
    {"chunk root address", [](Superblock& s) { s.chunk_root = s.chunk_root + 1; }, ProblemCode::super_field,
     "chunk_root is", false},
    {"no chunk root", [](Superblock& s) { s.chunk_root = 0; }, ProblemCode::super_field, "chunk_root is 0", false},
    {"log root address", [](Superblock& s) { s.log_root = 4097; }, ProblemCode::super_value, "log_root is", true},
    {"sector not a power of two", [](Superblock& s) { s.sectorsize = 12288; }, ProblemCode::super_field, "sectorsize",
     false},
    {"sector too small", [](Superblock& s) { s.sectorsize = s.stripesize = 256; }, ProblemCode::super_field,
     "sectorsize", false},
    {"sector too large", [](Superblock& s) { s.sectorsize = s.stripesize = 131072; }, ProblemCode::super_field,
     "sectorsize", false},
    {"sector unusually small", [](Superblock& s) { s.sectorsize = s.stripesize = 2048; }, ProblemCode::super_value,
     "sectorsize", true},
    {"node too small", [](Superblock& s) { s.nodesize = s.leafsize = 2048; }, ProblemCode::super_field, "nodesize",
     false},
    {"node too large", [](Superblock& s) { s.nodesize = s.leafsize = 131072; }, ProblemCode::super_field, "nodesize",
     false},
    {"node not of whole sectors", [](Superblock& s) { s.nodesize = s.leafsize = 16384 + 2048; },
     ProblemCode::super_field, "nodesize", false},
    {"node smaller than a sector", [](Superblock& s) { s.nodesize = s.leafsize = 4096, s.sectorsize = 8192; },
     ProblemCode::super_field, "nodesize", false},
    {"node not a power of two", [](Superblock& s) { s.nodesize = s.leafsize = 12288; }, ProblemCode::super_value,
     "nodesize", true},
    {"leafsize", [](Superblock& s) { s.leafsize = 4096; }, ProblemCode::super_value, "leafsize", true},
    {"stripesize", [](Superblock& s) { s.stripesize = 593920; }, ProblemCode::super_value, "stripesize", true},
    {"total bytes", [](Superblock& s) { s.total_bytes = 0; }, ProblemCode::super_value, "total_bytes", true},
    {"used bytes", [](Superblock& s) { s.bytes_used = 6 * 16384 - 1; }, ProblemCode::super_value, "bytes_used", true},
    {"no devices", [](Superblock& s) { s.num_devices = 0; }, ProblemCode::super_value, "num_devices", true},
    {"array too short", [](Superblock& s) { s.sys_chunk_array_size = 96; }, ProblemCode::super_field,
     "sys_chunk_array_size", false},
    {"array too long", [](Superblock& s) { s.sys_chunk_array_size = 2049; }, ProblemCode::super_field,
     "sys_chunk_array_size", false},
    {"device of others", [](Superblock& s) { s.dev_item.fsid.bytes[3] ^= 1; }, ProblemCode::super_value,
     "dev_item.fsid", true},
    {"metadata uuid", [](Superblock& s) { s.incompat_flags = s.incompat_flags | btrfs::incompat_metadata_uuid; },
     ProblemCode::super_value, "dev_item.fsid", true},
    {"unknown incompat", [](Superblock& s) { s.incompat_flags = s.incompat_flags | btrfs::flag_bit(40); },
     ProblemCode::super_unknown_incompat, "0x10000000000", true},
    {"unknown compat_ro", [](Superblock& s) { s.compat_ro_flags = s.compat_ro_flags | btrfs::flag_bit(40); },
     ProblemCode::super_unknown_compat_ro, "0x10000000000", true},
    {"unfinished change", [](Superblock& s) { s.flags = s.flags | btrfs::super_flag_changing_bg_tree; },
     ProblemCode::super_unfinished_change, "CHANGING_BG_TREE", true},
};

SuperblockCopy copy_of(const Superblock& super, u64 offset = first_offset, unsigned mirror = 0) {
    return {mirror, offset, super, check_superblock(super, offset, "dev")};
}

/// Two mirrors of one superblock, the second changed.
Problems differences(const std::vector<SuperblockCopy>& copies) {
    return compare_superblock_copies(copies, speaking_copy(copies), "dev");
}

std::vector<SuperblockCopy> copies_with(const std::function<void(Superblock&)>& change_second) {
    auto second = sample_superblock(second_offset);
    change_second(second);
    test::seal(second);
    return {copy_of(sample_superblock()), copy_of(second, second_offset, 1)};
}

std::unique_ptr<BlockDevice> device_with(const std::vector<Superblock>& supers, u64 size) {
    std::vector<std::byte> bytes(size);
    for (const auto& super : supers) {
        std::ranges::copy(as_bytes_of(super), MutableBytes(bytes).subspan(super.bytenr).begin());
    }
    return std::make_unique<MemoryDevice>("dev", std::move(bytes));
}

} // namespace

TEST_CASE("nothing is wrong with a sound superblock") {
    for (const u64 offset : btrfs::superblock_offsets) {
        CHECK(check_superblock(sample_superblock(offset), offset, "dev").empty());
    }
}

TEST_CASE("each rule has its finding") {
    for (const auto& mutation : mutations) {
        CAPTURE(mutation.what);
        auto super = sample_superblock();
        mutation.mutate(super);
        test::seal(super);
        const auto copy = copy_of(super);
        REQUIRE(copy.problems.size() == 1);
        const auto& problem = copy.problems.front();
        CHECK(problem.code == mutation.code);
        CHECK(problem.detail.find(mutation.named) != std::string::npos);
        CHECK(problem.place.device == "dev");
        CHECK(problem.place.physical == first_offset);
        CHECK(copy.valid() == mutation.valid);
    }
}

TEST_CASE("the checksum covers every byte behind it") {
    const auto sound = sample_superblock();
    for (std::size_t at = 0; at < btrfs::superblock_size; ++at) {
        auto super = sound;
        auto& byte = std::as_writable_bytes(std::span(&super, 1))[at];
        byte ^= std::byte{0x10};
        const bool in_unused_csum = at >= 4 && at < sizeof(super.csum);
        CAPTURE(at);
        CHECK(copy_of(super).valid() == in_unused_csum);
    }
}

TEST_CASE("a metadata_uuid is what the device item carries") {
    auto super = sample_superblock();
    super.incompat_flags = super.incompat_flags | btrfs::incompat_metadata_uuid;
    super.metadata_uuid = super.fsid;
    super.fsid.bytes[0] ^= 1;
    test::seal(super);
    CHECK(check_superblock(super, first_offset, "dev").empty());
    CHECK(geometry_of(super).tree_fsid == super.metadata_uuid);
}

TEST_CASE("no bytes at all break the check") {
    auto super = sample_superblock();
    auto bytes = std::as_writable_bytes(std::span(&super, 1)).subspan(0x48);
    for (const unsigned fill : {0x00U, 0x01U, 0x7fU, 0x80U, 0xffU}) {
        std::ranges::fill(bytes, static_cast<std::byte>(fill));
        CHECK_FALSE(copy_of(super).valid());
        test::seal(super);
        CHECK_FALSE(copy_of(super).valid());
    }
}

TEST_CASE("the geometry is that of the superblock") {
    auto super = sample_superblock();
    super.csum_type = 2;
    super.nr_global_roots = 3;
    auto geometry = geometry_of(super);
    CHECK(geometry.nodesize == 16384);
    CHECK(geometry.sectorsize == 4096);
    CHECK(geometry.csum_type == btrfs::CsumType::sha256);
    CHECK(geometry.csum_size_bytes == 32);
    CHECK(geometry.generation == super.generation);
    CHECK(geometry.global_root_count == 0);
    CHECK(geometry.owns_fsid(super.fsid));
    btrfs::Uuid seed_fsid;
    seed_fsid.bytes[0] = 1;
    CHECK_FALSE(geometry.owns_fsid(seed_fsid));
    geometry.seed_fsids.push_back(seed_fsid);
    CHECK(geometry.owns_fsid(seed_fsid));
    super.incompat_flags = super.incompat_flags | btrfs::incompat_extent_tree_v2;
    CHECK(geometry_of(super).global_root_count == 3);
}

TEST_CASE("as many copies are read as fit the device") {
    Problems problems;
    CHECK(read_superblock_copies(*device_with({}, first_offset + 4095), problems).empty());
    const auto one = device_with({sample_superblock()}, second_offset + 4095);
    CHECK(read_superblock_copies(*one, problems).size() == 1);
    const auto two = device_with({sample_superblock(), sample_superblock(second_offset)}, second_offset + 4096);
    const auto copies = read_superblock_copies(*two, problems);
    REQUIRE(copies.size() == 2);
    CHECK(copies[1].mirror == 1);
    CHECK(copies[1].offset == second_offset);
    CHECK(copies[1].valid());
    CHECK(problems.empty());
}

TEST_CASE("a copy that can't be read is reported, and the others are read") {
    auto two = device_with({sample_superblock(), sample_superblock(second_offset)}, second_offset + 4096);
    const test::FaultyDevice device(std::move(two), {{first_offset + 100, 1}});
    Problems problems;
    const auto copies = read_superblock_copies(device, problems);
    REQUIRE(copies.size() == 1);
    CHECK(copies[0].mirror == 1);
    REQUIRE(problems.size() == 1);
    CHECK(problems[0].code == ProblemCode::device_unreadable);
    CHECK(problems[0].place.physical == first_offset);
    CHECK_FALSE(read_superblock(device, first_offset, 0));
}

TEST_CASE("the newest valid copy of one filesystem") {
    auto copies = copies_with([](Superblock& s) { s.generation = s.generation + 1; });
    CHECK(newest_valid(copies) == &copies[1]);
    copies = copies_with([](Superblock&) {});
    CHECK(newest_valid(copies) == &copies[0]);
    copies = copies_with([](Superblock& s) { s.generation = s.generation + 1, s.nodesize = 3; });
    CHECK(newest_valid(copies) == &copies[0]);
    copies = copies_with([](Superblock& s) { s.generation = s.generation + 1, s.fsid = {}, s.dev_item.fsid = {}; });
    CHECK(newest_valid(copies) == &copies[0]);
    std::swap(copies[0], copies[1]);
    copies.pop_back();
    CHECK(newest_valid(copies) == &copies[0]);
    CHECK(newest_valid({}) == nullptr);
}

TEST_CASE("the first copy speaks for the device, as for kernels; a newer one only if it is preferred") {
    auto copies = copies_with([](Superblock& s) { s.generation = s.generation + 1; });
    CHECK(speaking_copy(copies) == &copies[0]);
    CHECK(speaking_copy(copies, 1) == &copies[1]);
    CHECK(speaking_copy(copies, 2) == &copies[0]);
    CHECK(speaking_copy({}) == nullptr);
    copies = copies_with([](Superblock& s) { s.generation = s.generation + 1, s.fsid = {}, s.dev_item.fsid = {}; });
    CHECK(speaking_copy(copies, 1) == &copies[0]);
    copies = copies_with([](Superblock& s) { s.nodesize = 3; });
    CHECK(speaking_copy(copies, 1) == &copies[0]);
    // The first is not valid: the other is what there is.
    std::swap(copies[0].super, copies[1].super);
    std::swap(copies[0].problems, copies[1].problems);
    CHECK(speaking_copy(copies) == &copies[1]);
}

TEST_CASE("a mirror of another commit is told as such") {
    const auto problems =
        differences(copies_with([](Superblock& s) { s.generation = s.generation - 1, s.root = 8192; }));
    REQUIRE(problems.size() == 1);
    CHECK(problems[0].code == ProblemCode::super_mirror_stale);
    CHECK(problems[0].severity() == Severity::note);
    CHECK(problems[0].detail.find("they differ in generation, root") != std::string::npos);
}

TEST_CASE("mirrors are compared field by field") {
    auto problems = differences(copies_with([](Superblock&) {}));
    CHECK(problems.empty());

    problems = differences(
        copies_with([](Superblock& s) { s.label[0] = 'x', s.dev_item.bytes_used = 1, s.padding[500] = 1; }));
    REQUIRE(problems.size() == 1);
    CHECK(problems[0].code == ProblemCode::super_mirror_differs);
    CHECK(problems[0].detail == "mirror 1 differs from mirror 0 in dev_item.bytes_used, label, padding");
    CHECK(problems[0].place.physical == second_offset);

    problems = differences(copies_with([](Superblock& s) { s.magic = 0; }));
    REQUIRE(problems.size() == 1);
    CHECK(problems[0].code == ProblemCode::super_mirror_invalid);

    auto none_valid = copies_with([](Superblock& s) { s.magic = 0; });
    none_valid[0] = none_valid[1];
    CHECK(differences(none_valid).empty());
}

TEST_CASE("mirrors that may differ are left in peace") {
    SUBCASE("an fsync writes the log to the first mirror alone") {
        CHECK(differences(copies_with([](Superblock& s) { s.log_root = 4096, s.log_root_level = 1; })).empty());
    }
    SUBCASE("behind the end of the filesystem") {
        auto copies = copies_with([](Superblock& s) { s.magic = 0; });
        copies[0].super.dev_item.total_bytes = second_offset + 4096;
        CHECK(differences(copies).empty());
        copies[0].super.dev_item.total_bytes = second_offset + 4097;
        CHECK(differences(copies).size() == 1);
    }
    SUBCASE("a restored dump has one") {
        auto copies = copies_with([](Superblock& s) { s.magic = 0; });
        copies[0].super.flags = copies[0].super.flags | btrfs::super_flag_metadump_v2;
        CHECK(differences(copies).empty());
    }
}

} // namespace superblock_test
