// SPDX-License-Identifier: MIT
#include "libfs/ops/send/subvolume.h"

namespace btrkit::send {

Result<std::optional<Subvolume>> choose_parent(const Filesystem& filesystem, const Subvolume& subvolume,
                                               const std::vector<Subvolume>& candidates) {
    const auto origin = find_subvolume(filesystem, subvolume.parent_uuid);
    if (!origin || !*origin) {
        return origin;
    }
    std::optional<Subvolume> best;
    u64 best_distance = 0;
    for (const auto& candidate : candidates) {
        if (candidate.id() == (*origin)->id()) {
            return candidate;
        }
        if (candidate.parent_uuid != (*origin)->uuid) {
            continue;
        }
        const u64 distance = candidate.ctransid > (*origin)->ctransid ? candidate.ctransid - (*origin)->ctransid
                                                                      : (*origin)->ctransid - candidate.ctransid;
        if (!best || distance < best_distance) {
            best = candidate;
            best_distance = distance;
        }
    }
    return best;
}

} // namespace btrkit::send
