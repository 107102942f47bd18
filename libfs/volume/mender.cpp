// SPDX-License-Identifier: MIT
#include "libfs/volume/mender.h"

#include "libfs/volume/superblock_places.h"
#include "libfs/volume/superblock_writer.h"

#include <fmt/format.h>

namespace btrkit {

Result<void> Mender::write(Physical place, Bytes bytes) {
    if (touches_superblock(place.offset, bytes.size())) {
        return fail(ErrorKind::refused, "a superblock mirror stands there");
    }
    return put(place.devid, [&](WritableDevice& device) { return device.write(place.offset, bytes); });
}

Result<void> Mender::write_superblock(u64 devid, const btrfs::Superblock& super, u64 offset) {
    return put(devid, [&](WritableDevice& device) { return write_superblock_copy(device, super, offset); });
}

Result<void> Mender::flush() {
    return has_written_ ? note(flush_all(devices_)) : Result<void>{};
}

template <class Write>
Result<void> Mender::put(u64 devid, Write write) {
    const auto device = devices_.find(devid);
    if (device == devices_.end()) {
        return fail(ErrorKind::refused, fmt::format("device {} is not to be written", devid));
    }
    has_written_ = true;
    return note(write(*device->second));
}

Result<void> Mender::note(Result<void> done) {
    if (!done) {
        const std::lock_guard lock(mutex_);
        has_failed_ = true;
        if (failure_.empty()) {
            failure_ = done.error().message;
        }
    }
    return done;
}

} // namespace btrkit
