// SPDX-License-Identifier: MIT
// Which image is which device of an undo file, and whether it may be touched.
#pragma once

#include "libfs/ops/undo/undo.h"

namespace btrkit::undo {

struct KnownDevice {
    const BlockDevice* device;
    SuperblockState found;
    std::size_t image; ///< its number among the images
};

/// By devid, all devices of the identity. Fails as plan() says.
Result<std::map<u64, KnownDevice>> know_devices(const UndoReader& file, std::span<const BlockDevice* const> images);

} // namespace btrkit::undo
