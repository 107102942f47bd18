// SPDX-License-Identifier: MIT
// The extents of a subvolume, and with whom it shares them.
#pragma once

#include "libfs/ops/check/check.h"
#include "libfs/survey/sharing/root_sets.h"

#include <map>

namespace btrkit::check {

struct SubvolExtents {
    /// A tree block or a data extent.
    struct Extent {
        u64 address = 0; ///< logical
        u64 length_bytes = 0;
        survey::RootSets::Id sharers = survey::RootSets::empty;
    };
    std::vector<Extent> extents; ///< by address
    /// The subvolumes that reach an extent, that one among them, by id; of each set that occurs.
    std::map<survey::RootSets::Id, std::vector<u64>> sharers;
};

/// Keeps every extent of the subvolume in memory. Fails with not_found (no such subvolume), with damaged where not all
/// of it can be told, and with cancelled.
Result<SubvolExtents> list_subvol_extents(const Filesystem& filesystem, u64 subvolume, const Options& options,
                                          const RunContext& context);

} // namespace btrkit::check
