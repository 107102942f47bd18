// SPDX-License-Identifier: MIT
// What the verbs do with the commands of a script before they commit.
#pragma once

#include "libfs/base/run_context.h"
#include "libfs/txn/transaction.h"

#include <fmt/format.h>

namespace btrkit::commit {

/// Does one command after the other on what those before it have left. Command: {change, line of the script or 0}.
/// do_one takes a change and returns Result<void>. The first that fails ends it, and its line is named; so does the
/// wish to stop, with cancelled.
template <class Command, class DoOne>
Result<void> do_commands(Transaction& transaction, std::span<const Command> commands, const RunContext& context,
                         DoOne do_one) {
    for (const auto& command : commands) {
        if (context.stop.stop_requested()) {
            return fail(ErrorKind::cancelled, "stopped; nothing was changed");
        }
        if (const Result<void> done = do_one(command.change); !done) {
            const auto line = command.line == 0 ? "" : fmt::format("line {}: ", command.line);
            return fail(done.error().kind, line + done.error().message);
        }
        BTRKIT_TRY(transaction.relieve());
    }
    return {};
}

} // namespace btrkit::commit
