// SPDX-License-Identifier: MIT
// What in rows of parity has a proof of its own: sectors with checksums, and tree blocks. Proves it, and rebuilds what
// is bad.
#pragma once

#include "libfs/survey/verify/parity_rows.h"

namespace btrkit::survey {

struct RowItem {
    u64 bytenr = 0;
    std::vector<RowSector> sectors = {};
    const Promise* promise = nullptr; ///< of a tree block; null: a sector with a checksum
    RowState found = RowState::bad;   ///< absent, unreadable or bad
    bool is_rebuilt = false;
    btrfs::CsumBytes computed = {};        ///< of a bad sector
    Problems problems = {};                ///< of a bad block
    std::vector<std::size_t> changed = {}; ///< which of the sectors are other bytes now
};

/// Proves all items; returns those that are not proven as they stand on the devices, by address, rebuilt in memory
/// where that can be done.
std::vector<RowItem> prove_row_items(const VerifyMode& mode, const VerifyUnit& unit, ParityRows& rows);

} // namespace btrkit::survey
