// SPDX-License-Identifier: MIT
// What the parts of a check share, beside what every survey shares.
#pragma once

#include "libfs/base/range_set.h"
#include "libfs/ops/check/check.h"
#include "libfs/survey/survey.h"

#include <map>

namespace btrkit::check {

/// A block group item, from the extent tree or the block group tree.
struct BlockGroupRecord {
    u64 start = 0;
    u64 length = 0;
    u64 flags = 0;
    u64 used_bytes = 0;
    Place place;
};

/// What the extent tree says about space.
struct SpaceFacts {
    /// What extents occupy. Not what superblocks do: the kernel counts those as neither free nor used.
    RangeSet allocated;
    RangeSet data; ///< those of them that hold data
    /// Data that should have checksums if anything reads it through a file with checksums, but has none.
    RangeSet data_without_csum;
    bool knows_csums = false;               ///< data_without_csum is all that there is to know
    std::map<u64, u64> used_bytes_of_chunk; ///< by the chunk's logical start
    std::vector<BlockGroupRecord> block_groups;
    /// False: chunks were lost, and what lies in none that is known may lie in one of them. Known after
    /// check_devices().
    bool chunks_complete = true;
};

/// A directory entry that leads to another subvolume.
struct SubvolumeEntry {
    Logical leaf;
    u64 owner = 0; ///< of the leaf
    u64 dirid = 0;
    u64 index = 0; ///< 0: it is a DIR_ITEM
    u64 child = 0;
    std::string name;
};

struct Context : survey::Survey {
    const Options& options;

    SpaceFacts space = {};
    u64 file_count = 0;                                 ///< inodes in distinct leaves
    u64 verified_bytes = 0;                             ///< of data, whose checksums were compared
    std::vector<SubvolumeEntry> subvolume_entries = {}; ///< of leaves in their owners' trees
    std::vector<QgroupCount> qgroups = {};
};

} // namespace btrkit::check
