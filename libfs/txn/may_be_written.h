// SPDX-License-Identifier: MIT
// Which filesystems a transaction may change.
#pragma once

#include "libfs/fs/filesystem.h"

namespace btrkit {

/// What is not refused, though it mostly should be.
struct WriteExceptions {
    bool may_be_seed = false;
    bool may_be_dump = false;  ///< a restored dump of metadata of version 2, which has all but the data of files
    bool may_have_log = false; ///< that waits to be replayed, and goes with the change
    bool may_lack_device_tree = false; ///< it can't be read: whether a device is being replaced is not known then
};

/// Fails with refused, saying why and what to do about it, where a commit would lose something or build upon what is
/// unfinished: features that are not known here or not written here, missing or stale devices, seeds, a log that waits
/// to be replayed, a balance, device replacement or change of the id that was begun, devices of which several chunks
/// claim the same bytes. Fails with damaged where that can't be found out.
Result<void> may_be_written(const Filesystem& filesystem, const WriteExceptions& exceptions = {});

} // namespace btrkit
