// SPDX-License-Identifier: MIT
// Opening what lies in a directory of the host, by paths of any length.
#pragma once

#include "libfs/base/error.h"
#include "libfs/base/unique_fd.h"

#include <string>
#include <string_view>

namespace btrkit::mkfs {

/// Opens path, which begins at the directory root, for reading, without touching its access time where that is
/// permitted; the last name of path is not followed. flags are added to open(2)'s. Empty where it fails, with errno
/// set.
UniqueFd open_below(int root, const std::string& path, int flags);

/// The io error of the last system call: "PATH: cannot DOING: why".
std::unexpected<Error> host_failure(const std::string& path, std::string_view doing);
/// The io error for what is no longer what it was.
std::unexpected<Error> changed_failure(const std::string& path);

} // namespace btrkit::mkfs
