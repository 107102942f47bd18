// SPDX-License-Identifier: MIT
#include "libfs/ops/commit/without_deleted.h"

#include "libfs/edit/deleted_subvolumes.h"
#include "libfs/ops/commit/proof.h"

namespace btrkit::commit {

Result<WithoutDeleted> without_deleted(const Filesystem& filesystem, const WritableDevices& devices,
                                       const TransactionOptions& transaction, const Options& options,
                                       const RunContext& context) {
    WithoutDeleted changed;
    BTRKIT_TRY_ASSIGN(changed.deleted, deleted_subvolumes(filesystem));
    if (changed.deleted.empty()) {
        return changed;
    }
    if (!options.undo_path.empty()) {
        return fail(ErrorKind::refused,
                    "deleted subvolumes wait to be cleaned up, which takes a commit of its own, and "
                    "undo reaches back over one; run 'btrkit-subvolume sync' first");
    }
    BTRKIT_TRY_ASSIGN(changed.transaction, Transaction::begin(filesystem, transaction));
    BTRKIT_TRY(finish_deletions(*changed.transaction, changed.deleted));
    if (options.is_dry_run) {
        BTRKIT_TRY_ASSIGN(auto proposed, propose(*changed.transaction, options, context));
        changed.report = std::move(proposed.report);
        BTRKIT_TRY_ASSIGN(changed.filesystem, open_proposed(proposed.proposal));
        return changed;
    }
    BTRKIT_TRY_ASSIGN(changed.report, run(*changed.transaction, devices, options, context));
    changed.transaction.reset();
    BTRKIT_TRY_ASSIGN(changed.filesystem, open_again(devices));
    return changed;
}

Result<WithoutDeleted> look_without_deleted(const Filesystem& filesystem, const TransactionOptions& transaction,
                                            const RunContext& context) {
    return without_deleted(filesystem, {}, transaction, {.is_dry_run = true, .is_proven = false}, context);
}

} // namespace btrkit::commit
