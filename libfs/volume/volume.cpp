// SPDX-License-Identifier: MIT
#include "libfs/volume/volume.h"

#include "libfs/base/names.h"
#include "libfs/volume/stripe_map.h"

#include <limits>

#include <fmt/format.h>

namespace btrkit {

Member& Volume::join(u64 devid, const btrfs::Uuid& uuid) {
    Member& member = members_.try_emplace(devid, Member{.devid = devid, .uuid = uuid}).first->second;
    if (member.device == nullptr) {
        adopt_seed(member, uuid);
    }
    return member;
}

void Volume::adopt_seed(Member& member, const btrfs::Uuid& uuid) {
    const auto seed = std::ranges::find_if(
        seeds_, [&](const Seed& candidate) { return candidate.devid == member.devid && candidate.uuid == uuid; });
    if (seed == seeds_.end()) {
        return;
    }
    member.device = seed->device;
    member.uuid = uuid;
    member.generation = seed->generation;
    seeds_.erase(seed);
}

bool Volume::add_chunk(Chunk chunk) {
    const std::vector<Stripe> stripes = chunk.stripes;
    if (!chunks_.add(std::move(chunk))) {
        return false;
    }
    for (const Stripe& stripe : stripes) {
        join(stripe.devid, stripe.dev_uuid);
    }
    return true;
}

void Volume::add_device_item(const btrfs::DevItem& item) {
    Member& member = join(item.devid, item.uuid);
    if (member.device == nullptr) {
        member.uuid = item.uuid;
    } else if (member.uuid != item.uuid) {
        device_problems_.push_back({ProblemCode::super_devices_disagree,
                                    {.device = member.device->name()},
                                    fmt::format("device {} has uuid {}, but the chunk tree says {}", member.devid,
                                                uuid_text(member.uuid), uuid_text(item.uuid))});
    }
}

void Volume::report_devices(const ProblemSink& report) const {
    for (const auto& [devid, member] : members_) {
        if (member.device == nullptr) {
            report({ProblemCode::device_missing, {}, fmt::format("device {}, uuid {}", devid, uuid_text(member.uuid))});
        }
    }
    for (const Seed& seed : seeds_) {
        report({ProblemCode::device_foreign,
                {.device = seed.device->name()},
                fmt::format("a seed with fsid {}, which this filesystem does not use", uuid_text(seed.fsid))});
    }
    for (const Problem& problem : device_problems_) {
        report(problem);
    }
}

unsigned Volume::mirror_count(Logical at) const {
    const Chunk* chunk = chunks_.find(at);
    return chunk == nullptr ? 0 : btrkit::mirror_count(*chunk);
}

std::vector<unsigned> Volume::mirror_order(Logical at) const {
    std::vector<unsigned> mirrors(mirror_count(at));
    std::ranges::generate(mirrors, [mirror = 0U]() mutable { return ++mirror; });
    if (const Chunk* chunk = chunks_.find(at); chunk != nullptr) {
        std::ranges::sort(mirrors, {},
                          [&](unsigned mirror) { return std::pair(reluctance(*chunk, at, mirror), mirror); });
    }
    return mirrors;
}

unsigned Volume::preferred_mirror(const Chunk& chunk, Logical at) const {
    unsigned best = 0;
    int least = std::numeric_limits<int>::max();
    for (unsigned mirror = 1; least > 0 && mirror <= btrkit::mirror_count(chunk); ++mirror) {
        if (const int now = reluctance(chunk, at, mirror); now < least) {
            best = mirror;
            least = now;
        }
    }
    return best;
}

/// 0: nothing against it. A rebuilding is better than a stale device, and anything is better than a missing one.
int Volume::reluctance(const Chunk& chunk, Logical at, unsigned mirror) const {
    if (is_rebuilt(chunk, mirror)) {
        return 1;
    }
    const auto member = members_.find(map_stripe(chunk, at, 1, mirror).physical.devid);
    if (member == members_.end() || member->second.device == nullptr) {
        return 3;
    }
    return member->second.stale ? 2 : 0;
}

const BlockDevice* Volume::device_of(u64 devid) const {
    const auto member = members_.find(devid);
    return member == members_.end() ? nullptr : member->second.device;
}

} // namespace btrkit
