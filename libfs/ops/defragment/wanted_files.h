// SPDX-License-Identifier: MIT
// The files that the user asks for, by the extents that they show.
#pragma once

#include "libfs/ops/defragment/data_extents.h"

namespace btrkit::defragment {

struct Selection {
    std::vector<std::string> paths = {}; ///< empty: all files of all subvolumes
    bool is_recursive = false;           ///< directories with all files below them, but not the subvolumes
    Range bytes = {0, ~u64{0}};          ///< of each file: extents that are seen there

    bool is_everything() const { return paths.empty() && bytes == Range{0, ~u64{0}}; }
};

/// All other extents are to be left alone. Fails with not_found, with usage where a path is no file, or a directory and
/// it is not recursive, with damaged and cancelled.
Result<void> leave_others_alone(const Filesystem& filesystem, const Selection& selection, DataExtents& extents,
                                const RunContext& context);

} // namespace btrkit::defragment
