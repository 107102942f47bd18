// SPDX-License-Identifier: MIT
#include "libfs/txn/overlaid.h"

namespace btrkit {

Result<Overlaid> lay_overlays(const Filesystem& below, OverlayDevice::Room room) {
    std::vector<std::unique_ptr<BlockDevice>> devices;
    std::map<u64, OverlayDevice*> overlays;
    room.memory_bytes /= below.volume().members().size();
    for (const auto& [devid, member] : below.volume().members()) {
        auto overlay = std::make_unique<OverlayDevice>(*member.device, room);
        overlays[devid] = overlay.get();
        devices.push_back(std::move(overlay));
    }
    BTRKIT_TRY_ASSIGN(auto filesystem, Filesystem::open(std::move(devices), {}, [](const Problem&) {}));
    return Overlaid{std::move(filesystem), std::move(overlays)};
}

} // namespace btrkit
