// SPDX-License-Identifier: MIT
// Checksums of data that lacks them: of what stands there now, which nothing proves to be what was written.
//
//  1. Go through all files but those that want none for the data that they refer to.
//  2. Of what has no checksum, read all copies. Where they are not alike, it can't be told which is right: nothing is
//  made.
//  3. Put the checksums.
#pragma once

#include "libfs/txn/transaction.h"

namespace btrkit::repair {

/// All at once. Fails with damaged where data can't be read, or has copies that differ; then none is to be kept.
Result<void> make_missing_csums(Transaction& transaction);

} // namespace btrkit::repair
