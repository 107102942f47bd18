// SPDX-License-Identifier: MIT
// What is wrong with a filesystem and follows from the rest of it is put right: on paper, proven, in one commit.
//
//  1. Check the filesystem. Nothing but notes: that is all.
//  2. Mend blocks of which one value is wrong, in a view of the filesystem (blocks/), replace those that are lost
//  (lost/)
//     and lead to roots that nothing leads to (roots/), and check that: what is left is what is planned for (ground.h).
//  3. Plan: of each finding, whether there is a fix for it (repair_table.h), how sure that is, and whether it is wanted
//     (plan.h). Nothing at all where what is in use can't be known: a commit could take space that somebody has.
//  4. Make the fixes in a transaction, above the devices (make_fixes.h): space and extents first (space/, extents/),
//     then superblocks and devices, then what trees say (names/, inodes/, subvolumes/). What a part declines (round.h)
//     is asked of the next row of its code, or stays.
//  5. Check what comes of it, as users do (judge.h): none of the findings that were aimed at may be left, and no other
//     kind may have become more. Kinds of fixes that don't do what they should leave the plan, and 4 begins again.
//  6. Commit (ops/commit): undo file, blocks, superblocks.
//  7. Tell what is left.
#pragma once

#include "libfs/fs/inode.h"
#include "libfs/ops/commit/commit.h"
#include "libfs/ops/repair/log/logged_inodes.h"
#include "libfs/ops/repair/repair_table.h"

#include <set>

namespace btrkit::repair {

/// What becomes of a log that waits.
enum class WaitingLog {
    refused,  ///< nothing is done where there is one
    replayed, ///< what it has becomes a part of the filesystem
    dropped   ///< what it has goes
};

struct Options {
    std::set<Grade> allowed = {Grade::proven};
    std::set<ProblemCode> allowed_codes = {}; ///< whatever their grade
    WaitingLog log = WaitingLog::refused;
    Time now = {}; ///< what is made that was not there is dated so
};

/// A finding that is not a note, and what becomes of it.
struct Fix {
    survey::Finding finding;
    const RepairRow* row = nullptr; ///< null: there is no fix
    std::string why_not = {};       ///< why it is left as it is; empty: it is fixed
    bool is_gone = false;           ///< it was left, and goes with what else is repaired
    bool is_made() const { return why_not.empty(); }
};

struct Report {
    std::vector<Fix> plan; ///< all findings that are not notes
    /// What the log has that is, or would be, replayed or dropped; nothing: there is none, or nothing is done about it.
    std::optional<LoggedInodes> log = {};
    commit::Report commit; ///< not committed where nothing was to be done, or on a dry run
    u64 left_count = 0;    ///< errors that are left, or would be
    u64 fixed_count = 0;   ///< those that are gone, or would be
    bool has_fixes() const { return fixed_count > 0; }
};

/// The devices are those of the filesystem, by devid. Fails as Transaction::begin() does where the filesystem must not
/// be written, and as commit::run().
Result<Report> run(const Filesystem& filesystem, const WritableDevices& devices, const Options& options,
                   const TransactionOptions& transaction, const commit::Options& commit, const RunContext& context);

} // namespace btrkit::repair
