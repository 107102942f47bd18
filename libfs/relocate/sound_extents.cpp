// SPDX-License-Identifier: MIT
#include "libfs/relocate/sound_extents.h"

#include "libfs/fs/item_range.h"
#include "libfs/space/free_space.h"

#include <fmt/format.h>

namespace btrkit {

Result<void> for_each_extent(const Filesystem& filesystem, const RunContext& context,
                             const std::function<Result<void>(const SoundExtent&)>& visit) {
    BTRKIT_TRY_ASSIGN(const auto tree, filesystem.find_tree(btrfs::extent_tree_id));
    ItemRange items(filesystem.reader(), tree.block, KeyRange{});
    u64 data_end = 0;
    for (;;) {
        BTRKIT_TRY_ASSIGN(const bool is_there, items.next());
        if (!is_there) {
            return {};
        }
        if (context.stop.stop_requested()) {
            return fail(ErrorKind::cancelled, "stopped; nothing was changed");
        }
        const auto key = items.key();
        const auto extent = parse_extent(key, items.data(), filesystem.geometry());
        if (!extent) {
            continue;
        }
        const Range range = range_from(extent->bytenr, extent->length_bytes);
        const Chunk* chunk = filesystem.volume().chunks().find({range.start});
        if (chunk == nullptr || range.end > range_of(*chunk).end || range.start < data_end) {
            return fail(
                ErrorKind::damaged,
                fmt::format("extent {} overlaps another or lies in no block group; run btrkit-check", range.start));
        }
        data_end = extent->is_data() ? range.end : data_end;
        BTRKIT_TRY(visit({.extent = *extent, .key = key, .body = items.data(), .chunk = *chunk}));
    }
}

} // namespace btrkit
