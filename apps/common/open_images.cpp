// SPDX-License-Identifier: MIT
#include "apps/common/open_images.h"

namespace btrkit::apps {

std::vector<std::unique_ptr<BlockDevice>> open_images(std::span<const ImagePlace> places, Messages& messages) {
    std::vector<std::unique_ptr<BlockDevice>> devices;
    for (const auto& place : places) {
        if (auto device = open_image(place)) {
            devices.push_back(std::move(*device));
        } else {
            messages.error(device.error());
        }
    }
    return devices;
}

} // namespace btrkit::apps
