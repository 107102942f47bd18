// SPDX-License-Identifier: MIT
// Quotas switched on and off.
#pragma once

#include "libfs/ops/tune/change.h"

namespace btrkit::tune {

/// On: a group for each subvolume. Full quotas are left to be counted by the first kernel that mounts the filesystem;
/// simple ones count what is allocated after this commit. Off: the groups go, and so do their limits; extents keep
/// saying who allocated them. Fails with refused where it is so already, and as Transaction does.
Result<void> set_quotas(Transaction& transaction, SetQuotas::Mode mode);

} // namespace btrkit::tune
