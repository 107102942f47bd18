// SPDX-License-Identifier: MIT
// What already lives on a device: the filesystems, RAID members, swap areas and partition tables that libblkid knows.
#pragma once

#include "libfs/io/writable_file.h"

#include <optional>

namespace btrkit {

/// What is found at path, a regular file or a block device: "ext4 filesystem (label \"x\")", "dos partition table";
/// several joined by " and ". nullopt where nothing is. Also signatures whose checksum is wrong count: somebody's data
/// may stand behind them.
Result<std::optional<std::string>> find_signature(const std::string& path);

/// Zeroes the magic bytes of everything that find_signature() finds, so that nothing is found any more. Does not
/// flush. Fails with ErrorKind::io where the device does, or where something can't be wiped.
Result<void> wipe_signatures(WritableFile& device);

} // namespace btrkit
