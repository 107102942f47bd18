// SPDX-License-Identifier: MIT
// A handful of files, or a piece of a large one: what is read, compressed, checksummed and written as one job.
#pragma once

#include "libfs/ops/mkfs/files/file_tree_writer.h"

namespace btrkit::mkfs {

/// File data that a batch holds, about.
inline constexpr std::size_t batch_bytes = std::size_t{1} << 20;
/// Inodes that a batch holds at most.
inline constexpr std::size_t batch_steps = 2048;

/// The beginning of an inode, a range of its data or of its holes, or the first two.
struct Step {
    u32 source_inode = 0;
    bool begins_inode = false;
    bool is_hole = false;
    bool is_inline = false; ///< the whole file, to stand in the tree
    u64 file_offset = 0;
    u64 length = 0;                     ///< of a hole: in whole sectors; of data: as far as the file goes
    std::size_t plain_offset = 0;       ///< of its data in Batch::plain, in whole sectors
    u64 nbytes = 0;                     ///< of a begun inode: what stat counts as occupied
    std::vector<std::byte> inline_data; ///< as it is stored
    btrfs::Compression inline_compression = btrfs::Compression::none;
};

/// Bytes that become one extent, or several where no space is that large.
struct DataRun {
    std::size_t step = 0;
    std::size_t offset = 0; ///< in Batch::stored
    u64 stored_bytes = 0;
    u64 plain_bytes = 0;
    u64 file_offset = 0;
    btrfs::Compression compression = btrfs::Compression::none;
    bool has_csums = true;
    std::size_t csums_offset = 0; ///< in Batch::csums
};

/// Where a part of a run was put.
struct PlacedRun {
    StoredPiece piece;
    std::size_t step = 0;
    std::size_t offset = 0; ///< in Batch::stored
    std::size_t csums_offset = 0;
    std::size_t csums_length = 0; ///< 0: it has none
};

struct Batch {
    std::vector<Step> steps;
    std::size_t plain_bytes = 0;
    std::vector<std::byte> plain;  ///< file data, sector by sector
    std::vector<std::byte> packed; ///< what is stored, where that differs
    bool is_packed = false;
    std::vector<DataRun> runs;
    std::vector<PlacedRun> placed;
    std::vector<std::byte> csums; ///< of all runs that have them
    u64 source_bytes = 0;         ///< file bytes in it, for progress
    Result<void> status;          ///< the first thing that went wrong

    Bytes stored() const { return is_packed ? Bytes(packed) : Bytes(plain); }
};

} // namespace btrkit::mkfs
