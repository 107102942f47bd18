// SPDX-License-Identifier: MIT
// Scripts of btrkit-subvolume: the verbs that change, one a line.
#pragma once

#include "apps/changing/script_words.h"
#include "libfs/ops/subvolume/command.h"

namespace btrkit::apps {

/// Fails with usage, naming the line: "line 3: ...". Nothing of a script is done where any of it is wrong.
Result<std::vector<subvolume::Command>> parse_script(std::string_view text);

} // namespace btrkit::apps
