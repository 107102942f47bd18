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

/// What a part of an extent takes on the devices; of a packed extent its share.
inline u64 stored_bytes(const DataExtent& extent, const Source& source) {
    return extent.is_compressed() ? extent.disk.length() * source.length() / extent.plain_bytes : source.length();
}

struct PlannedExtent {
    std::vector<Source> sources;
    u32 file = 0;          ///< where the scan of files has first come to it
    bool is_whole = false; ///< an old one that is not cut
};

/// By the order in which files show them, those of one file together. Extents that not all are known of who refer to
/// them are not among them.
std::vector<PlannedExtent> plan_extents(const DataExtents& extents, const Atoms& atoms, const JoinRules& rules);

/// Fills extents with parts of old ones, as large as they may be.
class ExtentPacker {
public:
    explicit ExtentPacker(std::vector<PlannedExtent>& planned) : planned_(planned) {}

    /// Parts that may not come apart. May they, they are cut where an extent is full.
    void add(std::span<const Source> unit, u32 file, bool may_be_cut);
    /// What comes next is another extent.
    void close();

private:
    void put(Source source);

    std::vector<PlannedExtent>& planned_;
    PlannedExtent open_;
    u64 open_bytes_ = 0;
};

} // namespace btrkit::defragment
