// SPDX-License-Identifier: MIT
// Of each finding, what becomes of it (internal to this room).
#pragma once

#include "libfs/ops/repair/repair.h"

namespace btrkit::repair {

/// All findings that are not notes. Nothing at all is to be made where what space is in use can't be known.
std::vector<Fix> make_plan(const survey::Findings& findings, const Options& options);

} // namespace btrkit::repair
