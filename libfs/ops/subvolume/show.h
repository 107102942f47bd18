// SPDX-License-Identifier: MIT
// All about one subvolume, as `btrfs subvolume show` tells it.
#pragma once

#include "libfs/ops/subvolume/all_subvolumes.h"
#include "libfs/ops/subvolume/quota_usage.h"

namespace btrkit::subvolume {

struct ShowOptions {
    std::string subvolume = "/";          ///< by path or id
    std::optional<btrfs::Uuid> uuid = {}; ///< instead of that
};

struct ShowReport {
    SubvolumeInfo subvolume;
    /// What was made a snapshot of it and is not deleted; each before those that hang in it.
    std::vector<SubvolumeInfo> snapshots;
    std::optional<QuotaUsage> quota; ///< nothing: quotas are off, or don't know it
    bool is_complete = true;         ///< the root tree could be read as a whole: there are no more snapshots
};

/// Fails with not_found, usage, refused (it is deleted) or damaged, or with cancelled.
Result<ShowReport> show(const Filesystem& filesystem, const ShowOptions& options, const RunContext& context);

} // namespace btrkit::subvolume
