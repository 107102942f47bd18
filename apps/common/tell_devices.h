// SPDX-License-Identifier: MIT
// What -v says of a filesystem that was opened.
#pragma once

#include "apps/common/messages.h"
#include "libfs/fs/filesystem.h"

namespace btrkit::apps {

/// Details, a line each: which filesystem it is, and of each device where it was found and which superblock speaks for
/// it, or that it was not given.
void tell_devices(const Filesystem& filesystem, Messages& messages);

} // namespace btrkit::apps
