// SPDX-License-Identifier: MIT
// What the trials of tests/scrub don't come to: data that nothing proves, devices that fail or are gone, trees that are
// lost, and what must never be written.
#include "formats/btrfs/file_extent.h"
#include "formats/btrfs/item_types.h"
#include "libfs/volume/superblock_copies.h"
#include "tests/unit/ops/scrub_bench.h"

#include <doctest/doctest.h>

namespace scrub_test {

using namespace btrkit;
using namespace btrkit::test;
using survey::Mend;
using Code = ProblemCode;
using Codes = std::set<Code>;

namespace {

constexpr u64 sector = 4096;

void drop_checksums(EditedFilesystem& filesystem) {
    filesystem.edit(btrfs::csum_tree_id, [](auto& items) { items.clear(); });
}

/// Where the data of the first file stands.
u64 first_file(const EditedFilesystem& filesystem) {
    auto items = filesystem.items(btrfs::fs_tree_id);
    const auto& item = item_of_type(items, btrfs::item_type::extent_data);
    return view_at<btrfs::FileExtentRange>(item.data, sizeof(btrfs::FileExtentHead))->disk_bytenr;
}

void preallocate_first_file(EditedFilesystem& filesystem) {
    filesystem.edit_item<btrfs::FileExtentHead>(
        btrfs::fs_tree_id, btrfs::item_type::extent_data,
        [](auto&, auto& head) { head.type = static_cast<u8>(btrfs::FileExtentType::prealloc); });
}

void change_super(ScrubBench& bench, u64 devid, const std::function<void(btrfs::Superblock&)>& change) {
    btrfs::Superblock super;
    std::memcpy(&super, bench.bytes(devid).part(btrfs::superblock_offsets[0]).data(), sizeof(super));
    change(super);
    const auto sealed = sealed_copy(super, btrfs::superblock_offsets[0]);
    std::ranges::copy(as_bytes_of(sealed), bench.bytes(devid).part(btrfs::superblock_offsets[0]).data());
}

u64 root_of(const EditedFilesystem& filesystem, u64 tree) {
    return filesystem.open().find_tree(tree)->block.address.bytenr;
}

} // namespace

TEST_CASE("a filesystem without faults") {
    ScrubBench bench{EditedFilesystem({.data_profile = "raid1", .metadata_profile = "raid1", .device_count = 2})};
    const auto report = bench.scrub({.repair = true});
    CHECK(report.findings.all().empty());
    CHECK(!report.repaired);
    CHECK(!report.write_failed);
    CHECK(report.reduced.empty());
    CHECK(report.scrubbed_bytes == report.total_bytes);
    CHECK(report.counts().data_bytes_scrubbed == 2 * 3 * u64{200'704});
}

TEST_CASE("copies of data without checksums that differ: nobody knows which is right") {
    EditedFilesystem filesystem({.data_profile = "dup"});
    drop_checksums(filesystem);
    ScrubBench bench(filesystem);
    bench.rot(first_file(filesystem) + sector, 2);
    const auto before = bench.all_bytes();
    for (const bool repair : {false, true}) {
        const auto report = bench.scrub({.repair = repair});
        CHECK(codes_of(report) == Codes{Code::data_copies_differ});
        const auto finding = only(report, Code::data_copies_differ);
        REQUIRE(finding);
        CHECK(finding->mend->state == Mend::State::undecidable);
        CHECK(finding->problem.place.physical == bench.offset_of(first_file(filesystem) + sector, 2));
        CHECK(finding->problem.place.length == sector);
        REQUIRE(finding->affected.size() == 1);
        CHECK(finding->affected.front().paths == std::vector<std::string>{"/file1"});
        CHECK(report.counts().unverified_errors == 1);
        CHECK(!report.repaired);
    }
    CHECK(bench.all_bytes() == before);
}

TEST_CASE("what is only preallocated may differ") {
    EditedFilesystem filesystem({.data_profile = "dup"});
    drop_checksums(filesystem);
    preallocate_first_file(filesystem);
    ScrubBench bench(filesystem);
    bench.rot(first_file(filesystem) + sector, 2);
    const auto before = bench.all_bytes();
    const auto report = bench.scrub({.repair = true});
    CHECK(report.findings.all().empty());
    CHECK(report.counts().unverified_errors == 0);
    CHECK(bench.all_bytes() == before);
}

TEST_CASE("parity beside data without checksums") {
    EditedFilesystem filesystem({.data_profile = "raid5", .device_count = 3});
    drop_checksums(filesystem);
    const u64 at = first_file(filesystem);
    SUBCASE("that was written") {
        ScrubBench bench(filesystem);
        const auto parity = bench.parity_at(at);
        bench.bytes(parity.devid).part(parity.offset)[0] ^= std::byte{1};
        const auto before = bench.all_bytes();
        const auto report = bench.scrub({.repair = true});
        CHECK(codes_of(report) == Codes{Code::data_parity});
        REQUIRE(only(report, Code::data_parity));
        CHECK(only(report, Code::data_parity)->mend->state == Mend::State::undecidable);
        CHECK(bench.all_bytes() == before);
    }
    SUBCASE("that was never written") {
        for (std::size_t number = 0; number < 3; ++number) {
            filesystem.edit_item<btrfs::FileExtentHead>(
                btrfs::fs_tree_id, btrfs::item_type::extent_data,
                [](auto&, auto& head) { head.type = static_cast<u8>(btrfs::FileExtentType::prealloc); }, number);
        }
        ScrubBench bench(filesystem);
        const auto parity = bench.parity_at(at);
        bench.bytes(parity.devid).part(parity.offset)[0] ^= std::byte{1};
        const auto before = bench.all_bytes();
        CHECK(bench.scrub({.repair = true}).findings.all().empty());
        CHECK(bench.all_bytes() == before);
    }
}

TEST_CASE("sectors that can't be read, nor written") {
    const EditedFilesystem filesystem({.data_profile = "dup"});
    ScrubBench bench(filesystem);
    const u64 at = first_file(filesystem) + 3 * sector;
    const FaultyDevice::Range bad{bench.offset_of(at, 1) + 17, 1};
    const auto looked = bench.scrub({.bad = {bad}});
    CHECK(codes_of(looked) == Codes{Code::data_unreadable});
    REQUIRE(only(looked, Code::data_unreadable));
    CHECK(only(looked, Code::data_unreadable)->mend->state == Mend::State::mendable);
    CHECK(only(looked, Code::data_unreadable)->mend->from == "mirror 2");
    CHECK(only(looked, Code::data_unreadable)->problem.place.length == sector);
    CHECK(looked.counts().read_errors == 1);
    CHECK(!looked.write_failed);

    const auto tried = bench.scrub({.repair = true, .bad = {bad}});
    CHECK(only(tried, Code::data_unreadable)->mend->state == Mend::State::failed);
    CHECK(tried.write_failed);
    CHECK(tried.write_error.find("write") != std::string::npos);
    CHECK(tried.counts().correctable_errors == 1);
    CHECK(tried.counts().uncorrectable_errors == 0);
    CHECK(tried.counts().corrected_errors == 0);
}

TEST_CASE("tree blocks that can't be read") {
    const EditedFilesystem filesystem({.data_profile = "single", .metadata_profile = "raid5", .device_count = 3});
    ScrubBench bench(filesystem);
    const auto opened = bench.open();
    const Chunk* chunk = opened.volume().chunks().find({root_of(filesystem, btrfs::extent_tree_id)});
    const u64 start = std::ranges::find(chunk->stripes, 1U, &Stripe::devid)->offset;
    const auto report = bench.scrub({.bad = {{start, 1}}});
    CHECK(report.counts().read_errors > 0);
    CHECK(report.counts().uncorrectable_errors == 0);
}

TEST_CASE("a write that fails") {
    const EditedFilesystem filesystem({.data_profile = "dup"});
    ScrubBench bench(filesystem);
    bench.rot(first_file(filesystem), 1);
    SUBCASE("at once") {
        const auto faults = std::make_shared<DeviceFaults>();
        faults->first_bad_write = 0;
        const auto report = bench.scrub({.repair = true, .faults = faults});
        REQUIRE(only(report, Code::data_checksum));
        CHECK(only(report, Code::data_checksum)->mend->state == Mend::State::failed);
        CHECK(only(report, Code::data_checksum)->problem.detail.find("not written") != std::string::npos);
        CHECK(report.write_failed);
        CHECK(!report.write_error.empty());
        CHECK(report.counts().correctable_errors == 1);
        CHECK(report.counts().uncorrectable_errors == 0);
    }
    SUBCASE("when it is flushed") {
        const auto faults = std::make_shared<DeviceFaults>();
        faults->bad_flush = 0;
        const auto report = bench.scrub({.repair = true, .faults = faults});
        CHECK(report.write_failed);
        CHECK(!report.write_error.empty());
    }
}

TEST_CASE("devices that are missing") {
    struct Row {
        FilesystemKind kind;
        std::set<u64> missing;
        bool is_readable;
        unsigned tolerated;
    };
    for (const auto& [kind, missing, is_readable, tolerated] :
         {Row{{.data_profile = "raid1", .metadata_profile = "raid1", .device_count = 2}, {2}, true, 1},
          Row{{.data_profile = "raid5", .metadata_profile = "raid1", .device_count = 3}, {3}, true, 1},
          Row{{.data_profile = "raid6", .metadata_profile = "raid1c3", .device_count = 4}, {1, 4}, true, 2},
          Row{{.data_profile = "raid0", .metadata_profile = "raid1", .device_count = 2}, {1}, false, 0}}) {
        CAPTURE(kind.data_profile);
        ScrubBench bench{EditedFilesystem(kind)};
        const auto before = bench.all_bytes();
        const auto report = bench.scrub({.repair = true, .missing = missing});
        CHECK(codes_of(report) == Codes{Code::device_missing});
        const auto data = std::ranges::find_if(
            report.reduced, [](const auto& chunks) { return (chunks.type & btrfs::block_group_data) != 0; });
        REQUIRE(data != report.reduced.end());
        CHECK(data->lost == missing.size());
        CHECK(data->tolerated == tolerated);
        CHECK(data->is_readable() == is_readable);
        CHECK(data->used_bytes == 3 * u64{200'704});
        for (const auto& device : report.devices) {
            CHECK(device.name.empty() == missing.contains(device.devid));
        }
        CHECK(bench.all_bytes() == before);
    }
}

TEST_CASE("only one device") {
    const EditedFilesystem filesystem({.data_profile = "raid1", .metadata_profile = "raid1", .device_count = 2});
    ScrubBench bench(filesystem);
    const u64 at = first_file(filesystem);
    bench.rot(at, 1);
    bench.rot(at + sector, 2);
    const auto report = bench.scrub({.repair = true, .options = {.devid = 2}});
    REQUIRE(only(report, Code::data_checksum));
    CHECK(only(report, Code::data_checksum)->mend->state == Mend::State::mended);
    const auto rest = bench.scrub();
    CHECK(rest.counts().correctable_errors == 1);
    for (const auto& device : report.devices) {
        CHECK((device.counts.data_bytes_scrubbed > 0) == (device.devid == 2));
    }
    const auto unknown = bench.try_scrub({.options = {.devid = 9}});
    REQUIRE(!unknown);
    CHECK(unknown.error().kind == ErrorKind::not_found);
}

TEST_CASE("the extent tree is lost: data with checksums is verified all the same") {
    EditedFilesystem filesystem({.data_profile = "dup"});
    const u64 at = first_file(filesystem);
    filesystem.lose(btrfs::extent_tree_id);
    ScrubBench bench(filesystem);
    bench.rot(at, 2);
    const auto report = bench.scrub({.repair = true});
    CHECK(report.findings.any(Code::not_checked));
    REQUIRE(only(report, Code::data_checksum));
    CHECK(only(report, Code::data_checksum)->mend->state == Mend::State::mended);
    CHECK(!bench.scrub().findings.any(Code::data_checksum));
}

TEST_CASE("the checksum tree is lost: copies are compared") {
    EditedFilesystem filesystem({.data_profile = "dup"});
    const u64 at = first_file(filesystem);
    filesystem.lose(btrfs::csum_tree_id);
    ScrubBench bench(filesystem);
    bench.rot(at, 2);
    const auto before = bench.all_bytes();
    const auto report = bench.scrub({.repair = true});
    CHECK(report.findings.any(Code::not_checked));
    REQUIRE(only(report, Code::data_copies_differ));
    CHECK(only(report, Code::data_copies_differ)->mend->state == Mend::State::undecidable);
    CHECK(bench.all_bytes() == before);
}

TEST_CASE("two copies of a tree block that keep all promises and differ") {
    const EditedFilesystem filesystem;
    ScrubBench bench(filesystem);
    const u64 at = root_of(filesystem, btrfs::csum_tree_id);
    const auto opened = filesystem.open();
    Block other = copy_of(Bytes(bench.copy_at(at, 2)).first(opened.geometry().nodesize));
    other.back() ^= std::byte{1};
    seal_block(opened.geometry(), other);
    std::ranges::copy(other, bench.copy_at(at, 2).begin());
    const auto before = bench.all_bytes();
    const auto report = bench.scrub({.repair = true});
    REQUIRE(only(report, Code::block_copies_differ));
    CHECK(only(report, Code::block_copies_differ)->mend->state == Mend::State::undecidable);
    CHECK(bench.all_bytes() == before);
}

TEST_CASE("a device that has missed commits is brought up to date") {
    const EditedFilesystem filesystem({.data_profile = "raid1", .metadata_profile = "raid1", .device_count = 2});
    ScrubBench bench(filesystem);
    change_super(bench, 2, [](auto& super) { super.generation = super.generation - 1; });
    bench.rot(first_file(filesystem), 2);
    const auto looked = bench.scrub();
    REQUIRE(only(looked, Code::device_stale));
    CHECK(only(looked, Code::device_stale)->mend->state == Mend::State::mendable);
    const auto report = bench.scrub({.repair = true});
    REQUIRE(only(report, Code::device_stale));
    CHECK(only(report, Code::device_stale)->mend->state == Mend::State::mended);
    const auto again = bench.scrub();
    CHECK(again.findings.all().empty());
    CHECK(bench.open().volume().members().at(2).generation == u64{bench.open().super().generation});
}

TEST_CASE("a stale device whose mended blocks could not be flushed stays stale") {
    const EditedFilesystem filesystem({.data_profile = "raid1", .metadata_profile = "raid1", .device_count = 2});
    ScrubBench bench(filesystem);
    change_super(bench, 2, [](auto& super) { super.generation = super.generation - 1; });
    bench.rot(first_file(filesystem), 2);
    const auto faults = std::make_shared<DeviceFaults>();
    faults->bad_flush = 0;
    const auto report = bench.scrub({.repair = true, .faults = faults});
    CHECK(report.write_failed);
    CHECK(!report.write_error.empty());
    CHECK(bench.scrub().findings.any(Code::device_stale));
}

TEST_CASE("a stale device with faults that can't be mended stays stale") {
    const EditedFilesystem filesystem({.data_profile = "single", .metadata_profile = "raid1", .device_count = 2});
    ScrubBench bench(filesystem);
    const u64 at = first_file(filesystem);
    const auto opened = bench.open();
    const u64 devid = opened.volume().chunks().find({at})->stripes.front().devid;
    change_super(bench, devid, [](auto& super) { super.generation = super.generation - 1; });
    bench.rot(at, 1);
    const auto report = bench.scrub({.repair = true});
    REQUIRE(only(report, Code::device_stale));
    CHECK(only(report, Code::device_stale)->mend->state == Mend::State::unmendable);
    CHECK(bench.scrub().findings.any(Code::device_stale));
}

TEST_CASE("interrupted and resumed, it counts what an uninterrupted one counts") {
    const EditedFilesystem filesystem({.data_profile = "raid1", .metadata_profile = "raid1", .device_count = 2});
    ScrubBench bench(filesystem);
    bench.rot(first_file(filesystem), 2);
    bench.rot(root_of(filesystem, btrfs::extent_tree_id), 1);
    const auto whole = bench.scrub();
    for (const u64 units : {1U, 2U}) {
        CAPTURE(units);
        const auto first = bench.scrub({.stop_after = units});
        CHECK(first.stopped);
        REQUIRE(first.state);
        const auto rest = bench.scrub({.options = {.resume = first.state}});
        CHECK(!rest.stopped);
        CHECK(rest.counts() == whole.counts());
        CHECK(rest.scrubbed_bytes == whole.scrubbed_bytes);
        CHECK(first.findings.all().size() + rest.findings.all().size() == whole.findings.all().size());

        auto other = *first.state;
        other.generation += 1;
        CHECK(bench.try_scrub({.options = {.resume = other}}).error().kind == ErrorKind::usage);
        other = *first.state;
        other.fsid.bytes[0] ^= 1;
        CHECK(bench.try_scrub({.options = {.resume = other}}).error().kind == ErrorKind::usage);
        CHECK(bench.try_scrub({.options = {.devid = 1, .resume = first.state}}).error().kind == ErrorKind::usage);
    }
}

TEST_CASE("a seed is never written") {
    EditedFilesystem filesystem({.data_profile = "dup"});
    filesystem.edit_super([](auto& super) { super.flags = super.flags | btrfs::super_flag_seeding; });
    ScrubBench bench(filesystem);
    bench.rot(first_file(filesystem), 2);
    const auto before = bench.all_bytes();
    const auto report = bench.try_scrub({.repair = true});
    CHECK(bench.all_bytes() == before);
    if (report) {
        REQUIRE(only(*report, Code::data_checksum));
        CHECK(only(*report, Code::data_checksum)->mend->state != Mend::State::mended);
    }
}

TEST_CASE("filesystems that must not be written") {
    struct Row {
        const char* what;
        std::function<void(btrfs::Superblock&)> change;
    };
    for (const auto& [what, change] : {
             Row{"unknown feature", [](auto& super) { super.compat_ro_flags = super.compat_ro_flags | 1ULL << 60; }},
             Row{"dump", [](auto& super) { super.flags = super.flags | btrfs::super_flag_metadump; }},
             Row{"change begun", [](auto& super) { super.flags = super.flags | btrfs::super_flag_changing_meta_csum; }},
         }) {
        CAPTURE(what);
        EditedFilesystem filesystem;
        const u64 offset = ScrubBench(filesystem).offset_of(root_of(filesystem, btrfs::extent_tree_id), 2);
        filesystem.edit_super(change);
        ScrubBench bench(filesystem);
        bench.bytes(1).part(offset)[100] ^= std::byte{4};
        const auto before = bench.all_bytes();
        CHECK(bench.try_scrub());
        const auto refused = bench.try_scrub({.repair = true});
        REQUIRE(!refused);
        CHECK(refused.error().kind == ErrorKind::refused);
        CHECK(bench.all_bytes() == before);
    }
}

} // namespace scrub_test
