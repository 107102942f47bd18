// SPDX-License-Identifier: MIT
// The checksum tree, and which data has no checksums.
#pragma once

#include "libfs/ops/check/context.h"

namespace btrkit::check {

/// Scans the checksum tree; compares what it covers with the data that the extent tree knows. Fills
/// context.space.data_without_csum. Needs scan_extent_tree().
void check_csum_tree(Context& context);

} // namespace btrkit::check
