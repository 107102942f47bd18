// SPDX-License-Identifier: MIT
// The partitions of a whole disk, or of an image of one.
#pragma once

#include "libfs/base/address.h"
#include "libfs/base/error.h"

#include <string>
#include <vector>

namespace btrkit {

struct Partition {
    unsigned number = 0; ///< from 1 on, as in the table
    u64 offset = 0;      ///< bytes
    u64 length_bytes = 0;
    bool holds_btrfs = false; ///< a first superblock stands in it, by its magic
};

/// Those of the file or block device at path, as libblkid reads its table; none where there is no table. Fails with
/// io.
Result<std::vector<Partition>> read_partitions(const std::string& path);

} // namespace btrkit
