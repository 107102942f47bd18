// SPDX-License-Identifier: MIT
// The checksums of data that is no more.
#pragma once

#include "libfs/txn/workspace.h"

namespace btrkit {

/// Takes the checksums of workspace.freed_data out of the checksum tree (into its buffer), and forgets these ranges.
/// Items that hold others too are cut. Data without checksums is passed over. Fails with damaged.
Result<void> remove_csums(Workspace& workspace);

} // namespace btrkit
