// SPDX-License-Identifier: MIT
#include "libfs/survey/verify/fault.h"

#include <iterator>

namespace btrkit::survey {

void add_fault(std::vector<Fault>& faults, Fault fault) {
    if (!faults.empty() && fault.continues(faults.back())) {
        faults.back().range.end = fault.range.end;
        std::ranges::move(fault.doubtful, std::back_inserter(faults.back().doubtful));
    } else {
        faults.push_back(std::move(fault));
    }
}

void count_stripe(const VerifyUnit& unit, std::size_t stripe, u64 offset, ScrubCounts& counts) {
    const auto& extents = unit.extents[stripe];
    if (extents.data == 0 && extents.tree == 0) {
        return;
    }
    counts.data_extents_scrubbed += extents.data;
    counts.tree_extents_scrubbed += extents.tree;
    const std::size_t sectors = btrfs::raid_stripe_length / unit.sectorsize;
    const auto uses = std::span(unit.sectors).subspan(stripe * sectors);
    for (std::size_t i = 0; i < std::min(sectors, uses.size()); ++i) {
        const SectorUse use = uses[i];
        if (!is_used(use)) {
            continue;
        }
        (use == SectorUse::block ? counts.tree_bytes_scrubbed : counts.data_bytes_scrubbed) += unit.sectorsize;
        counts.no_csum += use == SectorUse::plain ? 1 : 0;
    }
    // Whole stripes, as the kernel tells it.
    const u64 start = unit.range.start + stripe * btrfs::raid_stripe_length;
    const u64 length = std::min<u64>(btrfs::raid_stripe_length, unit.range.end - start);
    counts.last_physical = std::max(counts.last_physical, offset + length);
}

} // namespace btrkit::survey
