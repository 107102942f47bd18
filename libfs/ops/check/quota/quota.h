// SPDX-License-Identifier: MIT
// Quota groups: whether they and their relations are complete, and whether they count what is so.
#pragma once

#include "libfs/ops/check/context.h"

namespace btrkit::check {

/// After check_root_tree(). Scans the quota tree and, where its numbers claim to be right (or options.qgroups_only asks
/// for them), counts what each group should have. Returns all groups in order of their ids; counted_* are zero where
/// nothing was counted.
std::vector<QgroupCount> check_quota(Context& context);

} // namespace btrkit::check
