// SPDX-License-Identifier: MIT
// A filesystem once more, over overlays of its devices: what is written to them is seen there and nowhere else.
#pragma once

#include "libfs/fs/filesystem.h"
#include "libfs/io/overlay_device.h"
#include "libfs/volume/volume_writer.h"

#include <map>

namespace btrkit {

struct Overlaid {
    Filesystem filesystem;
    std::map<u64, OverlayDevice*> overlays; ///< by devid; the filesystem's

    WritableDevices writable() const { return {overlays.begin(), overlays.end()}; }
};

/// All devices must be there. room: of all overlays together. The filesystem below must outlive it. Fails as
/// Filesystem::open().
Result<Overlaid> lay_overlays(const Filesystem& below, OverlayDevice::Room room);

} // namespace btrkit
