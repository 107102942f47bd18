// SPDX-License-Identifier: MIT
// What the device tree has of chunks, which says nothing but what they say.
#pragma once

#include "formats/btrfs/device.h"
#include "libfs/txn/transaction.h"

#include <map>

namespace btrkit::repair {

/// Its device extents, in key order.
std::map<btrfs::Key, btrfs::DevExtent> device_extents(Transaction& transaction);

} // namespace btrkit::repair
