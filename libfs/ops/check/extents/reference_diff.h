// SPDX-License-Identifier: MIT
// The second look at references, where the sums say that trees and extent tree differ: which, and how.
#pragma once

#include "libfs/ops/check/context.h"

namespace btrkit::check {

/// Reports every extent about which the trees and the extent tree disagree. Costs nothing where they agree. Memory is
/// bounded by RunContext::memory_bytes: the buckets that differ are looked at in as many passes as that takes.
void check_references(Context& context);

} // namespace btrkit::check
