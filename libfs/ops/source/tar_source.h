// SPDX-License-Identifier: MIT
// A tar archive as the source of a filesystem.
#pragma once

#include "libfs/ops/source/source_tree.h"

#include <string>

namespace btrkit::source {

/// All that is in the archive at path ("-": standard input, read to its end), settled. Any tar that libarchive reads,
/// packed in any way that it unpacks; names are taken as bytes. File data is unpacked into a nameless file in
/// spool_directory, once, and no more of it than the archive really has. The archive may come from strangers: names
/// can't lead out of the tree (TarTree). A user or group that an ACL has only by name gets the number that the host has
/// for it. now: of the top and of directories that have no entry.
/// Errors name the archive, and the entry or the last one before: io, damaged, unsupported.
Result<SourceTree> read_tar(const std::string& path, const std::string& spool_directory, Time now);

} // namespace btrkit::source
