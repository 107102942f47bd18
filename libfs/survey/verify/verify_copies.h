// SPDX-License-Identifier: MIT
// All stored copies of what a unit holds, against checksums and promises, and, where there are none, among each other.
#pragma once

#include "libfs/survey/verify/fault.h"
#include "libfs/survey/verify/unit.h"
#include "libfs/survey/verify/verify_mode.h"

namespace btrkit::survey {

/// Reads copy by copy, each byte once, and once more only where something is bad; looks then for a good copy, also one
/// that is rebuilt from parity. With a mender, bad copies are written anew from good ones, which are proven once more
/// on the bytes that are written. Copies on missing devices are passed over. Faults stand by mirror and address.
UnitResult verify_copies(const VerifyMode& mode, const VerifyUnit& unit, VerifyBuffer& buffer);

} // namespace btrkit::survey
