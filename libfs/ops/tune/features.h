// SPDX-License-Identifier: MIT
// Features switched on and off.
#pragma once

#include "libfs/ops/tune/change.h"

namespace btrkit::tune {

/// All that are wanted at once, whatever stands in which order. Returns the names of those that were so already. Fails
/// with refused where one needs another, and as set_space_trees().
Result<std::vector<std::string_view>> set_features(Transaction& transaction, const SetFeatures& wanted);

} // namespace btrkit::tune
