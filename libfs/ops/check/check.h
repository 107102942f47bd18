// SPDX-License-Identifier: MIT
// Whether a filesystem is sound, and if not, what is wrong and whose it is. Reads only.
#pragma once

#include "libfs/base/run_context.h"
#include "libfs/fs/filesystem.h"
#include "libfs/ops/check/verdict.h"
#include "libfs/survey/findings.h"

namespace btrkit::check {

using namespace survey;

struct Options {
    bool check_data_csum = false; ///< read all copies of all data
    bool qgroups_only = false;    ///< the quota groups and nothing else
    u64 hash_seed = 0;            ///< draw it anew for each run
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
    Findings findings;
    Mountability mountability;

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
Report run(const Filesystem& filesystem, Findings opening, const Options& options, const RunContext& context);

} // namespace btrkit::check
