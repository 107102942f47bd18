// SPDX-License-Identifier: MIT
// Trees that the superblock's features promise.
#pragma once

#include "libfs/ops/check/context.h"

namespace btrkit::check {

/// The tree of that id. Where it is not there that is told; where the root tree is damaged, what tells of it has been.
std::optional<TreeRoot> find_wanted_tree(Context& context, u64 id);

/// Whether devices and chunks are not what the image describes: a metadata dump of the first kind maps everything by
/// one system chunk, and its other items about devices, chunks and space are those of the original.
bool is_old_dump(const Context& context);

} // namespace btrkit::check
