// SPDX-License-Identifier: MIT
#pragma once

#include "libfs/io/partitions.h"

#include <span>

namespace btrkit::apps {

/// "p2 (btrfs, \"root\", 1.00GiB)"
std::string partition_text(const Partition& partition);

/// All of them, parted by commas.
std::string list_text(std::span<const Partition> partitions);

} // namespace btrkit::apps
