// SPDX-License-Identifier: MIT
// Free space given back to the host.
#pragma once

#include "libfs/fs/filesystem.h"
#include "libfs/volume/writable_devices.h"

namespace btrkit::resize {

/// Discards everything on the devices that neither an extent has, nor a superblock, nor the first MiB of a device: what
/// no chunk has, and what is free in chunks, of raid5 and raid6 whole rows. Fails with damaged and io.
Result<void> trim(const Filesystem& filesystem, const WritableDevices& devices);

} // namespace btrkit::resize
