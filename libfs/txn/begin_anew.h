// SPDX-License-Identifier: MIT
// A tree that can't be believed, begun anew (internal to libfs/txn).
#pragma once

#include "libfs/tree/item_sink.h"
#include "libfs/txn/workspace.h"

#include <functional>

namespace btrkit {

/// From now on the tree has what fill() adds, in key order; what waited for it is dropped. Its blocks until now are
/// nobody's: they are neither read nor counted, nor given back. The tree must share none. Fails as fill() does, and
/// with no_space.
Result<void> begin_anew(Workspace& workspace, u64 tree, const std::function<Result<void>(ItemSink&)>& fill);

} // namespace btrkit
