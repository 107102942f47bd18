// SPDX-License-Identifier: MIT
// What images come packed in, and what libblkid does not know: compressed files, disks of virtual machines, streams.
#pragma once

#include "libfs/io/block_device.h"

#include <optional>

namespace btrkit {

/// A word for what the device's first bytes are: "zstd", "gzip", "xz", "bzip2", "lz4", "zip", "tar", "qcow2", "vmdk",
/// "vdi", "vhd", "vhdx", "ewf" (EnCase), "android-sparse", "btrfs-stream" (btrfs send), "btrfs-image" (its dump),
/// "bcachefs". nullopt for everything else.
std::optional<std::string> find_packing(const BlockDevice& device);

} // namespace btrkit
