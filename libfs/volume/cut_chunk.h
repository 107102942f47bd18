// SPDX-License-Identifier: MIT
// A chunk that is cut at its ends and stays where it is.
#pragma once

#include "libfs/volume/chunk_rows.h"

namespace btrkit {

/// The chunk that has these addresses of that one, each in the same places on the devices. part: whole rows of the
/// chunk, at least one; the last row of all may be short.
Chunk cut_chunk(const Chunk& chunk, Range part);

} // namespace btrkit
