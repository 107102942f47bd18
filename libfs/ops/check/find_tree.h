// SPDX-License-Identifier: MIT
// Trees as far as they are there.
#pragma once

#include "libfs/ops/check/context.h"

namespace btrkit::check {

/// The tree of that id, if it can be found. Whether it should be there is check_root_tree()'s matter.
std::optional<TreeRoot> find_tree(const Context& context, u64 id);

/// Whether devices and chunks are not what the image describes: a metadata dump of the first kind maps everything by
/// one system chunk, and its other items about devices, chunks and space are those of the original.
bool is_old_dump(const Context& context);

} // namespace btrkit::check
