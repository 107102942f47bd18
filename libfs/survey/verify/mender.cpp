// SPDX-License-Identifier: MIT
#include "libfs/survey/verify/mender.h"

#include "formats/btrfs/superblock.h"

#include <algorithm>

#include <fmt/format.h>

namespace btrkit::survey {

namespace {

bool touches_superblock(u64 offset, u64 length) {
    return std::ranges::any_of(btrfs::superblock_offsets, [&](u64 superblock) {
        return offset < superblock + btrfs::superblock_size && superblock < offset + length;
    });
}

} // namespace

Result<void> Mender::write(Physical place, Bytes bytes) {
    if (touches_superblock(place.offset, bytes.size())) {
        return fail(ErrorKind::refused, "a superblock mirror stands there");
    }
    return put(place, bytes);
}

Result<void> Mender::write_superblock(Physical place, Bytes bytes) {
    return put(place, bytes);
}

Result<void> Mender::put(Physical place, Bytes bytes) {
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
    auto done = flush_all(devices_);
    if (!done) {
        has_failed_ = true;
    }
    return done;
}

} // namespace btrkit::survey
