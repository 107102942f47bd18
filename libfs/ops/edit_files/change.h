// SPDX-License-Identifier: MIT
// Files changed: several commands, one commit.
//
//  1. Begin a transaction: what must not be changed is refused here.
//  2. Do each command on what those before it have left. The first that fails ends it: nothing has happened then.
//  3. Commit (ops/commit): prove, save for undo, write.
#pragma once

#include "libfs/ops/commit/commit.h"
#include "libfs/ops/edit_files/command.h"

#include <span>

namespace btrkit::edit_files {

struct ChangeOptions {
    commit::Options commit = {};
    TransactionOptions transaction = {};
    Time now = {};                              ///< what is made or changed is dated
    std::optional<std::int64_t> latest_mtime{}; ///< SOURCE_DATE_EPOCH: what is put is not younger
    std::string spool_directory;                ///< where archives are unpacked
};

/// The devices are the filesystem's, by devid. Fails with usage, not_found, refused, unsupported or io, naming the line
/// of the command if it has one, and the path; and as Transaction::begin() and commit::run().
Result<commit::Report> run(const Filesystem& filesystem, const WritableDevices& devices,
                           std::span<const Command> commands, const ChangeOptions& options, const RunContext& context);

} // namespace btrkit::edit_files
