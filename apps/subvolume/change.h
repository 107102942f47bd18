// SPDX-License-Identifier: MIT
// The verbs of btrkit-subvolume that write, from their arguments to a commit.
#pragma once

#include "apps/common/io_layer.h"
#include "apps/subvolume/change_verbs.h"

namespace btrkit::apps {

/// One verb. arguments: what is behind it.
int run_change_verb(const SubvolumeVerb& verb, std::span<const std::string> arguments, Io& io);
/// -f FILE IMAGE: the commands of a script, in one commit. arguments: from -f on.
int run_change_script(std::span<const std::string> arguments, Io& io);

} // namespace btrkit::apps
