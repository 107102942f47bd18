// SPDX-License-Identifier: MIT
// What only an unreplayed log knows of: its own blocks, data that was synced, and the checksums of that.
#include "formats/btrfs/file_extent.h"
#include "formats/btrfs/item_types.h"
#include "formats/btrfs/root.h"
#include "libfs/base/checksum.h"
#include "tests/unit/ops/scrub_bench.h"

#include <doctest/doctest.h>

namespace scrub_log_test {

using namespace btrkit;
using namespace btrkit::test;
using survey::Mend;
using Code = ProblemCode;

namespace {

constexpr u64 sector = 4096;

/// Free space at the end of the last chunk of that type; mkfs fills chunks from their start.
u64 end_of_space(const Filesystem& filesystem, u64 type) {
    u64 end = 0;
    for (const auto& chunk : filesystem.volume().chunks().chunks()) {
        if ((chunk.type & type) != 0) {
            end = chunk.start.bytenr + chunk.length;
        }
    }
    return end;
}

/// A filesystem with a log of one file of one sector.
struct LoggedFilesystem {
    explicit LoggedFilesystem(const FilesystemKind& kind) : filesystem(kind) {
        const auto opened = filesystem.open();
        const auto& geometry = opened.geometry();
        const u64 generation = opened.super().generation + 1;
        data = end_of_space(opened, btrfs::block_group_data) - sector;
        root = end_of_space(opened, btrfs::block_group_metadata) - geometry.nodesize;
        tree = root - geometry.nodesize;

        const std::vector<std::byte> content(sector, std::byte{7});
        filesystem.write(data, content);
        const auto csum = checksum(geometry.csum_type, content);
        const btrfs::FileExtentHead head{.type = static_cast<u8>(btrfs::FileExtentType::regular)};
        const btrfs::FileExtentRange range{
            .disk_bytenr = data, .disk_num_bytes = sector, .offset = 0, .num_bytes = sector};
        const auto identity = [&](u64 address) {
            return BlockIdentity{.address = address, .owner = btrfs::tree_log_id, .generation = generation};
        };
        filesystem.write(tree,
                         build_leaf(geometry, identity(tree),
                                    {{.key = {300, btrfs::item_type::extent_data, 0}, .data = bytes_from(head, range)},
                                     {.key = {btrfs::extent_csum_objectid, btrfs::item_type::extent_csum, data},
                                      .data = copy_of(as_bytes_of(csum).first(geometry.csum_size_bytes))}}));
        const btrfs::RootItem item{.generation = generation, .bytenr = tree, .refs = 1, .generation_v2 = generation};
        filesystem.write(root, build_leaf(geometry, identity(root),
                                          {{.key = {btrfs::tree_log_id, btrfs::item_type::root_item, 5},
                                            .data = bytes_from(item)}}));
        filesystem.edit_super([&](auto& super) { super.log_root = root; });
    }

    EditedFilesystem filesystem;
    u64 data = 0;
    u64 tree = 0;
    u64 root = 0;
};

} // namespace

TEST_CASE("a log without faults") {
    const LoggedFilesystem logged({.data_profile = "dup"});
    ScrubBench bench(logged.filesystem);
    ScrubBench without{EditedFilesystem({.data_profile = "dup"})};
    const auto report = bench.scrub();
    CHECK(report.findings.all().empty());
    const auto counts = report.counts();
    const auto counts_without = without.scrub().counts();
    CHECK(counts.data_bytes_scrubbed == counts_without.data_bytes_scrubbed + 2 * sector);
    CHECK(counts.tree_bytes_scrubbed == counts_without.tree_bytes_scrubbed + u64{2} * 2 * 16384);
    CHECK(counts.no_csum == 0);
}

TEST_CASE("copies of what only the log knows") {
    const LoggedFilesystem logged({.data_profile = "dup"});
    for (const u64 block : {logged.root, logged.tree}) {
        ScrubBench bench(logged.filesystem);
        bench.rot(block, 2);
        bench.rot(logged.data, 1);
        const auto report = bench.scrub({.repair = true});
        REQUIRE(only(report, Code::block_checksum));
        CHECK(only(report, Code::block_checksum)->mend->state == Mend::State::mended);
        CHECK(only(report, Code::block_checksum)->problem.place.logical == Logical{block});
        REQUIRE(only(report, Code::data_checksum));
        CHECK(only(report, Code::data_checksum)->mend->state == Mend::State::mended);
        CHECK(bench.scrub().findings.all().empty());
    }
}

TEST_CASE("a log that is lost") {
    const LoggedFilesystem logged({.data_profile = "raid1", .metadata_profile = "raid1", .device_count = 2});
    ScrubBench bench(logged.filesystem);
    bench.rot(logged.tree, 1);
    bench.rot(logged.tree, 2);
    const auto report = bench.scrub({.repair = true});
    CHECK(report.findings.any(Code::block_checksum));
    CHECK(report.findings.any(Code::not_checked));
    CHECK(!report.repaired);
}

} // namespace scrub_log_test
