// SPDX-License-Identifier: MIT
// A directory of which nothing is left but what its files say: that they stand in it, and under which names.
#pragma once

#include "libfs/edit/directory_editor.h"

namespace btrkit::repair {

/// Where no such inode is there, makes an empty directory of that number, for its owner alone, with a name in
/// lost+found. False: something is there, or there is no lost+found.
Result<bool> make_lost_directory(Transaction& transaction, const PlaceInTree& dir, Time now);

} // namespace btrkit::repair
