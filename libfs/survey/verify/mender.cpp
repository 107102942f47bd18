// SPDX-License-Identifier: MIT
#include "libfs/survey/verify/mender.h"

#include <fmt/format.h>

namespace btrkit::survey {

Result<void> Mender::write(Physical place, Bytes bytes) {
    const auto device = devices_.find(place.devid);
    if (device == devices_.end()) {
        return fail(ErrorKind::refused, fmt::format("device {} is not to be written", place.devid));
    }
    has_written_ = true;
    auto done = device->second->write(place.offset, bytes);
    if (!done) {
        has_failed_ = true;
    }
    return done;
}

Result<void> Mender::flush() {
    if (!has_written_) {
        return {};
    }
    Result<void> result;
    for (const auto& [devid, device] : devices_) {
        if (auto done = device->flush(); !done && result) {
            result = std::move(done);
            has_failed_ = true;
        }
    }
    return result;
}

} // namespace btrkit::survey
