// SPDX-License-Identifier: MIT
// Which data of files has checksums, or should have them, by what the files say: inodes that want them, and extents
// that were written. Nothing is asked of the extent tree and of the checksum tree.
#pragma once

#include "libfs/base/range_set.h"
#include "libfs/txn/transaction.h"

namespace btrkit::repair {

/// In the committed filesystem. Fails with damaged where blocks of files are lost, for then it is not known.
Result<RangeSet> find_summed_data(Transaction& transaction);

} // namespace btrkit::repair
