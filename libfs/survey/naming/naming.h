// SPDX-License-Identifier: MIT
// Whose it is that is damaged: the subvolumes and files behind numbers.
#pragma once

#include "libfs/survey/survey.h"

namespace btrkit::survey {

/// Fills `affected` of the findings. Last of all. Bounded in time and memory, whatever the number of findings and of
/// snapshots: what would be too much is left out, and the finding says that there is more.
void name_affected(Survey& survey);

} // namespace btrkit::survey
