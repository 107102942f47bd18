// SPDX-License-Identifier: MIT
// Scripts: one command a line, as behind btrkit-subvolume but without the image.
//
// Words are parted by spaces and tabs. '...' keeps all between as it is; "..." all but \" and \\; outside of quotes a
// backslash keeps the next character. A # that begins a word begins a comment. A line ends at its newline, in quotes
// too.
#pragma once

#include "libfs/base/error.h"
#include "libfs/ops/subvolume/command.h"

#include <string_view>

namespace btrkit::apps {

/// Fails with usage where quotes don't end, or a backslash has nothing behind it.
Result<std::vector<std::string>> words_of_line(std::string_view line);

/// Fails with usage, naming the line: "line 3: ...". Nothing of a script is done where any of it is wrong.
Result<std::vector<subvolume::Command>> parse_script(std::string_view text);

} // namespace btrkit::apps
