// SPDX-License-Identifier: MIT
#include "libfs/io/memory_device.h"

#include <mutex>

namespace btrkit {

Result<void> MemoryDevice::read(u64 offset, MutableBytes out) const {
    BTRKIT_TRY(check_range("read", offset, out.size()));
    const std::shared_lock lock(mutex_);
    bytes_.read(offset, out);
    return {};
}

Result<void> MemoryDevice::write(u64 offset, Bytes bytes) {
    BTRKIT_TRY(check_range("write", offset, bytes.size()));
    const std::unique_lock lock(mutex_);
    bytes_.write(offset, bytes);
    return {};
}

Result<void> MemoryDevice::discard(u64 offset, u64 length_bytes) {
    BTRKIT_TRY(check_range("discard", offset, length_bytes));
    const std::unique_lock lock(mutex_);
    bytes_.zero(offset, length_bytes);
    return {};
}

} // namespace btrkit
