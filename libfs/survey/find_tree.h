// SPDX-License-Identifier: MIT
// Trees as far as they are there.
#pragma once

#include "libfs/survey/survey.h"

namespace btrkit::survey {

/// The tree of that id, if it can be found. Whether it should be there is the check's matter.
std::optional<TreeRoot> find_tree(const Survey& survey, u64 id);

/// Whether devices and chunks are not what the image describes: a metadata dump of the first kind maps everything by
/// one system chunk, and its other items about devices, chunks and space are those of the original.
bool is_old_dump(const Survey& survey);

} // namespace btrkit::survey
