// SPDX-License-Identifier: MIT
// Data against its checksums.
#pragma once

#include "libfs/ops/check/context.h"

namespace btrkit::check {

/// Reads all copies of all data that has checksums, chunk by chunk and copy by copy. Copies on missing devices are
/// passed over, and so is what parity could rebuild. Returns the bytes that it has read. Needs check_csum_tree().
u64 check_data(Context& context);

} // namespace btrkit::check
