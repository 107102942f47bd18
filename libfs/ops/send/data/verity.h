// SPDX-License-Identifier: MIT
// fs-verity of the current inode.
#pragma once

#include "libfs/ops/send/commands.h"
#include "libfs/ops/send/snapshot.h"

namespace btrkit::send {

/// ENABLE_VERITY with what the inode's descriptor says; the receiver builds the tree of hashes anew. Fails with damaged
/// where the descriptor is malformed.
Result<void> send_verity(Snapshot& snapshot, u64 inode, std::string_view path, Commands& commands);

} // namespace btrkit::send
