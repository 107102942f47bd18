// SPDX-License-Identifier: MIT
// How much there is to read, and what missing devices have taken away.
#pragma once

#include "libfs/ops/scrub/scrub.h"

namespace btrkit::scrub {

/// Bytes that a scrub of all devices, or of one, will read of what the block groups say is used. Roughly: what is
/// needed besides is not counted.
u64 bytes_to_read(const Filesystem& filesystem, std::optional<u64> devid);

/// Chunks that miss devices, one entry for each type.
std::vector<ReducedChunks> reduced_chunks(const Filesystem& filesystem);

} // namespace btrkit::scrub
