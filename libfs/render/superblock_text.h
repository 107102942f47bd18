// SPDX-License-Identifier: MIT
// A superblock as the peer's dump-super prints it, byte for byte.
#pragma once

#include "formats/btrfs/superblock.h"
#include "libfs/base/text_buffer.h"

#include <string_view>

namespace btrkit {

/// The heading and all fields that the peer prints, with an empty line behind them. Bits that the peer has no name
/// for (ERROR, VERITY, REMAP_TREE) are unknown here too; the JSON form names them.
/// full: also the system chunks and backup roots; damage of the array ends its list (system_chunk_items() tells).
void put_superblock(TextBuffer& out, const btrfs::Superblock& super, u64 offset, std::string_view device, bool full);

} // namespace btrkit
