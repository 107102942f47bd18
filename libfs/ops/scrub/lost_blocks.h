// SPDX-License-Identifier: MIT
// Which keys are lost with tree blocks that have no good copy left.
#pragma once

#include "libfs/survey/survey.h"

namespace btrkit::scrub {

/// Adds to findings about tree blocks of files that can't be mended which keys are lost with them, as what points to
/// them tells it. Looks at all nodes of all files, and only where there is such a finding. Needs survey.roots.
void find_lost_keys(survey::Survey& survey);

} // namespace btrkit::scrub
