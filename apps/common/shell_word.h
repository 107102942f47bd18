// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace btrkit::apps {

/// The word as a POSIX shell takes it: in quotes where it needs them. For commands that messages show ready to paste.
std::string shell_word(const std::string& word);

} // namespace btrkit::apps
