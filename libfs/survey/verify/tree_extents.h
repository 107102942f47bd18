// SPDX-License-Identifier: MIT
// The extent tree as the source of what is used.
#pragma once

#include "libfs/survey/verify/extent_source.h"
#include "libfs/survey/verify/lost_ranges.h"
#include "libfs/tree/cursor.h"

namespace btrkit::survey {

/// What lies in lost leaves is handed out as Kind::lost, and remembered.
class TreeExtents final : public ExtentSource {
public:
    TreeExtents(const BlockReader& reader, const Promise& root) : reader_(reader), cursor_(reader, root) {}

    const UsedExtent* find(u64 at) override;
    /// By address, in bytes: extents that begin there may be used without being known.
    const LostRanges& lost() const { return lost_; }

private:
    void seek(u64 at);
    void step();
    void take_item();

    const BlockReader& reader_;
    Cursor cursor_;
    LostRanges lost_;
    std::optional<UsedExtent> pending_lost_; ///< comes before what the cursor stands on
    std::optional<UsedExtent> current_;
    u64 asked_ = 0;
    /// No extent that was seen is longer; to begin with, what fallocate() makes at once, which is the most that is
    /// known.
    u64 longest_bytes_ = u64{256} << 20;
    bool begun_ = false;
};

} // namespace btrkit::survey
