// SPDX-License-Identifier: MIT
// Filesystems that can be read here and must not be written, whatever is to be changed.
#pragma once

#include "libfs/volume/volume.h"

#include <optional>
#include <string>

namespace btrkit {

/// Why, as far as superblock and chunks tell: features that are not known, or understood for reading only; metadata
/// dumps; a change of its id or format that was not finished; chunks that overlap on a device. Nothing: it may be
/// written, as far as they tell. may_be_dump: a dump of version 2, whose chunks are as they were, is no reason.
std::optional<std::string> why_only_read(const Volume& volume, bool may_be_dump = false);

} // namespace btrkit
