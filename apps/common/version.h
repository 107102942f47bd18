// SPDX-License-Identifier: MIT
// What --version says.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace btrkit::apps {

/// "0.1.0"
std::string_view version();

/// "btrkit-check 0.1.0" and, on a second line, the libraries it was built with.
/// more: those that only this tool stands on, e.g. "zstd 1.5.4".
std::string version_text(std::string_view tool, std::span<const std::string> more);

/// Those that compress and decompress, for tools that do.
std::vector<std::string> compression_libraries();

} // namespace btrkit::apps
