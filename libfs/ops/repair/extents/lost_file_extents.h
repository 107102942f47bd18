// SPDX-License-Identifier: MIT
// Pieces of files that only the extent tree still knows: an extent says which file has it where, and the file has
// another address there that leads nowhere, or nothing at all.
#pragma once

#include "libfs/base/run_context.h"
#include "libfs/ops/repair/fixes.h"
#include "libfs/space/extent_record.h"

namespace btrkit::repair {

/// A file extent item as it must have been.
struct LostFileExtent {
    u64 tree = 0;
    btrfs::Key key;
    std::vector<std::byte> body;
    ExtentRecord extent;        ///< that it refers to, as the extent tree has it
    bool is_correction = false; ///< there is an item, with an address that nobody has
};

/// Those that can be proven: the item at hand agrees in everything but the address, which can't be, or has no checksums
/// while the extent's has; or there is none, the gap in the
/// file is as long as the extent, and so is what the inode's nbytes has more than its extents. Fails with damaged where
/// an extent names a place in a file that has nothing there, but that is not proven: it must not be dropped then.
Result<std::vector<LostFileExtent>> find_lost_file_extents(const Filesystem& filesystem, const FindingList& findings);

} // namespace btrkit::repair
