// SPDX-License-Identifier: MIT
// Of each finding, what becomes of it (internal to this room).
#pragma once

#include "libfs/ops/repair/repair.h"

namespace btrkit::repair {

/// All findings that are not notes. Nothing at all is to be made where what space is in use can't be known.
std::vector<Fix> make_plan(const survey::Findings& findings, const Options& options);

/// row: what is to be done about it, or null. before: why a surer row of that code does not do it, or empty.
void choose(Fix& fix, const RepairRow* row, const Options& options, const std::string& before);

/// The findings that are gone with blocks that were mended.
std::vector<Fix> mended_fixes(const survey::Findings& before, const survey::Findings& after);

} // namespace btrkit::repair
