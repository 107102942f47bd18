// SPDX-License-Identifier: MIT
#include "libfs/io/block_device.h"

#include "libfs/base/names.h"

#include <fmt/format.h>

namespace btrkit {

Result<void> BlockDevice::read_scattered(u64 offset, std::span<const MutableBytes> outs) const {
    for (const MutableBytes out : outs) {
        BTRKIT_TRY(read(offset, out));
        offset += out.size();
    }
    return {};
}

Result<void> BlockDevice::check_range(std::string_view doing, u64 offset, u64 length_bytes) const {
    if (offset > size_bytes() || size_bytes() - offset < length_bytes) {
        return fail(ErrorKind::io,
                    fmt::format("{}: cannot {} at offset {}: beyond the end", printable(name()), doing, offset));
    }
    return {};
}

void BlockDevice::prefetch(u64, u64) const {}

} // namespace btrkit
