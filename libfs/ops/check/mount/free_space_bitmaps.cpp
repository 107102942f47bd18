// SPDX-License-Identifier: MIT
#include "libfs/ops/check/mount/free_space_bitmaps.h"

#include "formats/btrfs/free_space.h"
#include "formats/btrfs/item_types.h"

#include <algorithm>
#include <array>

namespace btrkit::check {

namespace {

namespace type = btrfs::item_type;

/// A block group on the way through its bitmaps, which follow its info in the order of addresses.
struct Covered {
    bool has_unexpected = false;
    u64 end = 0;     ///< of the group
    u64 reached = 0; ///< where the bitmaps so far end, without a gap; never behind the end

    bool is_as_told() const { return reached >= end && !has_unexpected; }

    void begin(const btrfs::Key& key, const btrfs::FreeSpaceInfo* info) {
        const bool uses_bitmaps = info != nullptr && (info->flags & btrfs::free_space_using_bitmaps) != 0;
        end = uses_bitmaps ? key.objectid + key.offset : 0;
        reached = uses_bitmaps ? key.objectid : 0;
        has_unexpected = false;
    }
    void add(const btrfs::Key& bitmap) {
        has_unexpected = has_unexpected || end == 0;
        if (bitmap.objectid == reached && bitmap.offset <= end - reached) {
            reached += bitmap.offset;
        }
    }
};

} // namespace

bool have_other_bitmaps(const survey::Findings& findings, const Filesystem& filesystem) {
    constexpr std::array causes = {ProblemCode::item_free_space, ProblemCode::free_space_missing,
                                   ProblemCode::free_space_count, ProblemCode::free_space_unfounded};
    const auto tree = filesystem.find_tree(btrfs::free_space_tree_id);
    if (!tree || std::ranges::none_of(causes, [&](ProblemCode code) { return findings.any(code); })) {
        return false;
    }
    Cursor cursor(filesystem.reader(), tree->block);
    Covered group;
    bool differ = false;
    for (bool there = cursor.seek(btrfs::Key::min()); there; there = cursor.next()) {
        const auto key = cursor.key();
        if (key.type == type::free_space_info) {
            differ = differ || !group.is_as_told();
            group.begin(key, view_at<btrfs::FreeSpaceInfo>(cursor.data()));
        } else if (key.type == type::free_space_bitmap) {
            group.add(key);
        }
    }
    return (differ || !group.is_as_told()) && !cursor.missed_items();
}

} // namespace btrkit::check
