// SPDX-License-Identifier: MIT
// Superblocks that lead elsewhere, above the devices. The commit writes superblocks anyway.
#pragma once

#include "libfs/txn/overlaid.h"

#include <functional>

namespace btrkit::repair {

/// Whether each device has a superblock that can be changed.
bool have_superblocks(const Overlaid& overlaid);

/// Changes the superblock that speaks for each device, in all of its copies, and opens the filesystem anew; told: what
/// is wrong when it is opened so. References into the filesystem are void then. Fails as devices do, with damaged where
/// a device has no superblock, and as Filesystem::open().
Result<void> change_superblocks(Overlaid& overlaid, const std::function<void(btrfs::Superblock&)>& change,
                                Problems& told);

} // namespace btrkit::repair
