// SPDX-License-Identifier: MIT
#include "libfs/space/free_space_items.h"

#include "formats/btrfs/free_space.h"
#include "formats/btrfs/item_types.h"

#include <fmt/format.h>

namespace btrkit {

namespace {

namespace type = btrfs::item_type;

u64 bytes_a_bitmap(u32 sectorsize) {
    return u64{btrfs::free_space_bitmap_size} * 8 * sectorsize;
}

std::unexpected<Error> bad_items(const Chunk& chunk, std::string_view what) {
    return fail(ErrorKind::damaged,
                fmt::format("the free space tree's items of block group {}: {}", chunk.start.bytenr, what));
}

bool is_set(Bytes bitmap, u64 bit) {
    return (std::to_integer<unsigned>(bitmap[bit / 8]) >> (bit % 8) & 1U) != 0;
}

void add_bits(RangeSet& free, u64 start, Bytes bitmap, u64 bit_count, u32 sectorsize) {
    for (u64 bit = 0; bit < bit_count; ++bit) {
        if (bit % 8 == 0 && bitmap[bit / 8] == std::byte{0}) {
            bit += 7;
        } else if (is_set(bitmap, bit)) {
            free.append({start + bit * sectorsize, start + (bit + 1) * sectorsize});
        }
    }
}

EncodedItem bitmap_item(Range window, const RangeSet& free, u32 sectorsize) {
    EncodedItem item{{window.start, type::free_space_bitmap, window.length()}, {}};
    item.body.resize((window.length() / sectorsize + 7) / 8);
    for (const Range range : free.within(window).ranges()) {
        for (u64 at = range.start; at < range.end; at += sectorsize) {
            const u64 bit = (at - window.start) / sectorsize;
            item.body[bit / 8] |= std::byte{1} << (bit % 8);
        }
    }
    return item;
}

} // namespace

Result<std::vector<EncodedItem>> read_free_space_items(TreeSearch& free_space_tree, const Chunk& chunk) {
    const Range group = range_of(chunk);
    std::vector<EncodedItem> items;
    BTRKIT_TRY_ASSIGN(bool is_there, free_space_tree.seek({group.start, 0, 0}));
    while (is_there && free_space_tree.key().objectid < group.end) {
        const Bytes body = free_space_tree.data();
        items.push_back({free_space_tree.key(), {body.begin(), body.end()}});
        BTRKIT_TRY_ASSIGN(is_there, free_space_tree.next());
    }
    return items;
}

Result<RecordedFreeSpace> decode_free_space(const Chunk& chunk, std::span<const EncodedItem> items, u32 sectorsize) {
    const Range group = range_of(chunk);
    const auto* info = items.empty() ? nullptr : view_at<btrfs::FreeSpaceInfo>(items.front().body);
    if (info == nullptr || items.front().key != btrfs::Key{group.start, type::free_space_info, group.length()}) {
        return bad_items(chunk, "the first is not its FREE_SPACE_INFO");
    }
    RecordedFreeSpace space;
    space.uses_bitmaps = (info->flags & btrfs::free_space_using_bitmaps) != 0;
    const u8 expected = space.uses_bitmaps ? type::free_space_bitmap : type::free_space_extent;
    u64 end = group.start;
    for (const auto& item : items.subspan(1)) {
        const Range range = range_from(item.key.objectid, item.key.offset);
        const u64 sectors = range.length() / sectorsize;
        if (item.key.type != expected || range.start < end || range.end > group.end || sectors == 0 ||
            range.length() % sectorsize != 0 || (range.start - group.start) % sectorsize != 0) {
            return bad_items(chunk, fmt::format("({} {} {}) is none that can stand there", item.key.objectid,
                                                item.key.type, item.key.offset));
        }
        end = range.end;
        if (!space.uses_bitmaps) {
            space.free.append(range);
        } else if (item.body.size() * 8 < sectors) {
            return bad_items(chunk, "a bitmap is too short");
        } else {
            add_bits(space.free, range.start, item.body, sectors, sectorsize);
        }
    }
    if (space.free.ranges().size() != info->extent_count) {
        return bad_items(chunk, fmt::format("{} free ranges, but {} are counted", space.free.ranges().size(),
                                            u32{info->extent_count}));
    }
    return space;
}

bool wants_bitmaps(const Chunk& chunk, std::size_t free_range_count, u32 sectorsize, bool uses_bitmaps) {
    // As extents, this many take as much room as the group's bitmaps do.
    const u64 bitmap_count = (chunk.length + bytes_a_bitmap(sectorsize) - 1) / bytes_a_bitmap(sectorsize);
    const u64 high =
        bitmap_count * (sizeof(btrfs::ItemHeader) + btrfs::free_space_bitmap_size) / sizeof(btrfs::ItemHeader);
    constexpr u64 hysteresis = 100;
    const u64 low = high > hysteresis ? high - hysteresis : 0;
    return uses_bitmaps ? free_range_count >= low : free_range_count > high;
}

std::vector<EncodedItem> encode_free_space(const Chunk& chunk, const RecordedFreeSpace& space, u32 sectorsize) {
    const Range group = range_of(chunk);
    std::vector<EncodedItem> items;
    const btrfs::FreeSpaceInfo info = {.extent_count = static_cast<u32>(space.free.ranges().size()),
                                       .flags = space.uses_bitmaps ? btrfs::free_space_using_bitmaps : 0};
    const Bytes body = as_bytes_of(info);
    items.push_back({{group.start, type::free_space_info, group.length()}, {body.begin(), body.end()}});
    if (!space.uses_bitmaps) {
        for (const Range range : space.free.ranges()) {
            items.push_back({{range.start, type::free_space_extent, range.length()}, {}});
        }
        return items;
    }
    for (u64 start = group.start; start < group.end; start += bytes_a_bitmap(sectorsize)) {
        items.push_back(
            bitmap_item({start, std::min(group.end, start + bytes_a_bitmap(sectorsize))}, space.free, sectorsize));
    }
    return items;
}

} // namespace btrkit
