// SPDX-License-Identifier: MIT
// What the world outside gives to a verb. Each verb (libfs/ops/) has the same face: run(inputs..., options, context)
// returns a Report. Options say what the user asked for, the Report says what came out, and the RunContext is declared
// here, once. What only one verb needs of the world (scrub's checkpoint, send's change list) are its Hooks.
//
// One rule about a stop: a verb looks at `stop` between two pieces of work, and ends soon after it says so. A verb
// whose half-done work counts (check, scrub) returns a Report that says that it was stopped, and tells what it has
// found. All others fail with ErrorKind::cancelled.
#pragma once

#include "libfs/base/parallelism.h"
#include "libfs/base/problem.h"
#include "libfs/base/progress.h"
#include "libfs/base/stop.h"

namespace btrkit {

/// Made without arguments: one thread, nobody watches, nobody stops it. What it refers to outlives the verb.
struct RunContext {
    Parallelism parallelism = {};
    Progress progress = {};
    StopToken stop = {};
    /// About what check and scrub may take. What other verbs take does not depend on it, nor does any result.
    u64 memory_bytes = u64{256} << 20;
    /// Told of damage that the verb could read past, where its Report has no place for it (dump-tree, send). Empty:
    /// nobody wants to know.
    ProblemSink problems = {};

    void tell(const Problem& problem) const {
        if (problems) {
            problems(problem);
        }
    }
};

} // namespace btrkit
