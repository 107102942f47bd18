// SPDX-License-Identifier: MIT
// Of each finding, what becomes of it (internal to this room).
#pragma once

#include "libfs/ops/repair/repair.h"

namespace btrkit::repair {

/// All findings that are not notes. Nothing at all is to be made where what space is in use can't be known.
std::vector<Fix> make_plan(const survey::Findings& findings, const Options& options);

/// The findings that are gone with blocks that were mended.
std::vector<Fix> mended_fixes(const survey::Findings& before, const survey::Findings& after);

} // namespace btrkit::repair
