// SPDX-License-Identifier: MIT
// How reading from the host fails.
#pragma once

#include "libfs/base/error.h"

#include <string>
#include <string_view>

namespace btrkit::source {

/// The io error of the last system call: "PATH: cannot DOING: why".
std::unexpected<Error> host_failure(const std::string& path, std::string_view doing);
/// The io error for what is no longer what it was.
std::unexpected<Error> changed_failure(const std::string& path);

} // namespace btrkit::source
