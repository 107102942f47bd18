// SPDX-License-Identifier: MIT
// The attributes that an archive has of an inode.
#pragma once

#include "libfs/ops/source/source_tree.h"

struct archive_entry;

namespace btrkit::source {

/// All but data, and entries. Errors are of kind damaged (unsupported: what no Linux filesystem has) and say what is
/// wrong, but not with which entry.
Result<SourceInode> read_tar_entry(archive_entry* entry);

} // namespace btrkit::source
