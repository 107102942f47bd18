// SPDX-License-Identifier: MIT
// Paths from names that were gathered on the way up.
#pragma once

#include <ranges>
#include <string>
#include <vector>

namespace btrkit::source {

/// names, the last first, parted by '/'; "." for none.
inline std::string path_from_below(const std::vector<const std::string*>& names) {
    std::string path;
    for (const std::string* name : std::views::reverse(names)) {
        path += path.empty() ? "" : "/";
        path += *name;
    }
    return path.empty() ? "." : path;
}

} // namespace btrkit::source
