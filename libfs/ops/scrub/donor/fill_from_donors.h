// SPDX-License-Identifier: MIT
// Looks for lost sectors in all donors.
#pragma once

#include "libfs/ops/scrub/donor/donor.h"
#include "libfs/volume/geometry.h"

#include <span>
#include <vector>

namespace btrkit::scrub {

/// A sector of data of which no copy is good.
struct LostSector {
    u64 bytenr = 0;
    btrfs::CsumBytes stored = {};    ///< its checksum
    std::vector<Wanted> places = {}; ///< where in files it is
    bool filled = false;             ///< use() took bytes for it
    std::string from = {};           ///< what had them: the name of a donor, or where in it they were found
};

/// Is given bytes that have the stored checksum, once for each sector; says whether they were put to use.
using UseBytes = std::function<bool(LostSector& sector, Bytes bytes)>;

/// First every donor is asked for what it has at the places of each sector. What is still lost then may be anywhere in
/// a donor, and each is searched once - but not with crc32c, where 32 bits of equality prove too little of bytes from
/// just anywhere. geometry: that of the filesystem which has lost the sectors. Those that are filled already are left
/// alone.
void fill_from_donors(std::span<LostSector> lost, std::span<const std::unique_ptr<Donor>> donors,
                      const Geometry& geometry, const StopToken& stop, const UseBytes& use);

} // namespace btrkit::scrub
