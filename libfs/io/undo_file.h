// SPDX-License-Identifier: MIT
// What an undo file holds (formats/undo/undo_file.h is how): UndoWriter saves it before anything of the old filesystem
// is overwritten, UndoReader hands it out to bring that back.
#pragma once

#include "formats/btrfs/uuid.h"
#include "libfs/base/bytes.h"

#include <vector>

namespace btrkit {

struct UndoDevice {
    u64 devid = 0;
    btrfs::Uuid uuid = {};
    u64 size_bytes = 0; ///< of the file or block device
};

/// Which filesystem a change is made to, and between which generations.
struct UndoIdentity {
    btrfs::Uuid fsid = {};
    btrfs::Uuid tree_fsid = {}; ///< Superblock::tree_fsid()
    u64 old_generation = 0;
    u64 new_generation = 0; ///< that of the superblocks which the change writes
    std::vector<UndoDevice> devices = {};

    /// Null: none has this id.
    const UndoDevice* device(u64 devid) const;
    /// Whether there is such a device, and all of the place on it.
    bool is_inside(u64 devid, u64 offset, u64 length_bytes) const;
};

/// What stood at a place on a device before.
struct PreImage {
    u64 devid = 0;
    u64 offset = 0;
    Bytes bytes = {}; ///< valid while it is handed out
};

/// A place of a superblock, as it was (whatever it was) and as the change leaves it.
struct UndoSuperblock {
    u64 devid = 0;
    u64 offset = 0;
    std::vector<std::byte> before = {};
    std::vector<std::byte> after = {};
};

/// One copy of a tree block that the change wrote into free space.
struct BornBlock {
    u64 devid = 0;
    u64 offset = 0;  ///< on the device
    u64 address = 0; ///< logical; this and the generation are what its header says
    u64 generation = 0;
    u32 length_bytes = 0;
};

} // namespace btrkit
