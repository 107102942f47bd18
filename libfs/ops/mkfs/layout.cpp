// SPDX-License-Identifier: MIT
#include "libfs/ops/mkfs/layout.h"

#include <algorithm>
#include <numeric>

namespace btrkit::mkfs {

namespace {

/// No device is larger, and sums of a few still fit 64 bits.
constexpr u64 boundless = u64{1} << 56;

/// How long the stripes of a kind of chunk are, as mkfs.btrfs makes them.
struct StripePolicy {
    u64 most;
    u64 most_of_chunk; ///< that one copy of all stripes has, parity among them
    u64 least;         ///< that a tenth of the filesystem may be raised to
};

StripePolicy policy_of(u64 type, u64 total_bytes) {
    if ((type & btrfs::block_group_system) != 0) {
        return {8 * mib, 16 * mib, 1 * mib};
    }
    if ((type & btrfs::block_group_metadata) != 0) {
        const u64 most = total_bytes > 50 * gib ? gib : 256 * mib;
        return {most, most, (type & btrfs::block_group_data) != 0 ? 8 * mib : 32 * mib};
    }
    return {gib, 10 * gib, 64 * mib};
}

class ChunkPlanner {
public:
    ChunkPlanner(const Parameters& parameters, std::span<const u64> device_sizes)
        : allocator_(devices_of(parameters, device_sizes), Logical{reserved_at_device_start}),
          total_bytes_(std::accumulate(device_sizes.begin(), device_sizes.end(), u64{0})) {}

    /// Chunks of the type, until `needed` bytes fit. first_stripe_bytes: of the first one, where that is not the
    /// policy's.
    bool add_roomy(std::vector<Chunk>& chunks, u64 type, u64 needed, std::optional<u64> first_stripe_bytes = {}) {
        u64 usable = 0;
        do {
            const u64 wanted = chunks.empty() && first_stripe_bytes ? *first_stripe_bytes : policy_stripe_bytes(type);
            auto chunk = allocator_.allocate(type, wanted, std::min(mib, wanted));
            if (!chunk) {
                return false;
            }
            usable += BlockGroupSpace(*chunk).left_bytes();
            chunks.push_back(std::move(*chunk));
        } while (usable < needed);
        return true;
    }

    /// The same, with stripes no longer than needed.
    bool add_tight(std::vector<Chunk>& chunks, u64 type, u64 needed) {
        for (u64 usable = 0; usable < needed || chunks.empty();) {
            auto chunk = allocate_tight(type, std::max<u64>(needed, 1) - usable);
            if (!chunk) {
                return false;
            }
            usable += BlockGroupSpace(*chunk).left_bytes();
            chunks.push_back(std::move(*chunk));
        }
        return true;
    }

    std::vector<DeviceSpace> devices() const { return {allocator_.devices().begin(), allocator_.devices().end()}; }

private:
    static std::vector<DeviceSpace> devices_of(const Parameters& parameters, std::span<const u64> sizes) {
        std::vector<DeviceSpace> devices;
        for (std::size_t i = 0; i < sizes.size(); ++i) {
            const u64 size = sizes[i] == 0 ? boundless : round_down(sizes[i], parameters.geometry.sectorsize);
            devices.push_back({.devid = i + 1, .uuid = parameters.device_uuids[i], .size_bytes = size});
        }
        return devices;
    }

    /// As long as the policy says, but all stripes together at most a tenth of the filesystem.
    u64 policy_stripe_bytes(u64 type) const {
        const StripePolicy policy = policy_of(type, total_bytes_);
        ChunkAllocator trial = allocator_;
        const auto chunk = trial.allocate(type, btrfs::raid_stripe_length, btrfs::raid_stripe_length);
        const u64 stripes = chunk ? chunk->stripes.size() : 1;
        const u64 stripes_of_copy = chunk ? stripes / chunk->profile().copies : 1;
        const u64 most = std::min(
            {policy.most, policy.most_of_chunk / stripes_of_copy, std::max(policy.least, total_bytes_ / 10 / stripes)});
        return round_down(most, btrfs::raid_stripe_length);
    }

    /// Room for `needed` bytes beside what superblock mirrors take of the chunk.
    std::optional<Chunk> allocate_tight(u64 type, u64 needed) {
        const u64 most = gib;
        const u32 data_stripes = std::max<u32>(allocator_.data_stripes(type), 1);
        u64 stripe_bytes = round_up((needed + data_stripes - 1) / data_stripes, btrfs::raid_stripe_length);
        for (;; stripe_bytes += btrfs::raid_stripe_length) {
            ChunkAllocator trial = allocator_;
            auto chunk = trial.allocate(type, std::min(stripe_bytes, most), btrfs::raid_stripe_length);
            if (!chunk) {
                return std::nullopt;
            }
            const bool grows = chunk->stripe_length_bytes() == stripe_bytes && stripe_bytes < most;
            if (!grows || BlockGroupSpace(*chunk).left_bytes() >= needed) {
                allocator_ = std::move(trial);
                return chunk;
            }
        }
    }

    ChunkAllocator allocator_;
    u64 total_bytes_;
};

/// The first data chunk of an almost empty filesystem, as the peer makes it.
constexpr u64 first_single_data_bytes = 8 * mib;

bool lay_out_roomy(ChunkPlanner& planner, const Parameters& parameters, const SpaceNeeds& needs, Layout& layout) {
    if (!planner.add_roomy(layout.system, parameters.system_type(), needs.system) ||
        !planner.add_roomy(layout.metadata, parameters.metadata_type(), needs.metadata)) {
        return false;
    }
    if (parameters.mixed && needs.data == 0) {
        return true;
    }
    const bool starts_small = parameters.data_profile == 0 && needs.data <= first_single_data_bytes;
    return planner.add_roomy(layout.data, parameters.data_type(), needs.data,
                             starts_small ? std::optional(first_single_data_bytes) : std::nullopt);
}

bool lay_out_tight(ChunkPlanner& planner, const Parameters& parameters, const SpaceNeeds& needs, Layout& layout) {
    return planner.add_tight(layout.system, parameters.system_type(), needs.system) &&
           planner.add_tight(layout.metadata, parameters.metadata_type(), needs.metadata) &&
           (needs.data == 0 || planner.add_tight(layout.data, parameters.data_type(), needs.data));
}

} // namespace

std::vector<const Chunk*> Layout::chunks() const {
    std::vector<const Chunk*> all;
    for (const auto* kind : {&system, &metadata, &data}) {
        for (const auto& chunk : *kind) {
            all.push_back(&chunk);
        }
    }
    std::ranges::sort(all, {}, &Chunk::start);
    return all;
}

ChunkMap Layout::chunk_map() const {
    ChunkMap map;
    for (const auto* chunk : chunks()) {
        map.add(*chunk);
    }
    return map;
}

SpaceState Layout::space() const {
    const auto pool = [](const std::vector<Chunk>& chunks) { return SpacePool({chunks.begin(), chunks.end()}); };
    return {.system = pool(system), .metadata = pool(metadata), .data = pool(data)};
}

void Layout::drop_data_chunks(std::size_t keep) {
    for (; data.size() > keep; data.pop_back()) {
        for (const auto& stripe : data.back().stripes) {
            devices[stripe.devid - 1].allocated.erase(range_from(stripe.offset, data.back().stripe_length_bytes()));
        }
    }
}

std::optional<Layout> lay_out(const Parameters& parameters, std::span<const u64> device_sizes, const SpaceNeeds& needs,
                              Fit fit) {
    ChunkPlanner planner(parameters, device_sizes);
    Layout layout;
    const bool fits = fit == Fit::roomy ? lay_out_roomy(planner, parameters, needs, layout)
                                        : lay_out_tight(planner, parameters, needs, layout);
    if (!fits) {
        return std::nullopt;
    }
    layout.devices = planner.devices();
    for (std::size_t i = 0; i < device_sizes.size(); ++i) {
        if (device_sizes[i] == 0) {
            layout.devices[i].size_bytes = layout.devices[i].allocated_end();
        }
    }
    return layout;
}

Layout boundless_layout(const Parameters& parameters) {
    // Beyond what superblock mirrors lie in, so that nothing is cut.
    u64 next = boundless;
    const auto chunk_of = [&](u64 type) {
        Chunk chunk = {.start = {next},
                       .length = boundless,
                       .type = type & btrfs::block_group_type_mask,
                       .sub_stripes = 1,
                       .stripes = {{.devid = 1, .offset = next, .dev_uuid = {}}}};
        next += boundless;
        return chunk;
    };
    Layout layout;
    layout.system.push_back(chunk_of(parameters.system_type()));
    layout.metadata.push_back(chunk_of(parameters.metadata_type()));
    layout.data.push_back(chunk_of(parameters.data_type()));
    for (std::size_t i = 0; i < parameters.device_uuids.size(); ++i) {
        layout.devices.push_back({.devid = i + 1, .uuid = parameters.device_uuids[i], .size_bytes = boundless});
    }
    return layout;
}

u64 min_device_bytes(const Parameters& parameters) {
    const auto stripes_on_device = [](u64 profile) { return profile == btrfs::block_group_dup ? u64{2} : u64{1}; };
    if (parameters.mixed) {
        // What the kernel keeps in reserve for metadata of this node size, with room for both of its uses.
        const u64 reserve = u64{parameters.geometry.nodesize} * 1024;
        return 2 * (4 * mib + reserve);
    }
    const u64 temporary = mib + 4 * mib + 16 * mib;
    const u64 metadata =
        parameters.metadata_profile == 0 ? 16 * mib : stripes_on_device(parameters.metadata_profile) * 40 * mib;
    const u64 data = parameters.data_profile == 0 ? 8 * mib : stripes_on_device(parameters.data_profile) * 64 * mib;
    return temporary + metadata + data;
}

} // namespace btrkit::mkfs
