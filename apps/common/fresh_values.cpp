// SPDX-License-Identifier: MIT
#include "apps/common/fresh_values.h"

#include <chrono>
#include <random>

namespace btrkit::apps {

btrfs::Uuid random_uuid() {
    std::random_device source;
    btrfs::Uuid uuid;
    for (auto& byte : uuid.bytes) {
        byte = static_cast<u8>(source());
    }
    uuid.bytes[6] = static_cast<u8>((uuid.bytes[6] & 0x0f) | 0x40);
    uuid.bytes[8] = static_cast<u8>((uuid.bytes[8] & 0x3f) | 0x80);
    return uuid;
}

Time current_time() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now);
    return {.sec = seconds.count(), .nsec = static_cast<u32>(std::chrono::nanoseconds(now - seconds).count())};
}

} // namespace btrkit::apps
