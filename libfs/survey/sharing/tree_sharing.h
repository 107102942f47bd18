// SPDX-License-Identifier: MIT
// Which subvolumes reach how many bytes, alone and together.
#pragma once

#include "libfs/survey/sharing/shared_extents.h"
#include "libfs/survey/survey.h"

#include <functional>
#include <map>

namespace btrkit::survey {

/// What was found on the way through all subvolumes.
struct Sharing {
    std::vector<u64> bytes; ///< by set of subvolumes: what exactly these reach, tree blocks and data
    /// By the subvolume that wrote it: tree blocks from Wish::oldest on.
    std::map<u64, u64> block_bytes_of_owner;
    std::string gap;       ///< not empty: why the numbers are worth nothing
    bool has_lost = false; ///< blocks that can't be read: what only they lead to is not told
};

/// A subvolume and its number in the sets.
struct NumberedRoot {
    const RootRecord* record = nullptr;
    u32 number = 0;
};

struct SharingWish {
    bool data = true;   ///< or tree blocks only
    bool leaves = true; ///< they are read; without it data is not told either, and owners are those of nodes
    /// Where a block is lost, the rest is measured all the same. Sharing::has_lost says so, instead of a gap.
    bool past_damage = false;
    u64 oldest = 0; ///< generation from which on blocks count for their owners
    /// Where not null: is told each extent once, with all that reach it, in one thread.
    std::function<void(const SharedExtent& extent, u64 length_bytes)> visit = {};
};

/// Reads each distinct block of the subvolumes once, level by level from the top: by the time that a block is read, all
/// its parents have said who reaches it. (Leaves are read again, window by window, where the data extents or the leaves
/// themselves are too many for the memory.)
Sharing measure_sharing(Survey& survey, std::span<const NumberedRoot> roots, RootSets& sets, const SharingWish& wish);

} // namespace btrkit::survey
