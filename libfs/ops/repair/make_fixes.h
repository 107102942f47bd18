// SPDX-License-Identifier: MIT
// The plan carried out in a transaction, part by part (internal to this room).
#pragma once

#include "libfs/ops/repair/ground.h"
#include "libfs/ops/repair/repair.h"

namespace btrkit::repair {

/// Whether all is made. Otherwise what could not be made is out of the plan now, and the transaction is to be dropped.
Result<bool> make_fixes(Transaction& transaction, const Ground& ground, std::vector<Fix>& plan, const Options& options,
                        const RunContext& context);

} // namespace btrkit::repair
