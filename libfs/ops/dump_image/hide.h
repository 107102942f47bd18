// SPDX-License-Identifier: MIT
// Blocks and superblocks without what is nobody's business.
#pragma once

#include "formats/dump_image/dump_file.h"
#include "libfs/base/bytes.h"
#include "libfs/volume/geometry.h"

namespace btrkit::dump_image {

using dump_format::Privacy;

/// Whether bytes say of themselves that they are the tree block of that address: by address, fsid or checksum.
bool is_recognizable(Bytes block, u64 address, const Geometry& geometry);

/// Whether its checksum is right, and its address.
bool is_sound(Bytes block, u64 address, const Geometry& geometry);

/// A recognizable block: what is not part of its header, items or pointers becomes zero, what items hold is hidden as
/// privacy says, and the checksum is made right, or as wrong as it was. Of a block that is not sound, only what can be
/// understood is kept. Nothing changes for Privacy::nothing.
void hide_in_block(MutableBytes block, u64 address, const Geometry& geometry, Privacy privacy);

/// Bytes that are no tree block: zeros where they are, something else where they are not.
void hide_foreign(MutableBytes bytes, Privacy privacy);

/// The label of a superblock.
void hide_in_superblock(btrfs::Superblock& super, Privacy privacy);

} // namespace btrkit::dump_image
