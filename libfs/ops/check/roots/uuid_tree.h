// SPDX-License-Identifier: MIT
// The index from uuids to subvolumes, by which receive finds its parents.
#pragma once

#include "libfs/ops/check/context.h"

namespace btrkit::check {

/// After check_root_tree(). Scans the uuid tree, if there is one. Where it is older than the filesystem the kernel will
/// look through it anyway: then what is wrong with it is one note.
void check_uuid_tree(Context& context);

} // namespace btrkit::check
