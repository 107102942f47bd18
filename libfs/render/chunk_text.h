// SPDX-License-Identifier: MIT
// Chunks and block group flags as the peer's dumps print them.
#pragma once

#include "libfs/base/text_buffer.h"

namespace btrkit {

/// "DATA|METADATA|single", "SYSTEM|RAID1C3"; nothing before '|' where no type bit is set, and "UNKNOWN.0x18" where
/// more than one profile bit is. Bits that are neither type nor profile are left out.
void put_block_group_flags(TextBuffer& out, u64 flags);

/// A chunk item with its stripes, in lines that begin with two tabs. Prints as far as item goes: nothing where it
/// is shorter than its fixed part. Returns whether item holds all stripes that it counts.
bool put_chunk_item(TextBuffer& out, Bytes item);

} // namespace btrkit
