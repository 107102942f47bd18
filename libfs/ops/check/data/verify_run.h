// SPDX-License-Identifier: MIT
// One run of data against its checksums.
#pragma once

#include "libfs/ops/check/data/data_runs.h"

namespace btrkit::check {

/// Neighbouring sectors that share a fate.
struct BadData {
    u64 start = 0; ///< logical, in bytes
    u64 end = 0;
    bool is_readable = false;
    bool has_good_copy = false;     ///< another copy, plain or rebuilt, has the checksums
    btrfs::CsumBytes stored = {};   ///< of the first sector
    btrfs::CsumBytes computed = {}; ///< likewise; only where it is readable

    bool continues(const BadData& before) const {
        return start == before.end && is_readable == before.is_readable && has_good_copy == before.has_good_copy;
    }
};

/// Reads the run into buffer (DataRun::most_bytes long) and returns what is wrong with it, by address. What lies on
/// missing devices is passed over. Any thread.
std::vector<BadData> verify_run(const Filesystem& filesystem, const DataRun& run, MutableBytes buffer);

} // namespace btrkit::check
