// SPDX-License-Identifier: MIT
// What very many share, and what is packed anew.
#include "tests/support/filesystem_portrait.h"
#include "tests/unit/defragment/plain_view.h"
#include "tests/unit/defragment/scattered_bench.h"

#include <doctest/doctest.h>

namespace defragment_shared_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

constexpr u64 block_bytes = scattered_block_bytes;

/// Text that packs well, and differs from block to block.
std::vector<std::byte> text(u64 bytes) {
    std::vector<std::byte> made(bytes);
    for (u64 at = 0; at < bytes; ++at) {
        made[at] = static_cast<std::byte>('a' + (at / block_bytes + at / 100) % 20);
    }
    return made;
}

void write_scattered(Edit& edit, const PlaceInTree& place, u64 blocks) {
    const auto all = text(blocks * block_bytes);
    for (u64 first = 0; first < 2; ++first) {
        for (u64 block = first; block < blocks; block += 2) {
            must(edit.data.write(place, block * block_bytes, Bytes(all).subspan(block * block_bytes, block_bytes)));
        }
    }
}

void snapshot_often(const TransactionBench& bench, unsigned count) {
    std::vector<subvolume::Command> commands = {{.change = subvolume::Create{.path = "/snapshots"}}};
    for (unsigned number = 0; number < count; ++number) {
        commands.push_back({.change = subvolume::Snapshot{.source = "/",
                                                          .path = "/snapshots/" + std::to_string(number),
                                                          .is_read_only = number % 2 == 0}});
    }
    btrfs::Uuid uuid;
    const auto new_uuid = [&] {
        ++uuid.bytes[uuid.bytes.back() == 255 ? 14 : 15];
        return uuid;
    };
    const auto filesystem = bench.open();
    must(subvolume::run(filesystem, bench.writable(filesystem), commands, {.new_uuid = new_uuid}, {}));
}

u64 used_bytes(const TransactionBench& bench) {
    return bench.open().super().bytes_used;
}

bool holds(const TransactionBench& bench, const PlaceInTree& place, const std::vector<std::byte>& content) {
    Edit edit(bench);
    std::vector<std::byte> read(content.size());
    must(edit.data.read(place, 0, read));
    return read == content;
}

} // namespace

TEST_CASE("defragment: under 500 sharers leaves vanish, and overflow where extents are packed") {
    const TransactionBench bench = empty_bench({.slack_bytes = 80 * mib});
    const u64 blocks = 1600;
    Edit edit(bench);
    const auto place = edit.make("file", 0100644);
    write_scattered(edit, place, blocks);
    edit.commit();
    snapshot_often(bench, 500);
    const PlainView before(bench.open());
    const auto report = must(defragmented(bench));
    CHECK(report.before.extent_count == blocks);
    CHECK(report.after.extent_count == 1);
    const PlainView after(bench.open());
    CHECK(after.extent_count() == 1);
    CHECK(after.sharing() == before.sharing());
    CHECK(check_filesystem(bench.open()).findings.all().empty());
    CHECK(holds(bench, place, text(blocks * block_bytes)));

    const u64 unpacked = used_bytes(bench);
    must(defragmented(bench, {.recompress = CompressionMethod{btrfs::Compression::zstd, 3}}));
    CHECK(used_bytes(bench) + blocks * block_bytes / 2 < unpacked);
    CHECK(check_filesystem(bench.open()).findings.all().empty());
    CHECK(holds(bench, place, text(blocks * block_bytes)));

    must(defragmented(bench, {.recompress = CompressionMethod{}}));
    CHECK(PlainView(bench.open()).sharing() == before.sharing());
    CHECK(check_filesystem(bench.open()).findings.all().empty());
    CHECK(holds(bench, place, text(blocks * block_bytes)));
}

TEST_CASE("defragment: packed anew only where that pays, and not once more") {
    const TransactionBench bench = scattered_bench({.slack_bytes = 60 * mib}, 5, 4, 4);
    Edit edit(bench);
    const auto place = edit.make("text", 0100644);
    must(edit.data.write(place, 0, text(3 * mib)));
    edit.commit();
    const u64 before = used_bytes(bench);
    const defragment::Options options = {.recompress = CompressionMethod{btrfs::Compression::lzo, 0}};
    must(defragmented(bench, options, 2));
    CHECK(used_bytes(bench) + 2 * mib < before);
    CHECK(must_portray(views_of(bench.devices()), "packed").findings.all().empty());
    CHECK(holds(bench, place, text(3 * mib)));
    CHECK(must(defragmented(bench, options)).commit_count == 0);
}

TEST_CASE("defragment: with little room at a time, in several commits") {
    const TransactionBench bench = scattered_bench({.slack_bytes = 60 * mib}, 11, 6, 6);
    const PlainView before(bench.open());
    const auto report = must(defragmented(bench, {.limit_bytes = 300 * kib}));
    CHECK(report.commit_count > 1);
    CHECK_FALSE(report.needs_more);
    CHECK(PlainView(bench.open()).extent_count() == before.least_extent_count());
    CHECK(PlainView(bench.open()).sharing() == before.sharing());
    CHECK(check_filesystem(bench.open()).findings.all().empty());
}

TEST_CASE("defragment: one file of several, and what shares its data with it") {
    const TransactionBench bench = empty_bench({.slack_bytes = 40 * mib});
    Edit edit(bench);
    const auto wanted = edit.make("wanted", 0100644);
    const auto other = edit.make("other", 0100644);
    write_scattered(edit, wanted, 20);
    write_scattered(edit, other, 20);
    edit.commit();
    const auto report = must(defragmented(bench, {.selection = {.paths = {"/wanted"}}}));
    CHECK(report.after.extent_count == 21);
    CHECK(PlainView(bench.open()).extent_count() == 21);
    const auto bad = defragmented(bench, {.selection = {.paths = {"/"}}});
    REQUIRE_FALSE(bad);
    CHECK(bad.error().kind == ErrorKind::usage);
    CHECK(must(defragmented(bench, {.selection = {.paths = {"/"}, .is_recursive = true}})).after.extent_count == 2);
}

TEST_CASE("defragment: a dry run changes nothing, and tells of files") {
    const TransactionBench bench = scattered_bench({.slack_bytes = 60 * mib}, 2, 3, 3);
    const u64 generation = bench.open().super().generation;
    const auto report = must(defragmented(bench, {.commit = {.is_dry_run = true}, .most_files = 2}));
    REQUIRE(report.files.size() == 2);
    CHECK(report.files.front().path.starts_with("/scattered-"));
    CHECK(report.files.front().before > report.files.front().after);
    CHECK(bench.open().super().generation == generation);
    CHECK(report.after.fragment_count < report.before.fragment_count);
}

} // namespace defragment_shared_test
