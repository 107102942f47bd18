// SPDX-License-Identifier: MIT
#include "apps/scrub/images.h"

#include "apps/common/open_images.h"
#include "apps/common/open_writable.h"

#include <algorithm>

namespace btrkit::apps {

ScrubImages open_scrub_images(const std::vector<std::string>& paths, bool for_writing, Messages& messages) {
    if (!are_unused(paths, "it is not scrubbed while in use", messages)) {
        return {};
    }
    ScrubImages images;
    if (!for_writing) {
        images.devices = open_images(paths, messages);
        return images;
    }
    for (auto& file : open_writable(paths, messages)) {
        images.writable.push_back(file.get());
        images.devices.push_back(std::move(file));
    }
    return images;
}

WritableDevices writable_members(const Filesystem& filesystem, std::span<WritableDevice* const> writable) {
    WritableDevices members;
    for (const auto& [devid, member] : filesystem.volume().members()) {
        const auto found =
            std::ranges::find_if(writable, [&](const WritableDevice* device) { return device == member.device; });
        if (found != writable.end()) {
            members[devid] = *found;
        }
    }
    return members;
}

} // namespace btrkit::apps
