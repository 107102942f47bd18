// SPDX-License-Identifier: MIT
// A new filesystem, empty or filled, on devices that hold nothing worth keeping.
//
// First plan(): everything is decided and proven to fit, and nothing is written. Then write(). Together they do this,
// in this order:
//
//  1. plan(): settle features, profiles and sizes from the requests; refuse what contradicts.
//  2. Decide which trees there are, and the number of each inode, from the source tree.
//  3. Rehearse: build the whole image into nothing, from the sizes of files alone, to know what it takes at most.
//  4. Lay chunks out on the devices so that it fits.
//  5. Where the content is to be compressed, and it did not fit or is to be as small as can be: rehearse again, reading
//     and compressing all files, and lay out again. If it does not fit, say how many bytes are missing.
//  6. write(): erase old superblocks and flush; give the space back; clear what other filesystems, partition tables and
//     RAID keep their marks in.
//  7. Build the file trees, one after the other: read, compress, checksum and write data, write tree blocks.
//  8. Build the checksum tree, then the small trees, the device tree and the chunk tree.
//  9. Build the trees that tell where all blocks lie (block groups, free space, extents, roots) into nothing until what
//     they say of themselves is true, then for real.
// 10. Write the parity of what was written, in raid5 and raid6.
// 11. Flush; write the primary superblocks, flush, read them back; then the mirrors likewise.
#pragma once

#include "libfs/ops/mkfs/image/image_builder.h"

namespace btrkit::mkfs {

/// How large the devices are to be used.
enum class Sizing {
    given, ///< as they are
    least, ///< as little of them as the content needs
};

struct PlanOptions {
    Requests requests;
    Sizing sizing = Sizing::given;
    u64 slack_bytes = 0;           ///< with Sizing::least: free space on each device beyond that
    std::vector<u64> device_sizes; ///< one each; 0 with Sizing::least: without bound
};

/// What a plan counts.
struct Totals {
    u64 inode_count = 0;
    u64 subvolume_count = 0; ///< the top-level tree not counted
    u64 file_bytes = 0;      ///< data of files, holes not counted
    u64 data_bytes = 0;      ///< space that data takes, without copies
    u64 metadata_bytes = 0;
    bool is_exact = true; ///< false: compression may make data_bytes and metadata_bytes smaller
};

struct Plan {
    Parameters parameters;
    std::unique_ptr<TreePlan> trees; ///< refers to the source tree
    Layout layout;
    Totals totals;
    std::vector<std::string> warnings;
};

/// source must be settled and outlive the plan. Fails with usage where the requests contradict, where names or
/// attributes don't fit the format, where a device is too small (naming the bytes that are missing) or all are too
/// large, and with io where the source can't be read.
Result<Plan> plan(const SourceTree& source, const PlanOptions& options, const RunContext& context);

struct WriteOptions {
    bool share_blocks = false; ///< let the host share blocks between source and image; needs no compression
    bool discard = true;       ///< give all space of the devices back first
    bool wipe_end = true;      ///< clear what may stand at the devices' ends (RAID and partition tables)
};

struct Report {
    Layout layout;
    u64 used_bytes = 0;
    u64 data_bytes = 0;
    u64 metadata_bytes = 0;
    u64 extent_count = 0;
};

/// Writes what was planned to devices of the planned sizes (or larger), in the order of their devids. Whatever they
/// held is lost from the start. Superblocks come last, behind a flush: before that, nothing on them mounts.
Result<Report> write(const Plan& plan, std::span<WritableDevice* const> devices, const WriteOptions& options,
                     const RunContext& context);

} // namespace btrkit::mkfs
