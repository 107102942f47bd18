// SPDX-License-Identifier: MIT
// The extents that file data was given: what the extent tree is made from.
#pragma once

#include "libfs/base/address.h"

namespace btrkit {

/// An extent that one file refers to, once.
struct DataExtent {
    Logical at;
    u64 length = 0; ///< on disk
    u64 tree = 0;
    u64 inode = 0;
    u64 file_offset = 0;
};

} // namespace btrkit
