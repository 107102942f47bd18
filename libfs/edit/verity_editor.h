// SPDX-License-Identifier: MIT
// Files of a transaction put under fs-verity: from then on they can't be changed, and kernels prove what is read.
#pragma once

#include "libfs/edit/file_data_editor.h"

namespace btrkit {

struct VerityWish {
    u8 algorithm = 1; ///< fs-verity's number: 1 SHA-256, 2 SHA-512
    u32 block_bytes = 4096;
    Bytes salt = {};
    Bytes signature = {}; ///< kept for whoever mounts it, and not looked at here
};

/// As FS_IOC_ENABLE_VERITY: reads all of the file, puts the hashes of its blocks and the descriptor beside it, and
/// marks it; the superblocks will have the feature. Times stay. What an interrupted attempt has left is taken out
/// first. May merge changes meanwhile (Transaction::relieve()).
///
/// Both editors must be of one transaction. Fails with usage or unsupported where kernels would not take what is
/// wished, or a file so large; with refused for what is no regular file, is immutable, append-only or under fs-verity
/// already, and in read-only subvolumes; with damaged where old data can't be read. Where it fails on the way, the file
/// is as before, but hashes may stand beside it that nobody reads: the transaction had better be dropped.
Result<void> enable_verity(InodeEditor& inodes, FileDataEditor& data, const PlaceInTree& file, const VerityWish& wish);

} // namespace btrkit
