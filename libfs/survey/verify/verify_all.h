// SPDX-License-Identifier: MIT
// Units made, verified on all cores, and accepted in order: what every verb that reads data in bulk stands on.
#pragma once

#include "libfs/base/parallelism.h"
#include "libfs/survey/verify/verify_rows.h"

#include <functional>

namespace btrkit::survey {

/// Makes the next unit; false at the end. One call at a time.
using NextUnit = std::function<bool(VerifyUnit&)>;
/// Accepts what was found, in the order in which units were made, one at a time; says whether to go on.
using AcceptResult = std::function<bool(const VerifyUnit&, UnitResult&)>;

/// Memory: as many units as run at once, each VerifyUnit::usual_bytes at most, or one row of stripes.
void verify_all(const VerifyMode& mode, Parallelism parallelism, const NextUnit& next, const AcceptResult& accept);

} // namespace btrkit::survey
