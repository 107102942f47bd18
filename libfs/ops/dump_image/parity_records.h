// SPDX-License-Identifier: MIT
// The parity of what a dump has: rows of raid5 and raid6 of which only tree blocks are there, and the rest is zero.
#pragma once

#include "libfs/ops/dump_image/block_job.h"

namespace btrkit::dump_image {

/// For blocks in ascending order, those in chunks without parity passed over. Fails with io.
Result<void> put_parity(const Source& source, std::span<const u64> addresses, DumpWriter& writer);

} // namespace btrkit::dump_image
