// SPDX-License-Identifier: MIT
#include "libfs/ops/mkfs/image/item_buffer.h"

namespace btrkit::mkfs {

ItemBuffer& ItemBuffer::add_bytes(Bytes bytes) {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    return *this;
}

} // namespace btrkit::mkfs
