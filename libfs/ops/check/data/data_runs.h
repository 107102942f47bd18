// SPDX-License-Identifier: MIT
// All data that has checksums, cut into runs, in the order in which the devices should be read.
#pragma once

#include "libfs/ops/check/context.h"
#include "libfs/tree/cursor.h"

namespace btrkit::check {

/// Neighbouring sectors of one copy of one chunk, and their checksums one behind the other.
struct DataRun {
    static constexpr u64 most_bytes = u64{1} << 20;

    const Chunk* chunk = nullptr;
    unsigned mirror = 0;
    Logical start = {};
    u64 length_bytes = 0;
    std::vector<std::byte> checksums = {};
};

/// Copies that can be read without rebuilding them from parity.
unsigned plain_copies(const Chunk& chunk);

/// Chunk by chunk, of each chunk copy by copy, and of each copy by address. Sectors that no extent holds are left out:
/// what stands there is anything.
class DataRuns {
public:
    DataRuns(Context& context, const BlockRef& csum_root)
        : context_(context), cursor_(context.filesystem.reader(), csum_root) {}

    /// Makes the next run. False at the end.
    bool next(DataRun& run);
    /// What all runs together will have, roughly.
    u64 total_bytes() const;

private:
    bool begin_pass();
    bool fill(DataRun& run);
    bool take(DataRun& run);
    Range wanted_part(Range range) const;

    Context& context_;
    Cursor cursor_;
    std::size_t chunk_ = 0;
    unsigned mirror_ = 0; ///< 0: no pass has begun
    u64 position_ = 0;    ///< what lies before it was handed out in this pass
};

} // namespace btrkit::check
