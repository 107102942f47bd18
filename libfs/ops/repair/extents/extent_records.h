// SPDX-License-Identifier: MIT
// All extents as the trees know them, with everyone who refers to them: what the extent tree has to say.
//
//  1. Divide the addresses into windows, so that the references to what begins in one fit into memory.
//  2. For each window, go through all trees once more and take the references that lead into it; and from the old
//     extent tree, as far as it can be read, what only that knows: when an extent was made, and whom it counts for.
//  3. Sort them, and make a record of each extent.
#pragma once

#include "libfs/ops/repair/extents/used_space.h"
#include "libfs/space/extent_record.h"

#include <functional>

namespace btrkit::repair {

/// Where what only the old extent tree knows comes from.
struct OldExtents {
    const TreeRoot* tree = nullptr; ///< null: there is none
    bool has_quota_owners = false;  ///< simple quotas are kept: each data extent says whom it counts for
};

/// Visits them by address. A data extent is as old as the old extent tree says, where that can be, and else as the
/// oldest file extent that refers to it. The survey's full_backref is that of find_used_space(). Fails with damaged
/// where trees contradict each other (extents overlap, or have several lengths), and where an extent lies in no chunk
/// of its kind; with cancelled; as visit() does.
Result<void> for_each_record(survey::Survey& survey, const WalkedTrees& trees, const UsedSpace& used,
                             const OldExtents& old, const std::function<Result<void>(const ExtentRecord&)>& visit);

} // namespace btrkit::repair
