// SPDX-License-Identifier: MIT
// A superblock, and a chunk item, as JSON: everything that they hold.
#pragma once

#include "formats/btrfs/superblock.h"
#include "libfs/render/fields_json.h"

namespace btrkit {

/// The fields of a chunk item and its "stripes", as far as item goes; null where it is shorter than its fixed part.
Json chunk_json(Bytes item);

/// All fields by name. csum has as many digits as its algorithm makes (all 64 if that is unknown); sys_chunk_array is
/// {"items": [{"key", "chunk"}], "damage": text or null}, with a null chunk where the array is damaged; each of
/// the four backup_roots is an object, or null if it was never written.
Json superblock_json(const btrfs::Superblock& super);

} // namespace btrkit
