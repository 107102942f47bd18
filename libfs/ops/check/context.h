// SPDX-License-Identifier: MIT
// What all parts of a check share: the filesystem, the findings, and what one part learns for the next.
#pragma once

#include "libfs/base/ordered_pipeline.h"
#include "libfs/base/progress.h"
#include "libfs/base/stop.h"
#include "libfs/fs/filesystem.h"
#include "libfs/ops/check/check.h"
#include "libfs/ops/check/range_set.h"
#include "libfs/ops/check/references.h"
#include "libfs/ops/check/roots.h"
#include "libfs/ops/check/sparse_bits.h"

#include <set>

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
    /// Addresses whose extent items were lost with blocks of the extent tree: nothing is known of them.
    RangeSet unknown;
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

struct Context {
    const Filesystem& filesystem;
    const Options& options;
    Parallelism parallelism;
    ProgressSink& progress;
    const StopToken& stop;
    Findings& findings;

    SpaceFacts space = {};
    Roots roots = {};
    ReferenceSums references;
    std::set<btrfs::Key> scanned_trees; ///< by the key of their root item; only of trees that share nothing
    SparseBits visited;                 ///< tree blocks that were seen, by address in sectors
    SparseBits full_backref;       ///< tree blocks whose extent item says that references of their children name them
    SparseBits alone;              ///< tree blocks of trees that share nothing
    SparseBits shared;             ///< tree blocks with more than one reference
    SparseBits referred_by_owner;  ///< tree blocks that their owner's tree refers to
    SparseBits referred_by_others; ///< tree blocks that must be among those, for their children belong to their owner
    u64 block_count = 0;           ///< distinct tree blocks so far
    u64 rescanned_count = 0;       ///< tree blocks that were looked at once more
    u64 file_count = 0;            ///< inodes in distinct leaves
    u64 verified_bytes = 0;        ///< of data, whose checksums were compared
    std::vector<SubvolumeEntry> subvolume_entries; ///< of all distinct leaves
    std::vector<QgroupCount> qgroups;
    bool lost_blocks = false; ///< some tree block can't be read: what it referred to is not known

    const Geometry& geometry() const { return filesystem.geometry(); }
};

} // namespace btrkit::check
