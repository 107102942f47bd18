// SPDX-License-Identifier: MIT
#include "libfs/io/memory_device.h"

namespace btrkit {

Result<void> MemoryDevice::read(u64 offset, MutableBytes out) const {
    if (offset > bytes_.size() || bytes_.size() - offset < out.size()) {
        return fail(ErrorKind::io, name_ + ": cannot read at offset " + std::to_string(offset) + ": beyond the end");
    }
    std::memcpy(out.data(), bytes_.data() + offset, out.size());
    return {};
}

} // namespace btrkit
