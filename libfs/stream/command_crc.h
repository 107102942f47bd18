// SPDX-License-Identifier: MIT
// The checksum of a command (internal to libfs/stream).
#pragma once

#include "formats/send/stream.h"
#include "libfs/base/checksum.h"

#include <initializer_list>

namespace btrkit {

/// The crc that belongs into header, whatever stands there; payload in as many pieces as it is in.
inline u32 command_crc(btrfs::send::CommandHeader header, std::initializer_list<Bytes> payload) {
    header.crc = 0;
    u32 crc = crc32c_raw(0, as_bytes_of(header));
    for (const Bytes piece : payload) {
        crc = crc32c_raw(crc, piece);
    }
    return crc;
}

} // namespace btrkit
