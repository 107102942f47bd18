// SPDX-License-Identifier: MIT
// The extents that are to be: which parts of old ones each is made of. Where they go is not said here.
#pragma once

#include "libfs/ops/defragment/atoms.h"

namespace btrkit::defragment {

/// As large as the kernel makes them.
inline constexpr u64 most_extent_bytes = 128 * mib;

/// A part of an old extent.
struct Source {
    u32 extent = 0;
    u64 begin = 0; ///< in it, unpacked
    u64 end = 0;
    bool begins_run = false; ///< as ExtentLayout means it

    u64 length() const { return end - begin; }
};

struct PlannedExtent {
    std::vector<Source> sources;
    u32 file = 0;          ///< where the scan of files has first come to it
    bool is_whole = false; ///< an old one that is not cut
};

/// By the order in which files show them, those of one file together. Extents that not all are known of who refer to
/// them are not among them.
std::vector<PlannedExtent> plan_extents(const DataExtents& extents, const Atoms& atoms);

} // namespace btrkit::defragment
