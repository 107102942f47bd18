// SPDX-License-Identifier: MIT
// What is wrong with extents, told from all references to them that trees hold and that the extent tree records.
#pragma once

#include "libfs/ops/check/context.h"

namespace btrkit::check {

struct HeldReference {
    survey::Reference reference;
    Logical block; ///< that holds it; 0: it is the reference to a tree's root
    u64 tree = 0;  ///< through which the block was reached
    btrfs::Key key = {};
};

struct RecordedReference {
    survey::Reference reference;
    u64 count = 0;
};

/// Both lists are complete for the extents that they name; they are sorted here.
void judge_references(Context& context, std::vector<HeldReference>& held, std::vector<RecordedReference>& recorded);

} // namespace btrkit::check
