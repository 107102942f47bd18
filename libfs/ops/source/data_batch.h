// SPDX-License-Identifier: MIT
// A handful of files, or a piece of a large one: what is read, compressed, checksummed and written as one job.
#pragma once

#include "libfs/edit/data_packer.h"
#include "libfs/edit/file_item_writer.h"

namespace btrkit::source {

/// File data that a batch holds, about.
inline constexpr std::size_t batch_bytes = std::size_t{1} << 20;
/// Inodes that a batch holds at most.
inline constexpr std::size_t batch_steps = 2048;

/// The beginning of an inode, a range of its data or of its holes, or the first two.
struct Step {
    u32 source_inode = 0;
    bool begins_inode = false;
    u64 nbytes = 0;                        ///< of a begun inode: what stat counts as occupied
    std::optional<std::size_t> piece = {}; ///< its data: which of Batch::data's
    u64 hole_offset = 0;
    u64 hole_length = 0; ///< in whole sectors; 0: no hole
};

/// Where a part of a run was put.
struct PlacedRun {
    StoredPiece stored;
    std::size_t piece = 0;
    std::size_t offset = 0; ///< in what is stored
    std::size_t csums_offset = 0;
    std::size_t csums_length = 0; ///< 0: it has none
};

struct Batch {
    std::vector<Step> steps;
    DataBatch data;
    std::vector<u32> piece_sources; ///< of which source inode each piece is
    std::vector<PlacedRun> placed;
    u64 source_bytes = 0; ///< file bytes in it, for progress
    Result<void> status;  ///< the first thing that went wrong
};

} // namespace btrkit::source
