// SPDX-License-Identifier: MIT
// A directory of the host as the source of a filesystem.
#pragma once

#include "libfs/base/parallelism.h"
#include "libfs/ops/source/source_tree.h"

#include <string>

namespace btrkit::source {

/// All that is below the directory path, which itself becomes the top, settled. Mounts are crossed, symlinks (but path
/// itself) are not followed, and of special files nothing is opened. Files with several names are one inode. Inodes
/// stand in the order of settle()'s walk, whatever the order that the host hands names out in.
/// Fails with io, naming the path (the first of them in that order), where anything can't be read.
Result<SourceTree> read_directory(const std::string& path, Parallelism parallelism);

/// One file, symlink or special file of the host: the only entry of the top, under its own name. Fails with io, naming
/// the path, and with usage where it is a directory.
Result<SourceTree> read_file(const std::string& path);

} // namespace btrkit::source
