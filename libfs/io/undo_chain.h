// SPDX-License-Identifier: MIT
// The hashes that chain the records of an undo file: for its writer and its reader alone.
#pragma once

#include "formats/undo/undo_file.h"
#include "libfs/base/bytes.h"

#include <xxhash.h>

namespace btrkit {

inline u64 undo_hash(Bytes bytes, u64 seed) {
    return XXH64(bytes.data(), bytes.size(), seed);
}

/// Of a head with the link of the record before.
inline u64 undo_head_hash(const undo_format::RecordHead& head, u64 link_before) {
    return undo_hash(as_bytes_of(head).first(offsetof(undo_format::RecordHead, hash)), link_before);
}

} // namespace btrkit
