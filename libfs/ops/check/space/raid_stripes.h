// SPDX-License-Identifier: MIT
// The raid stripe tree against the data that it has the places of.
#pragma once

#include "libfs/ops/check/context.h"

namespace btrkit::check {

/// Nothing where the filesystem has no raid stripe tree. After the extent tree and the checksum tree: data without
/// checksums may have been reserved only, and gets its stripes when it is written.
void check_raid_stripes(Context& context);

} // namespace btrkit::check
