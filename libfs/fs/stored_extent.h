// SPDX-License-Identifier: MIT
// A file extent item that refers to bytes on disk, as stored. Callers check whether its values make sense.
#pragma once

#include "formats/btrfs/file_extent.h"
#include "libfs/base/bytes.h"
#include "libfs/base/range_set.h"

#include <optional>

namespace btrkit {

struct StoredExtent {
    const btrfs::FileExtentHead& head;
    const btrfs::FileExtentRange& range;

    /// Not only preallocated.
    bool is_written() const { return head.type == static_cast<u8>(btrfs::FileExtentType::regular); }
    bool is_compressed() const { return head.compression != static_cast<u8>(btrfs::Compression::none); }

    /// The extent on disk, cut where addresses end.
    Range whole() const { return range_from(range.disk_bytenr, range.disk_num_bytes); }
    /// What is needed of it to read what the item refers to: of a compressed one all. Empty where that is impossible.
    Range needed() const {
        if (is_compressed()) {
            return whole();
        }
        const u64 start = u64{range.disk_bytenr} + range.offset;
        return start < range.disk_bytenr ? Range{} : range_from(start, range.num_bytes);
    }
};

/// Nothing for inline extents, holes, and items that are too short. It refers to body.
inline std::optional<StoredExtent> stored_extent(Bytes body) {
    const auto* head = view_at<btrfs::FileExtentHead>(body);
    const auto* range = view_at<btrfs::FileExtentRange>(body, sizeof(btrfs::FileExtentHead));
    if (head == nullptr || range == nullptr || head->type == static_cast<u8>(btrfs::FileExtentType::inline_data) ||
        range->disk_bytenr == 0) {
        return std::nullopt;
    }
    return StoredExtent{.head = *head, .range = *range};
}

/// Whether as much as this can stand inline, of which so many bytes are stored: less than a sector, and a whole one
/// where it is compressed (docs/format.md 9).
inline bool fits_inline(const btrfs::FileExtentHead& head, u64 stored_bytes, u64 sectorsize) {
    const bool is_compressed = head.compression != static_cast<u8>(btrfs::Compression::none);
    return head.ram_bytes <= (is_compressed ? sectorsize : sectorsize - 1) && stored_bytes <= sectorsize;
}

} // namespace btrkit
