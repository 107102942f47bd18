// SPDX-License-Identifier: MIT
// All space of the new filesystem, as far as it is given out.
#pragma once

#include "libfs/space/block_group_space.h"

namespace btrkit::mkfs {

struct SpaceState {
    SpacePool system;
    SpacePool metadata;
    SpacePool data;

    u64 used_bytes() const { return system.used_bytes() + metadata.used_bytes() + data.used_bytes(); }

    /// All block groups by address.
    std::vector<const BlockGroupSpace*> groups() const {
        std::vector<const BlockGroupSpace*> all;
        for (const auto* pool : {&system, &metadata, &data}) {
            for (const auto& group : pool->groups()) {
                all.push_back(&group);
            }
        }
        std::ranges::sort(all, {}, &BlockGroupSpace::start);
        return all;
    }
};

} // namespace btrkit::mkfs
