// SPDX-License-Identifier: MIT
// Which data was ever written: what is only preallocated, or belongs to no file, may differ from copy to copy.
#pragma once

#include "libfs/survey/survey.h"

namespace btrkit::scrub {

/// The parts of these ranges that some file reads as data. Looks at all leaves of all files once. Needs survey.roots.
/// Where leaves are lost, all of the ranges.
RangeSet written_ranges(survey::Survey& survey, const RangeSet& asked);

} // namespace btrkit::scrub
