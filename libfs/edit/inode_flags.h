// SPDX-License-Identifier: MIT
// chattr's flags as btrfs keeps them.
#pragma once

#include "formats/btrfs/flags.h"
#include "libfs/base/address.h"

namespace btrkit {

/// flags as an inode of this mode may have them together: data that is overwritten in place has no checksums, and what
/// has no checksums or must not be compressed isn't (what the kernel makes of them when it creates a file).
u64 consistent_inode_flags(u64 flags, u32 mode);

/// What btrfs has of Linux's FS_*_FL flags (FS_IOC_GETFLAGS), for an inode of this mode.
u64 inode_flags_of_linux(u64 linux_flags, u32 mode);

} // namespace btrkit
