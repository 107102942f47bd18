// SPDX-License-Identifier: MIT
// What is still known of subvolumes whose root items are lost.
#pragma once

#include "libfs/survey/roots.h"

#include <set>

namespace btrkit::repair {

/// Those that entries of directories name, in all trees of files that can be read. One pass over these.
std::set<u64> named_subvolumes(const Filesystem& filesystem, const survey::Roots& roots);

/// Puts the uuids in that the uuid tree has of a subvolume.
void put_known_uuids(const Filesystem& filesystem, u64 subvolume, btrfs::RootItem& item);

} // namespace btrkit::repair
