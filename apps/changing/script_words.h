// SPDX-License-Identifier: MIT
// Scripts: one command a line, as behind the tool but without the image.
//
// Words are parted by spaces and tabs. '...' keeps all between as it is; "..." all but \" and \\; outside of quotes a
// backslash keeps the next character. A # that begins a word begins a comment. A line ends at its newline, in quotes
// too.
#pragma once

#include "libfs/base/error.h"

#include <string_view>
#include <vector>

namespace btrkit::apps {

/// Fails with usage where quotes don't end, or a backslash has nothing behind it.
Result<std::vector<std::string>> words_of_line(std::string_view line);

/// The text of a script; of standard input where the path is "-".
Result<std::string> read_script(const std::string& path);

} // namespace btrkit::apps
