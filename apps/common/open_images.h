// SPDX-License-Identifier: MIT
// From the places of images to devices.
#pragma once

#include "apps/common/messages.h"
#include "libfs/io/image.h"

#include <memory>
#include <vector>

namespace btrkit::apps {

/// Opens what can be opened, read-only, in the order given; an error for each of the others.
std::vector<std::unique_ptr<BlockDevice>> open_images(std::span<const ImagePlace> places, Messages& messages);

} // namespace btrkit::apps
