// SPDX-License-Identifier: MIT
#include "libfs/ops/edit_files/change.h"

#include "libfs/ops/edit_files/verbs.h"

#include <fmt/format.h>

namespace btrkit::edit_files {

Result<commit::Report> run(const Filesystem& filesystem, const WritableDevices& devices,
                           std::span<const Command> commands, const ChangeOptions& options, const RunContext& context) {
    BTRKIT_TRY_ASSIGN(auto transaction, Transaction::begin(filesystem, options.transaction));
    Verbs verbs(transaction, options, context);
    for (const auto& command : commands) {
        if (context.stop.stop_requested()) {
            return fail(ErrorKind::cancelled, "stopped; nothing was changed");
        }
        if (const auto done = std::visit(verbs, command.change); !done) {
            const auto line = command.line == 0 ? "" : fmt::format("line {}: ", command.line);
            return fail(done.error().kind, line + done.error().message);
        }
        BTRKIT_TRY(transaction.relieve());
    }
    return commit::run(transaction, devices, options.commit, context);
}

} // namespace btrkit::edit_files
