// SPDX-License-Identifier: MIT
// All extents of a filesystem, for who plans where they go.
#pragma once

#include "libfs/base/range_set.h"
#include "libfs/base/run_context.h"
#include "libfs/fs/filesystem.h"
#include "libfs/space/extent_item.h"

#include <functional>

namespace btrkit {

/// An extent as its item tells of it.
struct SoundExtent {
    const Extent& extent;
    const btrfs::Key& key;
    Bytes body;         ///< of its item
    const Chunk& chunk; ///< that it lies in

    Range range() const { return range_from(extent.bytenr, extent.length_bytes); }
};

/// Visits them by address. Fails with damaged where one lies in no block group, or overlaps a data extent before it;
/// with cancelled; and as visit() does.
Result<void> for_each_extent(const Filesystem& filesystem, const RunContext& context,
                             const std::function<Result<void>(const SoundExtent&)>& visit);

} // namespace btrkit
