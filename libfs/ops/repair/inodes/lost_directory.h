// SPDX-License-Identifier: MIT
// Directories of which nothing is left but what their files say: that they stand in them, and under which names.
#pragma once

#include "libfs/edit/directory_editor.h"

#include <set>

namespace btrkit::repair {

/// Makes empty directories of those of these numbers of which nothing is there, for their owner alone, under the names
/// that entries give them, or in lost+found.
Result<void> make_lost_directories(Transaction& transaction, u64 tree, std::set<u64> directories, Time now);

} // namespace btrkit::repair
