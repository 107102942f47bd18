// SPDX-License-Identifier: MIT
// Whether a filesystem is sound, and if not, what is wrong and whose it is. Reads only.
//
// run() does this, in this order (the table of phases in check.cpp); each step stands on what those before it have
// learnt, and every distinct tree block is read by one of them. With Options::qgroups_only only 1, 2, 10 and 15 to 17.
//
//  1. Scan the chunk tree and the device tree; compare them with each other, the superblocks and the devices.
//  2. Scan the root tree: learn all other trees.
//  3. Scan the extent tree: learn what is allocated, and take its references out of the sums.
//  4. Compare the block groups with the chunks and with what is allocated.
//  5. Scan the checksum tree; learn which data has no checksums.
//  6. Compare the recorded free space (tree or cache) with what is not allocated.
//  7. Compare the raid stripe tree with the data, where there is one.
//  8. Scan the file trees: inodes, names and extents, put together file by file. Their references go into the sums.
//  9. Compare the subvolumes: references in both directions, entries, orphans, the uuid tree.
// 10. Scan the quota tree; count what each group should have, where its numbers claim to be right.
// 11. Scan the trees that no other step has come to.
// 12. Compare the sums of references; where they differ, find out which references do.
// 13. Read the logs that wait to be replayed.
// 14. With Options::check_data_csum: read all copies of all data, and compare checksums.
// 15. Name the subvolumes and files that the findings concern.
// 16. Judge what a kernel will do with the filesystem.
// 17. Fill in the Report. After a stop, steps that had not begun are left out; 16 and 17 never are.
#pragma once

#include "libfs/base/run_context.h"
#include "libfs/fs/filesystem.h"
#include "libfs/ops/check/verdict.h"
#include "libfs/survey/findings.h"

namespace btrkit::check {

struct Options {
    bool check_data_csum = false;         ///< read all copies of all data
    bool qgroups_only = false;            ///< the quota groups and nothing else
    KernelVersion kernel = newest_kernel; ///< whose mount is judged
    u64 hash_seed = 0;                    ///< draw it anew for each run
};

/// Numbers that a qgroup has and that it should have.
struct QgroupCount {
    u64 id = 0;
    u64 referenced_bytes = 0;
    u64 exclusive_bytes = 0;
    u64 counted_referenced_bytes = 0; ///< as found in the trees
    u64 counted_exclusive_bytes = 0;
};

struct Report {
    survey::Findings findings;
    Mountability mountability;
    std::vector<Mountability> other_kernels; ///< those of all_kernels that do something else

    u64 block_count = 0; ///< distinct tree blocks
    u64 tree_bytes = 0;  ///< what they take, one copy of each
    u64 data_bytes = 0;  ///< what data extents take, one copy of each
    u64 subvolume_count = 0;
    u64 file_count = 0;     ///< inodes in distinct leaves
    u64 verified_bytes = 0; ///< of data, each copy counted, whose checksums were compared
    std::vector<QgroupCount> qgroups;
    bool stopped = false; ///< the user stopped it: what is not found may be there
};

/// Checks everything. opening: what opening the filesystem found.
Report run(const Filesystem& filesystem, survey::Findings opening, const Options& options, const RunContext& context);

} // namespace btrkit::check
