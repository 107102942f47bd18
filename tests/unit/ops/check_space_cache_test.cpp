// SPDX-License-Identifier: MIT
// The old free space cache: its file taken apart, and held against the extents.
#include "formats/btrfs/item_types.h"
#include "libfs/base/checksum.h"
#include "libfs/ops/check/space/bit_runs.h"
#include "libfs/ops/check/space/free_ranges.h"
#include "libfs/ops/check/space/space_cache_file.h"
#include "tests/unit/ops/edited_filesystem.h"

#include <random>

#include <doctest/doctest.h>

namespace check_space_cache_test {

using namespace btrkit;
using namespace btrkit::check;
using namespace btrkit::test;

namespace {

constexpr u32 page_bytes = 4096;
constexpr u64 group_start = u64{16} << 20;
constexpr SpaceCacheFrame sample_frame = {.generation = 7,
                                          .entry_count = 2,
                                          .bitmap_count = 0,
                                          .group = {group_start, group_start + (u64{256} << 20)},
                                          .sectorsize = page_bytes};

/// A cache file as the kernel lays it out.
class CacheFile {
public:
    explicit CacheFile(std::size_t pages, u64 generation = 7) : bytes_(pages * page_bytes), at_(pages * sizeof(u32)) {
        put(btrfs::le64(generation));
    }

    void add(u64 offset, u64 bytes, u8 type = btrfs::free_space_entry_extent) {
        const btrfs::FreeSpaceEntry entry{.offset = offset, .bytes = bytes, .type = type};
        if (page_bytes - at_ % page_bytes < sizeof(entry)) {
            next_page();
        }
        put(entry);
    }
    void next_page() { at_ = round_up(at_ + 1, page_bytes); }
    std::byte& bitmap_byte(std::size_t number) { return bytes_[at_ + number]; }

    std::vector<std::byte> seal() {
        const std::size_t pages = bytes_.size() / page_bytes;
        for (std::size_t page = 0; page < pages; ++page) {
            const std::size_t begin = page == 0 ? pages * sizeof(u32) : 0;
            const auto crc =
                checksum(btrfs::CsumType::crc32c, Bytes(bytes_).subspan(page * page_bytes + begin, page_bytes - begin));
            std::memcpy(bytes_.data() + page * sizeof(u32), &crc, sizeof(u32));
        }
        return bytes_;
    }

private:
    template <class T>
    void put(const T& value) {
        std::memcpy(bytes_.data() + at_, &value, sizeof(value));
        at_ += sizeof(value);
    }

    std::vector<std::byte> bytes_;
    std::size_t at_;
};

std::string refusal(const std::vector<std::byte>& file, const SpaceCacheFrame& frame = sample_frame) {
    const auto parsed = parse_space_cache(file, frame);
    return parsed ? "none" : parsed.error();
}

bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

} // namespace

TEST_CASE("space cache: entries in any order") {
    CacheFile file(2);
    file.add(group_start + 65536, 8192);
    file.add(group_start, 4096);
    const auto free = parse_space_cache(file.seal(), sample_frame);
    REQUIRE(free.has_value());
    REQUIRE(free->ranges().size() == 2);
    CHECK(free->ranges()[0] == Range{group_start, group_start + 4096});
    CHECK(free->ranges()[1] == Range{group_start + 65536, group_start + 73728});
}

TEST_CASE("space cache: more entries than a page holds, and bitmaps behind them") {
    constexpr u64 count = 300;
    CacheFile file(3);
    for (u64 i = 0; i < count; ++i) {
        file.add(group_start + i * 8192, 4096);
    }
    const u64 bitmap = group_start + (u64{128} << 20);
    file.add(bitmap, 3 * page_bytes, btrfs::free_space_entry_bitmap);
    file.next_page();
    file.bitmap_byte(0) = std::byte{0x06};
    file.bitmap_byte(4095) = std::byte{0x80};
    auto frame = sample_frame;
    frame.entry_count = count + 1;
    frame.bitmap_count = 1;
    const auto free = parse_space_cache(file.seal(), frame);
    REQUIRE_MESSAGE(free.has_value(), free.error());
    REQUIRE(free->ranges().size() == count + 2);
    CHECK(free->ranges()[count] == Range{bitmap + page_bytes, bitmap + 3 * page_bytes});
    CHECK(free->ranges()[count + 1].end == bitmap + (u64{128} << 20));

    frame.bitmap_count = 2;
    CHECK(contains(refusal(file.seal(), frame), "bitmaps"));
}

TEST_CASE("space cache: entries that fill a page to its last byte") {
    constexpr u64 first_page_entries = (page_bytes - 2 * sizeof(u32) - sizeof(u64)) / sizeof(btrfs::FreeSpaceEntry);
    static_assert(first_page_entries * sizeof(btrfs::FreeSpaceEntry) + 2 * sizeof(u32) + sizeof(u64) == page_bytes);
    CacheFile file(2);
    for (u64 i = 0; i < first_page_entries + 2; ++i) {
        file.add(group_start + i * 8192, 4096);
    }
    auto frame = sample_frame;
    frame.entry_count = first_page_entries + 2;
    const auto free = parse_space_cache(file.seal(), frame);
    REQUIRE_MESSAGE(free.has_value(), free.error());
    CHECK(free->ranges().size() == first_page_entries + 2);
}

TEST_CASE("bit runs: as bit by bit") {
    std::mt19937_64 random(5);
    for (int round = 0; round < 200; ++round) {
        std::vector<std::byte> bitmap(1 + random() % 40);
        for (auto& byte : bitmap) {
            const std::array<unsigned, 4> values = {0, 0xff, static_cast<unsigned>(random() & 0xff), 0xf0};
            byte = static_cast<std::byte>(values[random() % values.size()]);
        }
        const u64 count = random() % (bitmap.size() * 8 + 5);
        std::vector<bool> covered(bitmap.size() * 8);
        u64 end = 0;
        for_each_run(bitmap, count, [&](u64 first, u64 last) {
            CHECK((first < last && (first > end || end == 0) && last <= count));
            std::fill(covered.begin() + static_cast<std::ptrdiff_t>(first),
                      covered.begin() + static_cast<std::ptrdiff_t>(last), true);
            end = last;
        });
        for (u64 bit = 0; bit < covered.size(); ++bit) {
            const bool is_set = (std::to_integer<unsigned>(bitmap[bit / 8]) >> (bit % 8) & 1U) != 0;
            CHECK(covered[bit] == (is_set && bit < count));
        }
    }
}

TEST_CASE("space cache: files that the kernel would not take") {
    const auto made = [](auto&& fill, u64 generation = 7) {
        CacheFile file(2, generation);
        fill(file);
        return file.seal();
    };
    const auto good = made([](CacheFile& file) {
        file.add(group_start, 4096);
        file.add(group_start + 8192, 4096);
    });
    CHECK(refusal(good) == "none");

    auto spoilt = good;
    spoilt[3000] ^= std::byte{1};
    CHECK(contains(refusal(spoilt), "checksum of page 0"));

    CHECK(contains(refusal(made([](CacheFile&) {}, 6)), "generation is 6"));
    CHECK(contains(refusal({}), "0 pages"));
    CHECK(contains(refusal(made([](CacheFile& file) { file.add(group_start - 4096, 4096); })), "an entry has"));
    CHECK(contains(refusal(made([](CacheFile& file) { file.add(group_start, 0); })), "an entry has"));
    CHECK(contains(refusal(made([](CacheFile& file) { file.add(group_start, ~u64{0}); })), "beyond the block group"));
    CHECK(contains(refusal(made([](CacheFile& file) { file.add(group_start, 4096, 9); })), "unknown type 9"));
    CHECK(contains(refusal(made([](CacheFile& file) {
                       file.add(group_start, 8192);
                       file.add(group_start + 4096, 4096);
                   })),
                   "twice"));

    auto endless = sample_frame;
    endless.entry_count = ~u64{0};
    CHECK(contains(refusal(good, endless), "an entry has"));
    endless = sample_frame;
    endless.entry_count = 1000;
    CHECK(contains(refusal(made([](CacheFile& file) {
                               for (u64 i = 0; i < 1000; ++i) {
                                   file.add(group_start + i * 8192, 4096);
                                   if (i == 450) {
                                       break;
                                   }
                               }
                           }),
                           endless),
                   "an entry has"));
    auto wrong_bitmap = sample_frame;
    wrong_bitmap.entry_count = 1;
    wrong_bitmap.bitmap_count = 1;
    CHECK(contains(refusal(made([](CacheFile& file) { file.add(group_start, 4096, btrfs::free_space_entry_bitmap); }),
                           wrong_bitmap),
                   "bitmap at"));
    CHECK(contains(refusal(made([](CacheFile& file) {
                               file.next_page();
                               file.add(group_start, 4096, btrfs::free_space_entry_bitmap);
                           }),
                           wrong_bitmap),
                   "an entry has"));
}

namespace {

constexpr u64 cache_inode = 256;

/// How the cache of the data block group is to be wrong.
struct CacheDamage {
    u64 header_generation = 1;
    u64 inode_generation = 1;
    u64 cache_generation = 1; ///< of the superblock
    u64 leave_out = 0;        ///< bytes of the free space
    bool has_inode = true;
};

/// A filesystem whose data block group has a cache. Its file lies where a file's data was.
EditedFilesystem with_cache(const CacheDamage& damage) {
    EditedFilesystem filesystem({.features = {"^free-space-tree"}});
    const auto extent = filesystem.data_extent().key;
    const auto opened = filesystem.open();
    const Chunk& chunk = *opened.volume().chunks().find({extent.objectid});
    u64 used_end = 0;
    for (const auto& item : filesystem.items(btrfs::extent_tree_id)) {
        if (item.key.type == btrfs::item_type::extent_item && chunk.contains({item.key.objectid})) {
            used_end = item.key.objectid + item.key.offset;
        }
    }
    CacheFile file(16, damage.header_generation);
    file.add(used_end, range_of(chunk).end - used_end - damage.leave_out);
    const auto bytes = file.seal();
    REQUIRE(bytes.size() <= extent.offset);
    filesystem.write(extent.objectid, bytes);

    const btrfs::Key location{cache_inode, btrfs::item_type::inode_item, 0};
    btrfs::InodeItem inode;
    inode.generation = damage.inode_generation;
    inode.size = bytes.size();
    inode.nbytes = extent.offset;
    inode.nlink = 1;
    inode.mode = 0100600;
    inode.flags = btrfs::inode_nodatasum | btrfs::inode_nodatacow;
    btrfs::FileExtentHead head;
    head.generation = 1;
    head.ram_bytes = extent.offset;
    head.type = 1;
    btrfs::FileExtentRange range;
    range.disk_bytenr = extent.objectid;
    range.disk_num_bytes = extent.offset;
    range.num_bytes = extent.offset;
    const btrfs::FreeSpaceHeader header{
        .location = btrfs::DiskKey::from(location), .generation = damage.header_generation, .num_entries = 1};
    filesystem.edit(btrfs::root_tree_id, [&](EditedFilesystem::Items& items) {
        if (damage.has_inode) {
            items.push_back({location, bytes_from(inode)});
        }
        items.push_back({{cache_inode, btrfs::item_type::extent_data, 0}, bytes_from(head, range)});
        items.push_back(
            {{btrfs::free_space_objectid, btrfs::item_type::untyped, chunk.start.bytenr}, bytes_from(header)});
    });
    filesystem.edit_super([&](auto& super) { super.cache_generation = damage.cache_generation; });
    return filesystem;
}

u64 cache_findings(const CacheDamage& damage) {
    const auto filesystem = with_cache(damage);
    return check_filesystem(filesystem.devices()).findings.count(ProblemCode::space_cache);
}

} // namespace

TEST_CASE("check: old free space caches") {
    CHECK(cache_findings({}) == 0);
    CHECK(cache_findings({.leave_out = 4096}) == 1);
    CHECK(cache_findings({.inode_generation = 2}) == 1);
    CHECK(cache_findings({.has_inode = false}) == 1);
    // The kernel does not read it then.
    CHECK(cache_findings({.inode_generation = 0}) == 0);
    CHECK(cache_findings({.cache_generation = 0, .leave_out = 4096}) == 0);
}

} // namespace check_space_cache_test
