// SPDX-License-Identifier: MIT
// Subvolumes as streams are made of them.
#pragma once

#include "libfs/survey/subvolume.h"

#include <vector>

namespace btrkit::send {

using survey::find_subvolume;
using survey::Subvolume;

/// Which of the candidates a send of subvolume should be made against, as the peer picks it: what it is a snapshot of,
/// or else that other snapshot of it which is nearest in generations. Nothing: none of them.
Result<std::optional<Subvolume>> choose_parent(const Filesystem& filesystem, const Subvolume& subvolume,
                                               const std::vector<Subvolume>& candidates);

} // namespace btrkit::send
