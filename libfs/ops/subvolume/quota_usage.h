// SPDX-License-Identifier: MIT
// What the quota group of one subvolume says.
#pragma once

#include "libfs/fs/filesystem.h"

namespace btrkit::subvolume {

struct QuotaUsage {
    u64 referenced_bytes = 0;
    u64 exclusive_bytes = 0;
    u64 most_referenced_bytes = 0; ///< 0: no limit
    u64 most_exclusive_bytes = 0;
    bool is_inconsistent = false; ///< the counts are known to be wrong
};

/// Of the group 0/subvolume. Nothing: quotas are off, or there is no such group. Fails with damaged.
Result<std::optional<QuotaUsage>> read_quota_usage(const Filesystem& filesystem, u64 subvolume);

} // namespace btrkit::subvolume
