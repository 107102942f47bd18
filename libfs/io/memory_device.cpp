// SPDX-License-Identifier: MIT
#include "libfs/io/memory_device.h"

#include <algorithm>

namespace btrkit {

Result<void> MemoryDevice::read(u64 offset, MutableBytes out) const {
    BTRKIT_TRY(check_range("read", offset, out.size()));
    std::copy_n(bytes_.data() + offset, out.size(), out.data());
    return {};
}

Result<void> MemoryDevice::write(u64 offset, Bytes bytes) {
    BTRKIT_TRY(check_range("write", offset, bytes.size()));
    std::ranges::copy(bytes, bytes_.data() + offset);
    return {};
}

Result<void> MemoryDevice::discard(u64 offset, u64 length_bytes) {
    BTRKIT_TRY(check_range("discard", offset, length_bytes));
    std::fill_n(bytes_.data() + offset, length_bytes, std::byte{0});
    return {};
}

} // namespace btrkit
