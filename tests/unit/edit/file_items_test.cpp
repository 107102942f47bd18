// SPDX-License-Identifier: MIT
// What file data becomes: extents that are joined where they may be, holes, checksums, compressed runs.
#include "formats/btrfs/item_types.h"
#include "formats/btrfs/objectids.h"
#include "libfs/base/checksum.h"
#include "libfs/edit/csum_writer.h"
#include "libfs/edit/data_packer.h"
#include "libfs/edit/file_item_writer.h"
#include "libfs/fs/stored_extent.h"
#include "tests/support/build_leaf.h"
#include "tests/support/kept_items.h"

#include <doctest/doctest.h>

namespace file_items_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

namespace type = btrfs::item_type;

constexpr u64 sector = 4096;
constexpr Logical somewhere{u64{1} << 30};

StoredPiece piece(u64 disk_sector, u64 file_sector, u64 sectors) {
    return {.at = somewhere + disk_sector * sector,
            .stored_bytes = sectors * sector,
            .file_offset = file_sector * sector,
            .plain_bytes = sectors * sector};
}

std::vector<std::byte> noise(std::size_t bytes) {
    std::vector<std::byte> out(bytes);
    u64 state = 1;
    for (auto& byte : out) {
        state = state * 6364136223846793005 + 1442695040888963407;
        byte = static_cast<std::byte>(state >> 56);
    }
    return out;
}

} // namespace

TEST_CASE("pieces become one extent where they follow each other in the file and on disk") {
    Geometry geometry = sample_geometry();
    geometry.incompat_flags &= ~btrfs::incompat_no_holes;
    KeptItems kept;
    std::vector<DataExtent> extents;
    FileItemWriter writer(kept, geometry, 257, 7, extents);
    REQUIRE(writer.begin_inode(300));
    REQUIRE(writer.add_piece(piece(0, 0, 2)));
    REQUIRE(writer.add_piece(piece(2, 2, 1))); // joins
    REQUIRE(writer.add_hole(3 * sector, sector));
    REQUIRE(writer.add_piece(piece(3, 4, 1))); // behind a hole
    auto in_next_group = piece(4, 5, 1);
    in_next_group.begins_group = true;
    REQUIRE(writer.add_piece(in_next_group));
    REQUIRE(writer.add_piece(piece(9, 6, 1))); // elsewhere on disk
    REQUIRE(writer.begin_inode(301));
    REQUIRE(writer.add_piece(piece(10, 7, 1))); // of another file
    REQUIRE(writer.flush());

    REQUIRE(extents.size() == 5);
    CHECK(extents[0].length == 3 * sector);
    CHECK(extents[4].inode == 301);
    CHECK(writer.data_bytes() == 7 * sector);
    const auto first = stored_extent(kept.items[{300, type::extent_data, 0}]);
    REQUIRE(first);
    CHECK(first->range.num_bytes == 3 * sector);
    const auto& hole = kept.items[{300, type::extent_data, 3 * sector}];
    const auto* range = view_at<btrfs::FileExtentRange>(hole, sizeof(btrfs::FileExtentHead));
    REQUIRE(range != nullptr);
    CHECK(range->disk_bytenr == 0);
    CHECK(range->num_bytes == sector);
    CHECK(kept.items.size() == 6);
}

TEST_CASE("no extent is larger than the kernel's, and NO_HOLES needs no items for holes") {
    KeptItems kept;
    std::vector<DataExtent> extents;
    Geometry geometry = sample_geometry();
    geometry.incompat_flags |= btrfs::incompat_no_holes;
    FileItemWriter writer(kept, geometry, 257, 7, extents);
    REQUIRE(writer.begin_inode(300));
    REQUIRE(writer.add_hole(0, sector));
    const u64 most = max_extent_bytes / sector;
    REQUIRE(writer.add_piece(piece(0, 1, most)));
    REQUIRE(writer.add_piece(piece(most, most + 1, 1)));
    REQUIRE(writer.flush());
    CHECK(kept.items.size() == 2);
    REQUIRE(extents.size() == 2);
    CHECK(extents[0].length == max_extent_bytes);
}

TEST_CASE("checksums that follow each other stand in one item, up to its bound") {
    const Geometry geometry = sample_geometry();
    KeptItems kept;
    CsumWriter writer(kept, geometry);
    const auto sums = noise(std::size_t{5000} * geometry.csum_size_bytes);
    REQUIRE(writer.add(somewhere, Bytes(sums).first(1000 * geometry.csum_size_bytes)));
    REQUIRE(writer.add(somewhere + 1000 * sector, Bytes(sums).subspan(1000 * geometry.csum_size_bytes)));
    REQUIRE(writer.add(somewhere + 6000 * sector, Bytes(sums).first(geometry.csum_size_bytes)));
    REQUIRE(writer.flush());
    std::vector<std::byte> all;
    Logical next = somewhere;
    for (const auto& [key, body] : kept.items) {
        if (key.offset < (somewhere + 6000 * sector).bytenr) {
            CHECK(key == btrfs::Key{btrfs::extent_csum_objectid, type::extent_csum, next.bytenr});
            CHECK(body.size() < btrfs::max_item_size(geometry.nodesize));
            all.insert(all.end(), body.begin(), body.end());
            next = next + body.size() / geometry.csum_size_bytes * sector;
        }
    }
    CHECK(all == sums);
    CHECK(kept.items.rbegin()->first.offset == (somewhere + 6000 * sector).bytenr);
}

TEST_CASE("what is packed can be unpacked, and what does not shrink is stored as it is") {
    const Geometry geometry = sample_geometry();
    DataPacker packer(geometry, {.algorithm = btrfs::Compression::zstd, .level = 3}, DataDepth::contents);
    DataBatch batch;
    const std::size_t text_bytes = 200 * 1024 + 100;
    const std::size_t text_sectors_bytes = round_up(text_bytes, sector);
    batch.plain.assign(text_sectors_bytes, std::byte{'t'});
    std::fill(batch.plain.begin() + text_bytes, batch.plain.end(), std::byte{0});
    const auto unpackable = noise(3 * sector);
    for (int i = 0; i < 2; ++i) {
        batch.plain.insert(batch.plain.end(), unpackable.begin(), unpackable.end());
    }
    batch.plain.resize(batch.plain.size() + sector, std::byte{'i'});
    batch.plain_bytes = batch.plain.size();
    batch.pieces = {{.length = text_bytes},
                    {.plain_offset = text_sectors_bytes, .length = 3 * sector},
                    {.plain_offset = text_sectors_bytes + 3 * sector,
                     .length = 3 * sector,
                     .may_compress = false,
                     .has_csums = false},
                    {.plain_offset = text_sectors_bytes + 6 * sector, .length = 1000, .is_inline = true}};
    packer.pack(batch);

    REQUIRE(batch.runs.size() == 4); // the text is two extents of at most 128 KiB
    Decompressor decompressor(geometry.sectorsize);
    for (const auto& run : batch.runs) {
        const auto& piece = batch.pieces[run.piece];
        const Bytes stored = batch.stored().subspan(run.offset, run.stored_bytes);
        CHECK((run.compression != btrfs::Compression::none) == (run.piece == 0));
        std::vector<std::byte> plain(run.plain_bytes);
        if (run.compression == btrfs::Compression::none) {
            plain.assign(stored.begin(), stored.end());
        } else {
            REQUIRE(decompressor.decompress(run.compression, stored, plain));
            CHECK(stored.size() == sector);
        }
        const auto expected = Bytes(batch.plain).subspan(piece.plain_offset + run.file_offset, run.plain_bytes);
        CHECK(std::ranges::equal(plain, expected));
        CHECK(run.has_csums == piece.has_csums);
        for (u64 done = 0; run.has_csums && done < run.stored_bytes; done += sector) {
            const auto sum = checksum(geometry.csum_type, stored.subspan(done, sector));
            const auto kept =
                Bytes(batch.csums)
                    .subspan(run.csums_offset + done / sector * geometry.csum_size_bytes, geometry.csum_size_bytes);
            CHECK(std::ranges::equal(kept, Bytes(std::as_bytes(std::span(sum))).first(geometry.csum_size_bytes)));
        }
    }
    CHECK(batch.pieces[3].inline_compression == btrfs::Compression::zstd);
    CHECK(batch.pieces[3].inline_data.size() < 100);
}

} // namespace file_items_test
