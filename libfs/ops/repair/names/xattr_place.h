// SPDX-License-Identifier: MIT
// Extended attributes whose item says what none can say, or stands under the key of another name.
#pragma once

#include "libfs/tree/tree_buffer.h"

namespace btrkit::repair {

/// Gives all attributes of that item the fields that all attributes have, and each its place by the hash of its name.
/// False, and nothing is changed: sizes in it contradict each other, or another attribute of that name is there.
Result<bool> put_xattrs_in_place(TreeBuffer& tree, const btrfs::Key& key);

} // namespace btrkit::repair
