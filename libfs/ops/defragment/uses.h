// SPDX-License-Identifier: MIT
// Who refers to which part of which extent, and what stands side by side in files: all that decides what may be joined.
//
// Every distinct block of all subvolumes is looked at once. What stands side by side in a leaf does so for all who
// share the leaf; what does so over the border of two leaves is noted at each distinct node that has both below it.
#pragma once

#include "libfs/ops/defragment/data_extents.h"

namespace btrkit::defragment {

/// An item of a file: the part of an extent that it shows.
struct Use {
    u32 extent = 0;
    u32 file = 0; ///< number; another one wherever another file begins
    u64 begin = 0;
    u64 end = 0;
};

/// Something was seen side by side in a file: where an extent's part ends, and what begins there. With none instead of
/// an extent: nothing is before, or behind.
struct Joint {
    u32 left = DataExtents::none;
    u32 right = DataExtents::none;
    u64 left_end = 0;
    u64 right_begin = 0;
};

/// A file as the scan came to it: of those that share leaves, the first one.
struct SeenFile {
    u64 tree = 0;
    u64 inode = 0;
};

struct Uses {
    std::vector<Use> uses; ///< in the order of subvolumes and files
    std::vector<Joint> joints;
    std::vector<SeenFile> files; ///< by their numbers
    u64 leaf_count = 0;          ///< distinct ones
    u64 far_leaf_count = 0;      ///< that don't stand behind the leaf before
};

/// Of all subvolumes, in that order. Notes in `extents` what items say of them. Fails with damaged where a block can't
/// be proven, and with cancelled.
Result<Uses> find_uses(const Filesystem& filesystem, std::span<const TreeRoot> subvolumes, DataExtents& extents,
                       const RunContext& context);

} // namespace btrkit::defragment
