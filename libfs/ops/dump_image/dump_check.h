// SPDX-License-Identifier: MIT
// The checks that chain the pieces of a dump: for its writer and its reader alone.
#pragma once

#include "formats/dump_image/dump_file.h"
#include "libfs/base/checksum.h"

namespace btrkit::dump_image {

inline u32 check_of_start(const dump_format::FileStart& start, std::span<const dump_format::DeviceEntry> devices) {
    const u32 of_start = crc32c_raw(~u32{0}, as_bytes_of(start).first(offsetof(dump_format::FileStart, check)));
    return crc32c_raw(of_start, std::as_bytes(devices));
}

inline u32 check_of_piece(const dump_format::PieceHead& head, Bytes body, u32 check_before) {
    const u32 of_head = crc32c_raw(check_before, as_bytes_of(head).first(offsetof(dump_format::PieceHead, check)));
    return crc32c_raw(of_head, body);
}

} // namespace btrkit::dump_image
