// SPDX-License-Identifier: MIT
// The checksums that a log has of data.
#pragma once

#include "libfs/base/range_set.h"
#include "libfs/replay/log_tree.h"

namespace btrkit::replay {

/// Puts those of these bytes, whole sectors, that the checksum tree has not. What the log has none of stays without.
Result<void> put_logged_csums(LogTree& log, TreeBuffer& csum_tree, const Geometry& geometry, Range bytes);

} // namespace btrkit::replay
