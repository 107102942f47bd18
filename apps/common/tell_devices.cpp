// SPDX-License-Identifier: MIT
#include "apps/common/tell_devices.h"

#include "apps/common/finding_text.h"
#include "apps/common/sizes.h"
#include "libfs/base/names.h"

#include <fmt/format.h>

namespace btrkit::apps {

namespace {

std::string device_text(u64 devid, const Member& member) {
    if (member.device == nullptr) {
        return fmt::format("device {}: not given, uuid {}", devid, uuid_text(member.uuid));
    }
    return fmt::format("device {}: {}, {}, superblock mirror {} of generation {}{}", devid,
                       printable(member.device->name()), size_text(member.device->size_bytes()), member.super_mirror,
                       member.generation, member.stale ? ", which is stale" : "");
}

} // namespace

void tell_devices(const Filesystem& filesystem, Messages& messages) {
    const auto& super = filesystem.super();
    messages.detail(fmt::format("filesystem {}, {}, generation {}, {} used", uuid_text(super.fsid), label_text(super),
                                u64{super.generation}, size_text(super.bytes_used)));
    for (const auto& [devid, member] : filesystem.volume().members()) {
        messages.detail(device_text(devid, member));
    }
}

} // namespace btrkit::apps
