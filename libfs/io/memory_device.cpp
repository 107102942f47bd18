// SPDX-License-Identifier: MIT
#include "libfs/io/memory_device.h"

#include <algorithm>

namespace btrkit {

Result<void> MemoryDevice::read(u64 offset, MutableBytes out) const {
    if (offset > bytes_.size() || bytes_.size() - offset < out.size()) {
        return fail(ErrorKind::io, name_ + ": cannot read at offset " + std::to_string(offset) + ": beyond the end");
    }
    std::copy_n(bytes_.data() + offset, out.size(), out.data());
    return {};
}

} // namespace btrkit
