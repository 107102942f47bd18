// SPDX-License-Identifier: MIT
#include "libfs/io/block_device.h"

namespace btrkit {

Result<void> BlockDevice::read_scattered(u64 offset, std::span<const MutableBytes> outs) const {
    for (const MutableBytes out : outs) {
        if (auto done = read(offset, out); !done) {
            return done;
        }
        offset += out.size();
    }
    return {};
}

void BlockDevice::prefetch(u64, u64) const {}

} // namespace btrkit
