// SPDX-License-Identifier: MIT
#include "libfs/ops/resize/next_step.h"

#include <algorithm>

namespace btrkit::resize {

namespace {

/// A window that is smaller is not worth two commits.
constexpr u64 least_window_bytes = mib;

bool are_free(const DeviceRanges& places, const ChunkMap& chunks) {
    const auto taken = places_of(chunks.chunks());
    return std::ranges::all_of(places, [&](const auto& entry) {
        const auto found = taken.find(entry.first);
        return found == taken.end() || std::ranges::none_of(entry.second.ranges(), [&](Range range) {
                   return found->second.intersects(range);
               });
    });
}

class Stepper {
public:
    Stepper(const SpaceUse& use, const ChunkMap& chunks, const Target& target, const Progressed& before)
        : use_(use), chunks_(chunks), target_(target), before_(before),
          dense_(dense_chunks(use, chunks, target.ends, before.packed)), sizes_(sizes_now(use)) {}

    Result<Step> next() {
        if (before_.window) {
            return fill_window();
        }
        if (!target_.is_packed) {
            auto clearing = plan_clearing(use_, chunks_, {}, target_.ends);
            if (clearing && leaves_reserve(use_, chunks_, *clearing, target_.ends)) {
                return last(std::move(*clearing));
            }
        }
        if (is_packed(use_, chunks_, target_.ends)) {
            return last({});
        }
        auto packing = plan_packing(use_, chunks_, dense_, target_.ends);
        if (!packing && before_.packed.empty()) {
            dense_.clear();
            packing = plan_packing(use_, chunks_, dense_, target_.ends);
        }
        if (!packing && target_.may_exceed) {
            packing = plan_packing(use_, chunks_, dense_, sizes_);
        }
        if (!packing) {
            return fail(ErrorKind::no_space, "there is no room for everything below that size");
        }
        if (are_free(places_of(packing->relocation.new_chunks), chunks_)) {
            return last(std::move(packing->relocation));
        }
        if (auto clearing = plan_clearing(use_, chunks_, window(~u64{0}), sizes_)) {
            return Step{.relocation = std::move(*clearing), .then = before_};
        }
        if (auto trimming = plan_trimming(use_, chunks_)) {
            return Step{.relocation = std::move(*trimming), .then = before_};
        }
        return clear_window();
    }

private:
    static Step last(Relocation relocation) {
        return {.relocation = std::move(relocation), .is_last = true, .then = {}};
    }

    u64 packed_until(u64 devid) const {
        const auto found = before_.packed.find(devid);
        return found == before_.packed.end() ? reserved_at_device_start : found->second;
    }

    /// So many bytes of each device behind what is packed, without what is dense.
    DeviceRanges window(u64 bytes) const {
        auto ranges = DeviceRanges();
        auto dense = places_of(dense_);
        for (const auto& [devid, end] : target_.ends) {
            const u64 start = packed_until(devid);
            RangeSet all;
            all.append({start, std::min(end, range_from(start, bytes).end)});
            ranges[devid] = difference(all, dense[devid]);
        }
        return ranges;
    }

    /// The largest window behind what is packed that can be cleared, halving it until one can.
    Result<Step> clear_window() {
        u64 bytes = 0;
        for (const auto& [devid, end] : target_.ends) {
            bytes = std::max(bytes, end - std::min(end, packed_until(devid)));
        }
        for (bytes /= 2; bytes >= least_window_bytes; bytes /= 2) {
            auto cleared = window(bytes);
            if (auto clearing = plan_clearing(use_, chunks_, cleared, sizes_)) {
                Progressed then = before_;
                then.window = std::move(cleared);
                return Step{.relocation = std::move(*clearing), .then = std::move(then)};
            }
        }
        return fail(ErrorKind::no_space, "there is too little free space to move anything about: grow the image first, "
                                         "or delete something");
    }

    Result<Step> fill_window() {
        Progressed then = before_;
        then.window.reset();
        auto part = plan_part(use_, chunks_, dense_, *before_.window);
        if (!part) {
            then.packed = ends_of(*before_.window);
            return Stepper(use_, chunks_, target_, then).next();
        }
        then.packed = ends_of(places_of(part->new_chunks));
        return Step{.relocation = std::move(*part), .then = std::move(then)};
    }

    /// Where the last of these bytes ends on each device, or what is packed.
    DeviceSizes ends_of(const DeviceRanges& places) const {
        DeviceSizes ends;
        for (const auto& [devid, end] : target_.ends) {
            const auto found = places.find(devid);
            const bool is_there = found != places.end() && !found->second.empty();
            ends[devid] = std::max(packed_until(devid), is_there ? found->second.ranges().back().end : 0);
        }
        return ends;
    }

    const SpaceUse& use_;
    const ChunkMap& chunks_;
    const Target& target_;
    const Progressed before_;
    std::vector<Chunk> dense_;
    DeviceSizes sizes_;
};

} // namespace

Result<Step> next_step(const SpaceUse& use, const ChunkMap& chunks, const Target& target, const Progressed& before) {
    return Stepper(use, chunks, target, before).next();
}

} // namespace btrkit::resize
