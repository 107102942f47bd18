// SPDX-License-Identifier: MIT
// The checksums of units, read along the checksum tree.
#pragma once

#include "libfs/fs/filesystem.h"
#include "libfs/survey/verify/lost_ranges.h"
#include "libfs/survey/verify/unit.h"

namespace btrkit::survey {

class ChecksumSource {
public:
    ChecksumSource(const Filesystem& filesystem, const Promise& root)
        : geometry_(filesystem.geometry()), cursor_(filesystem.reader(), root) {}

    /// Gives data in the unit its checksums: what has one becomes summed, also where nobody knows whether it is used.
    /// Quick where units ascend.
    void fill(VerifyUnit& unit);
    /// The first address from there on that has a checksum; the greatest of all where none has.
    u64 first_from(u64 bytenr);
    /// By address, in bytes: data there may have checksums that can't be read.
    const LostRanges& lost() const { return lost_; }

private:
    void stand_at(u64 bytenr);
    bool is_on_item() const;
    u64 item_end() const;
    void take_item(VerifyUnit& unit) const;

    const Geometry& geometry_;
    Cursor cursor_;
    LostRanges lost_;
    std::optional<u64> reached_; ///< checksums of what lies before it are behind the cursor
};

} // namespace btrkit::survey
