// SPDX-License-Identifier: MIT
// A prober of libblkid over a place on the host.
#pragma once

#include "libfs/io/host_file.h"
#include "libfs/io/window_device.h"

#include <memory>
#include <optional>
#include <string_view>

#include <blkid/blkid.h>

namespace btrkit {

using BlkidProbe = std::unique_ptr<std::remove_pointer_t<blkid_probe>, decltype(&::blkid_free_probe)>;

/// nullptr where there is too little for anything to stand. The file must outlive it.
BlkidProbe make_blkid_probe(const HostFile& file, const Window& window);

/// The text or bytes of a value of what the probe has found last; without the zero behind it.
std::optional<std::string_view> blkid_value(const BlkidProbe& probe, const char* name);

} // namespace btrkit
