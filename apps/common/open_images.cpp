// SPDX-License-Identifier: MIT
#include "apps/common/open_images.h"

#include "libfs/io/file_device.h"

namespace btrkit::apps {

std::vector<std::unique_ptr<BlockDevice>> open_images(const std::vector<std::string>& images, Messages& messages) {
    std::vector<std::unique_ptr<BlockDevice>> devices;
    for (const auto& image : images) {
        if (auto device = FileDevice::open(image)) {
            devices.push_back(std::move(*device));
        } else {
            messages.error(device.error());
        }
    }
    return devices;
}

} // namespace btrkit::apps
