// SPDX-License-Identifier: MIT
// From the operands to devices.
#pragma once

#include "apps/common/messages.h"
#include "libfs/io/block_device.h"

#include <memory>
#include <vector>

namespace btrkit::apps {

/// Opens what can be opened, read-only, in the order given; an error for each of the others.
std::vector<std::unique_ptr<BlockDevice>> open_images(const std::vector<std::string>& images, Messages& messages);

} // namespace btrkit::apps
