// SPDX-License-Identifier: MIT
#include "libfs/volume/writable_devices.h"

namespace btrkit {

Result<void> flush_all(const WritableDevices& devices) {
    Result<void> result;
    for (const auto& [devid, device] : devices) {
        if (auto done = device->flush(); !done && result) {
            result = done;
        }
    }
    return result;
}

} // namespace btrkit
