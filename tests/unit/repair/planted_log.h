// SPDX-License-Identifier: MIT
// A log that waits, made of what an edit has changed: the old superblocks stand again, and lead to the log.
#pragma once

#include "libfs/ops/edit_files/change.h"
#include "libfs/volume/superblock_writer.h"
#include "tests/support/filesystem_portrait.h"
#include "tests/unit/repair/repair_bench.h"

#include <map>

namespace btrkit::test {

std::vector<SuperblockImage> superblocks_of(const RepairBench& bench);

/// What a log would have if everything had been synced.
RepairBench::Items log_of_all(const RepairBench& bench);
/// What it would have if that inode alone had been synced: neither directories nor other inodes.
RepairBench::Items log_of_one(const RepairBench& bench, u64 inode);

struct Logged {
    RepairBench bench;
    TreeListing wanted; ///< what the edit made
    std::map<u64, Block> log_blocks;
};

using MakeLog = std::function<RepairBench::Items(const RepairBench& edited)>;

Logged logged(const std::vector<edit_files::Change>& changes, const MakeLog& make_log);

} // namespace btrkit::test
