// SPDX-License-Identifier: MIT
// Another id for a filesystem and its devices, so that it can be mounted beside the one that it is a copy of.
//
// The superblocks' fsid is new, and tree blocks keep the old one, as metadata_uuid (incompat_metadata_uuid): no block
// needs to be written again for it. The ids of devices stand in the superblock and the DEV_ITEM of each, and in every
// stripe that lies on it, in the chunk tree and in the superblocks' array of system chunks.
#pragma once

#include "libfs/base/bytes.h"
#include "libfs/txn/tree_table.h"

namespace btrkit {

struct NewIdentity {
    btrfs::Uuid fsid;
    std::map<u64, btrfs::Uuid> devices; ///< by devid: all of them
};

/// The stripes of a whole CHUNK_ITEM have the new ids of their devices.
void rename_stripes(const NewIdentity& identity, MutableBytes chunk_item);

/// The same for all items of the chunk tree that name a device. Fails as TreeBuffer does.
Result<void> rename_devices(const NewIdentity& identity, TreeTable& trees);

/// The superblock of a device has the new ids, its array of system chunks, too.
Result<void> apply_identity(const NewIdentity& identity, btrfs::Superblock& super);

} // namespace btrkit
