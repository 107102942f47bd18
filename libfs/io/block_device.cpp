// SPDX-License-Identifier: MIT
#include "libfs/io/block_device.h"

namespace btrkit {

Result<void> BlockDevice::read_scattered(u64 offset, std::span<const MutableBytes> outs) const {
    for (const MutableBytes out : outs) {
        BTRKIT_TRY(read(offset, out));
        offset += out.size();
    }
    return {};
}

void BlockDevice::prefetch(u64, u64) const {}

} // namespace btrkit
