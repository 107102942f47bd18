// SPDX-License-Identifier: MIT
// The verbs of btrkit-tune: their options and operands, for the command line and for lines of a script.
#pragma once

#include "apps/changing/change_verb.h"
#include "libfs/ops/tune/change.h"

namespace btrkit::apps {

/// Of all of them; each verb has some.
struct TuneFlags {
    std::vector<std::string> operands;
    std::string uuid;       ///< new-uuid; empty: a random one
    bool is_simple = false; ///< quota enable
};

using TuneVerb = ChangeVerb<TuneFlags, tune::Change>;

std::span<const TuneVerb> tune_verbs();

} // namespace btrkit::apps
