// SPDX-License-Identifier: MIT
// Opening what lies in a directory of the host, by paths of any length.
#pragma once

#include "libfs/base/unique_fd.h"

#include <string>

namespace btrkit {

/// Opens path, which begins at the directory root, for reading, without touching its access time where that is
/// permitted; the last name of path is not followed. flags are added to open(2)'s. Empty where it fails, with errno
/// set.
UniqueFd open_below(int root, const std::string& path, int flags);

} // namespace btrkit
