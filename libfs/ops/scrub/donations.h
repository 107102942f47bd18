// SPDX-License-Identifier: MIT
// Data that no copy has any more, from donors.
#pragma once

#include "libfs/ops/scrub/donor/donor.h"
#include "libfs/ops/scrub/fault_book.h"
#include "libfs/survey/survey.h"
#include "libfs/survey/verify/verify_mode.h"

namespace btrkit::scrub {

struct Donations {
    u64 donated_bytes = 0;         ///< of one copy; written, or only found
    std::set<UnitPlace> rows = {}; ///< addresses in chunks with parity whose data was written: parity is to be seen to
};

/// Looks in the donors for the data of which the findings say that no copy is good, and with a mender writes what has
/// the stored checksum over every bad copy. Settles findings and counts. Needs survey.roots.
Donations use_donations(survey::Survey& survey, const survey::VerifyMode& mode,
                        std::span<const std::unique_ptr<Donor>> donors, survey::DeviceCounts& counts);

} // namespace btrkit::scrub
