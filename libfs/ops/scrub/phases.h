// SPDX-License-Identifier: MIT
// What scrub does beside verifying (survey/verify), each in a file of its own; scrub.cpp calls them in its order.
#pragma once

#include "libfs/ops/scrub/donor/donor.h"
#include "libfs/ops/scrub/fault_book.h"
#include "libfs/ops/scrub/scrub.h"
#include "libfs/survey/findings.h"
#include "libfs/survey/survey.h"
#include "libfs/survey/verify/scrub_counts.h"
#include "libfs/survey/verify/verify_mode.h"
#include "libfs/volume/mender.h"

namespace btrkit::scrub {

// redundancy.cpp: how much there is to read, and what missing devices have taken away.

/// Bytes that a scrub of all devices, or of one, will read of what the block groups say is used. Roughly: what is
/// needed besides is not counted.
u64 bytes_to_read(const Filesystem& filesystem, std::optional<u64> devid);

/// Chunks that miss devices, one entry for each type.
std::vector<ReducedChunks> reduced_chunks(const Filesystem& filesystem);

// superblocks.cpp: the superblock mirrors of all devices.

/// Opening the filesystem has looked at every mirror; this counts what it found, says what can be done about it, and
/// with a mender (not null) does it: a bad mirror is written anew from the one that speaks for its device. devid: only
/// those of that device.
void scrub_superblocks(const Filesystem& filesystem, std::optional<u64> devid, Mender* mender,
                       survey::Findings& findings, survey::DeviceCounts& counts);

/// Devices that have missed commits, after everything on them was verified and mended: gives them the newest superblock
/// (with their own device item, as the chunk tree has it), so that they count as whole again. A device on which
/// anything bad was left stays as it is, and all of them do where not everything was_covered. What was mended must have
/// been flushed.
void bring_up_stale_devices(const Filesystem& filesystem, Mender* mender, bool was_covered, survey::Findings& findings,
                            const survey::DeviceCounts& counts);

// written_ranges.cpp: what is only preallocated, or belongs to no file, may differ from copy to copy.

/// The parts of these ranges that some file reads as data. Looks at all leaves of all files once. Needs survey.roots.
/// Where leaves are lost, all of the ranges.
RangeSet written_ranges(survey::Survey& survey, const RangeSet& asked);

// lost_blocks.cpp: which keys are lost with tree blocks that have no good copy left.

/// Adds to findings about tree blocks of files that can't be mended which keys are lost with them, as what points to
/// them tells it. Looks at all nodes of all files, and only where there is such a finding. Needs survey.roots.
void find_lost_keys(survey::Survey& survey);

// donations.cpp: data that no copy has any more, from donors.

struct Donations {
    u64 donated_bytes = 0;         ///< of one copy; written, or only found
    std::set<UnitPlace> rows = {}; ///< addresses in chunks with parity whose data was written: parity is to be seen to
};

/// Looks in the donors for the data of which the findings say that no copy is good, and with a mender writes what has
/// the stored checksum over every bad copy. Settles findings and counts. Needs survey.roots.
Donations use_donations(survey::Survey& survey, const survey::VerifyMode& mode,
                        std::span<const std::unique_ptr<Donor>> donors, survey::DeviceCounts& counts);

} // namespace btrkit::scrub
