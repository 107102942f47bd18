// SPDX-License-Identifier: MIT
// raid5 and raid6: data against its checksums, and parity against the data.
#pragma once

#include "libfs/survey/verify/fault.h"
#include "libfs/survey/verify/unit.h"
#include "libfs/survey/verify/verify_mode.h"

namespace btrkit::survey {

/// Reads every stripe of the unit's rows once. What is bad is rebuilt from what is left and proven by its checksum;
/// what that proves helps to rebuild the rest. Then P and Q are compared with what the data gives, sector by sector
/// beside anything that is used, wherever all data there is known. With a mender, first the data and then the parity is
/// written: parity only beside data of which every used sector is proven. Needs a chunk with parity.
UnitResult verify_rows(const VerifyMode& mode, const VerifyUnit& unit, VerifyBuffer& buffer);

/// Whichever of verify_copies() and verify_rows() suits the chunk and the mode.
UnitResult verify_unit(const VerifyMode& mode, const VerifyUnit& unit, VerifyBuffer& buffer);

} // namespace btrkit::survey
