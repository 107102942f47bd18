// SPDX-License-Identifier: MIT
#include "libfs/ops/edit_files/change.h"

#include "libfs/ops/commit/do_commands.h"
#include "libfs/ops/edit_files/verbs.h"

namespace btrkit::edit_files {

Result<commit::Report> run(const Filesystem& filesystem, const WritableDevices& devices,
                           std::span<const Command> commands, const ChangeOptions& options, const RunContext& context) {
    BTRKIT_TRY_ASSIGN(
        auto transaction,
        Transaction::begin(filesystem, commit::with_data_at_once(options.transaction, devices, options.commit)));
    Verbs verbs(transaction, options, context);
    BTRKIT_TRY(commit::do_commands(transaction, commands, context,
                                   [&](const Change& change) { return std::visit(verbs, change); }));
    return commit::run(transaction, devices, options.commit, context);
}

} // namespace btrkit::edit_files
