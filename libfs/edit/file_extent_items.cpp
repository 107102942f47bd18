// SPDX-License-Identifier: MIT
#include "libfs/edit/file_extent_items.h"

#include "formats/btrfs/item_types.h"
#include "libfs/base/item_buffer.h"

#include <cassert>

namespace btrkit {

namespace {

btrfs::FileExtentType stored_type(ExtentKind kind) {
    switch (kind) {
    case ExtentKind::inline_data: return btrfs::FileExtentType::inline_data;
    case ExtentKind::prealloc: return btrfs::FileExtentType::prealloc;
    default: return btrfs::FileExtentType::regular;
    }
}

} // namespace

FileExtent part_of(const FileExtent& extent, Range range) {
    FileExtent part = extent;
    part.offset = range.start;
    part.length = range.length();
    // Of holes, too: senders take a hole whose offset is another for a new one.
    part.offset_in_extent += range.start - extent.offset;
    return part;
}

u64 end_of(const FileExtent& extent) {
    return extent.offset + extent.length;
}

u64 counted_bytes(const FileExtent& extent) {
    switch (extent.kind) {
    case ExtentKind::hole: return 0;
    case ExtentKind::inline_data: return extent.ram_bytes;
    default: return extent.length;
    }
}

btrfs::Key FileExtentItems::key(u64 offset) const {
    return {inode_, btrfs::item_type::extent_data, offset};
}

Result<std::optional<FileExtent>> FileExtentItems::extent_of(const std::optional<BufferedItem>& item) const {
    if (!item || item->key.objectid != inode_ || item->key.type != btrfs::item_type::extent_data) {
        return std::optional<FileExtent>();
    }
    BTRKIT_TRY_ASSIGN(auto extent, parse_file_extent(tree_id_, item->key, item->body, geometry_->sectorsize));
    return std::optional(std::move(extent));
}

Result<std::optional<FileExtent>> FileExtentItems::first_beyond(u64 offset) {
    BTRKIT_TRY_ASSIGN(const auto before, tree_->last_up_to(key(offset)));
    BTRKIT_TRY_ASSIGN(auto extent, extent_of(before));
    if (extent && end_of(*extent) > offset) {
        return extent;
    }
    BTRKIT_TRY_ASSIGN(const auto behind, tree_->first_from(key(offset)));
    BTRKIT_TRY_ASSIGN(extent, extent_of(behind));
    // One that begins there and ends there can't be: extents are not empty.
    return extent;
}

Result<u64> FileExtentItems::drop(Range range) {
    u64 dropped = 0;
    for (u64 at = range.start; at < range.end;) {
        BTRKIT_TRY_ASSIGN(const auto found, first_beyond(at));
        if (!found || found->offset >= range.end) {
            break;
        }
        const FileExtent& extent = *found;
        at = end_of(extent);
        const bool has_head = extent.offset < range.start;
        const bool has_tail = end_of(extent) > range.end;
        if (extent.kind == ExtentKind::inline_data && (has_head || has_tail)) {
            return fail_as_bug("an inline extent can't be cut");
        }
        if (has_head) {
            put(part_of(extent, {extent.offset, range.start}));
        } else {
            BTRKIT_TRY(tree_->erase(key(extent.offset)));
        }
        if (has_tail) {
            put(part_of(extent, {range.end, end_of(extent)}));
        }
        const FileExtent gone =
            extent.kind == ExtentKind::inline_data
                ? extent
                : part_of(extent, {std::max(extent.offset, range.start), std::min(end_of(extent), range.end)});
        dropped += counted_bytes(gone);
    }
    return dropped;
}

void FileExtentItems::put(const FileExtent& extent) {
    ItemBuffer body;
    body.add(btrfs::FileExtentHead{.generation = extent.generation,
                                   .ram_bytes = extent.ram_bytes,
                                   .compression = static_cast<u8>(extent.compression),
                                   .other_encoding = 0,
                                   .type = static_cast<u8>(stored_type(extent.kind))});
    if (extent.kind == ExtentKind::inline_data) {
        body.add_bytes(extent.inline_bytes);
    } else {
        body.add(btrfs::FileExtentRange{.disk_bytenr = extent.disk.bytenr,
                                        .disk_num_bytes = extent.disk_num_bytes,
                                        .offset = extent.offset_in_extent,
                                        .num_bytes = extent.length});
    }
    tree_->put(key(extent.offset), body.release());
}

Result<void> FileExtentItems::put_hole(Range range) {
    if (range.start < range.end && !geometry_->has_incompat(btrfs::incompat_no_holes)) {
        put({.kind = ExtentKind::hole,
             .offset = range.start,
             .length = range.length(),
             .generation = geometry_->generation,
             .ram_bytes = range.length()});
    }
    return {};
}

Result<void> FileExtentItems::fill_holes(Range range) {
    while (range.start < range.end) {
        BTRKIT_TRY_ASSIGN(const auto next, first_beyond(range.start));
        const u64 gap_end = next ? std::min(next->offset, range.end) : range.end;
        BTRKIT_TRY(put_hole({range.start, std::max(gap_end, range.start)}));
        range.start = next ? end_of(*next) : range.end;
    }
    return {};
}

} // namespace btrkit
