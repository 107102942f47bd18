// SPDX-License-Identifier: MIT
// What is new each time: random bytes and the time of day.
#pragma once

#include "formats/btrfs/uuid.h"
#include "libfs/fs/inode.h"

namespace btrkit::apps {

/// With the marks of a random uuid (RFC 4122, version 4), which is what other tools expect.
btrfs::Uuid random_uuid();
Time current_time();

} // namespace btrkit::apps
