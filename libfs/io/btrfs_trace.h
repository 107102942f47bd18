// SPDX-License-Identifier: MIT
// Whether something is, or was, a btrfs: what tells a damaged one from what never was one.
#pragma once

#include "libfs/io/block_device.h"

namespace btrkit {

/// What speaks for a btrfs, the strongest last.
enum class BtrfsTrace {
    none,
    /// Where a superblock belongs nothing can be read, or stands what says of itself that it belongs there, but has not
    /// the magic: wipefs and btrfs device remove take that away, and so may rot.
    suspected,
    mirror, ///< only a superblock behind the first has the magic: perhaps what was here before something else
    first,  ///< the first superblock has the magic
};
BtrfsTrace find_btrfs_trace(const BlockDevice& device);

} // namespace btrkit
