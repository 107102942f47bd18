// SPDX-License-Identifier: MIT
#include "apps/scrub/images.h"

#include "apps/common/open_images.h"
#include "apps/common/open_writable.h"

#include <algorithm>

namespace btrkit::apps {

ScrubImages open_scrub_images(std::span<const ImagePlace> places, bool for_writing, Messages& messages) {
    if (!are_unused(places, "it is not scrubbed while in use", messages) || messages.error_count() > 0) {
        return {};
    }
    ScrubImages images;
    if (!for_writing) {
        images.devices = open_images(places, messages);
        return images;
    }
    for (auto& image : open_writable(places, messages)) {
        images.writable.push_back(&image.device());
        images.devices.push_back(std::move(image).take_device());
    }
    return images;
}

} // namespace btrkit::apps
