// SPDX-License-Identifier: MIT
// How a transaction becomes the filesystem. Every verb that writes ends with this.
//
//  1. Propose: the transaction brings its accounts into the trees.
//  2. Prove: read the proposed filesystem, as any reader would, with the check that users run. Whatever is wrong there
//     and was not wrong before refuses the commit.
//  3. Save what will be overwritten, the superblocks, in an undo file, if one is wanted; it lasts before anything is
//     written.
//  4. Make sure that the devices still hold the filesystem that the transaction began with.
//  5. Write the new blocks, into space that is free in the old filesystem. Flush all devices; superblocks; flush;
//     mirrors; flush (SuperblockWriter).
//
// Whatever fails or is interrupted before the first superblock, the old filesystem stands, and nothing of it has
// changed.
#pragma once

#include "libfs/base/run_context.h"
#include "libfs/survey/findings.h"
#include "libfs/txn/transaction.h"

#include <functional>

namespace btrkit::commit {

struct Options {
    bool is_dry_run = false; ///< all but steps 3 to 5
    bool is_proven = true;
    /// Takes the place of the proof's own judgement: told all that the check finds in the proposed filesystem. What it
    /// fails with refuses the commit. Empty: whatever was not there before refuses it.
    std::function<Result<void>(const survey::Findings& proposed)> judge = {};
    std::string undo_path = {}; ///< empty: no undo file
};

/// For a verb that writes data of files: it goes to the devices at once, unless nothing is to be written.
inline TransactionOptions with_data_at_once(TransactionOptions transaction, const WritableDevices& devices,
                                            const Options& options) {
    transaction.data_devices = options.is_dry_run ? nullptr : &devices;
    return transaction;
}

struct Report {
    u64 old_generation = 0;
    u64 new_generation = 0;
    u64 block_bytes = 0;                ///< of new tree blocks, one copy of each
    std::int64_t used_bytes_change = 0; ///< of the filesystem, one copy of everything
    bool is_committed = false;
    survey::Findings proof = {}; ///< what is wrong with the proposed filesystem and was not before; empty but in errors
};

/// Of a verb that commits several times: all commits as one.
inline Report together(const Report& earlier, Report last) {
    last.old_generation = earlier.old_generation;
    last.block_bytes += earlier.block_bytes;
    last.used_bytes_change += earlier.used_bytes_change;
    return last;
}

/// What the first two steps come to.
struct Proposed {
    Proposal proposal;
    Report report;
};

/// The first two steps alone. Fails with refused where the proof finds anything, and with damaged and cancelled.
Result<Proposed> propose(Transaction& transaction, const Options& options, const RunContext& context);

/// The devices are those of the transaction's filesystem, by devid. Fails with refused where the proof finds anything,
/// or the devices have changed meanwhile; with no_space, damaged, cancelled and io: then, unless the message says
/// otherwise, the old filesystem stands as it was.
Result<Report> run(Transaction& transaction, const WritableDevices& devices, const Options& options,
                   const RunContext& context);

/// The filesystem once more, as it was committed last: for verbs that commit several times. The devices must outlive
/// it. problems: told what opening finds.
Result<Filesystem> open_again(const WritableDevices& devices, const ProblemSink& problems = [](const Problem&) {});

} // namespace btrkit::commit
