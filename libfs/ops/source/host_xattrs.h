// SPDX-License-Identifier: MIT
// Extended attributes of what lies in a directory of the host.
#pragma once

#include "libfs/ops/source/source_tree.h"

#include <string>
#include <vector>

namespace btrkit::source {

/// All extended attributes of path, sorted by name; of a symlink its own. shown_as is what errors call it. None where
/// the filesystem has none; those that vanish meanwhile are left out.
Result<std::vector<Xattr>> read_host_xattrs(const std::string& path, const std::string& shown_as);

} // namespace btrkit::source
