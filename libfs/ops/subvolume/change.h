// SPDX-License-Identifier: MIT
// Subvolumes changed: several commands, one commit.
//
//  1. Begin a transaction: what must not be changed is refused here.
//  2. Do each command on what those before it have left. The first that fails ends it: nothing has happened then.
//  3. Commit (ops/commit): prove, save for undo, write. Not where all that was asked for is to clean up what is clean.
#pragma once

#include "libfs/edit/subvolume_editor.h"
#include "libfs/ops/commit/commit.h"
#include "libfs/ops/subvolume/command.h"

#include <functional>
#include <span>

namespace btrkit::subvolume {

struct ChangeOptions {
    commit::Options commit = {};
    TransactionOptions transaction = {};
    Time now = {};                         ///< what is made is dated
    std::function<btrfs::Uuid()> new_uuid; ///< for what is made without one of its own
};

struct ChangeReport {
    commit::Report commit;
    /// Of each command the subvolume that it has made, changed or deleted; 0 where it is about the whole filesystem.
    std::vector<u64> trees;
    /// By Sync: what waited to be cleaned up and is gone.
    std::vector<u64> cleaned_up = {};
};

/// The devices are the filesystem's, by devid. Fails with usage, not_found, refused or unsupported, naming the line of
/// the command if it has one, and as Transaction::begin() and commit::run().
Result<ChangeReport> run(const Filesystem& filesystem, const WritableDevices& devices,
                         std::span<const Command> commands, const ChangeOptions& options, const RunContext& context);

} // namespace btrkit::subvolume
