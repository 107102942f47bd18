// SPDX-License-Identifier: MIT
#include "libfs/txn/group_extents.h"

#include "formats/btrfs/item_types.h"
#include "libfs/fs/item_range.h"
#include "libfs/space/extent_item.h"
#include "libfs/space/free_space.h"

#include <fmt/format.h>

namespace btrkit {

std::unexpected<Error> bad_group(const Chunk& chunk, std::string_view what) {
    return fail(ErrorKind::damaged, fmt::format("block group {}: {}; run btrkit-check", chunk.start.bytenr, what));
}

btrfs::Key block_group_key(const Chunk& chunk) {
    return {chunk.start.bytenr, btrfs::item_type::block_group_item, chunk.length};
}

Result<RangeSet> read_allocated(const BlockReader& reader, const Promise& extents, const Chunk& chunk) {
    const Range group = range_of(chunk);
    RangeSet allocated;
    u64 end = group.start;
    ItemRange items(reader, extents, KeyRange::through({group.start, 0, 0}, {group.end - 1, 0xff, ~u64{0}}));
    for (;;) {
        BTRKIT_TRY_ASSIGN(const bool is_there, items.next());
        if (!is_there) {
            return allocated;
        }
        const auto extent = parse_extent(items.key(), items.data(), reader.geometry());
        if (!extent) {
            continue;
        }
        const Range range = range_from(extent->bytenr, extent->length_bytes);
        if (range.start < end || range.end > group.end) {
            return bad_group(chunk, fmt::format("extent {} overlaps another or leaves the group", range.start));
        }
        allocated.append(range);
        end = range.end;
    }
}

Result<std::vector<GroupExtents>> read_group_extents(const BlockReader& reader, const Promise& extents) {
    std::vector<GroupExtents> all;
    for (const auto& chunk : reader.volume().chunks().chunks()) {
        BTRKIT_TRY_ASSIGN(auto allocated, read_allocated(reader, extents, chunk));
        all.push_back({.chunk = chunk, .allocated = std::move(allocated)});
    }
    return all;
}

} // namespace btrkit
