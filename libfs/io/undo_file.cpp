// SPDX-License-Identifier: MIT
#include "libfs/io/undo_file.h"

namespace btrkit {

const UndoDevice* UndoIdentity::device(u64 devid) const {
    const auto found = std::ranges::find(devices, devid, &UndoDevice::devid);
    return found == devices.end() ? nullptr : &*found;
}

bool UndoIdentity::is_inside(u64 devid, u64 offset, u64 length_bytes) const {
    const auto* known = device(devid);
    return known != nullptr && offset <= known->size_bytes && length_bytes <= known->size_bytes - offset;
}

} // namespace btrkit
