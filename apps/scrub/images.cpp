// SPDX-License-Identifier: MIT
#include "apps/scrub/images.h"

#include "apps/common/open_images.h"
#include "libfs/base/names.h"
#include "libfs/io/in_use.h"
#include "libfs/io/writable_file.h"

#include <algorithm>

#include <fmt/format.h>

namespace btrkit::apps {

ScrubImages open_scrub_images(const std::vector<std::string>& paths, bool for_writing, Messages& messages) {
    for (const auto& path : paths) {
        if (const auto why = why_in_use(path)) {
            messages.error(fmt::format("{}: {}; it is not scrubbed while in use", printable(path), *why));
        }
    }
    if (messages.error_count() > 0) {
        return {};
    }
    ScrubImages images;
    if (!for_writing) {
        images.devices = open_images(paths, messages);
        return images;
    }
    for (const auto& path : paths) {
        if (auto file = WritableFile::open(path)) {
            images.writable.push_back(file->get());
            images.devices.push_back(std::move(*file));
        } else {
            messages.error(file.error());
        }
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
