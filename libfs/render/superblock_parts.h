// SPDX-License-Identifier: MIT
// What text and JSON of a superblock share.
#pragma once

#include "formats/btrfs/superblock.h"

namespace btrkit {

/// Whether a place for backup roots was never written.
constexpr bool is_empty(const btrfs::RootBackup& backup) {
    return backup.tree_root == 0 && backup.tree_root_gen == 0;
}

} // namespace btrkit
