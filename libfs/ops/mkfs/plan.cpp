// SPDX-License-Identifier: MIT
#include "formats/btrfs/objectids.h"
#include "libfs/ops/mkfs/mkfs.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

namespace btrkit::mkfs {

namespace {

/// Metadata that the kernel wants free before it lets anyone write: its own reserve and a transaction's worth.
u64 kernel_reserve_bytes(const Parameters& parameters) {
    return std::max<u64>(4 * mib, u64{768} * parameters.geometry.nodesize);
}

/// What the kernel wants free before it adds a chunk: both paths of an insertion into the chunk tree.
u64 system_reserve_bytes(const Parameters& parameters) {
    return u64{3} * btrfs::max_level_count * parameters.geometry.nodesize;
}

class Planner {
public:
    Planner(const SourceTree& source, const PlanOptions& options, const RunContext& context)
        : source_(source), options_(options), context_(context) {}

    Result<Plan> make() {
        BTRKIT_TRY_ASSIGN(auto parameters,
                          settle_parameters(options_.requests, options_.device_sizes.size(), plan_.warnings));
        plan_.parameters = std::move(parameters);
        plan_.trees = std::make_unique<TreePlan>(source_);
        if (plan_.trees->default_tree() != btrfs::fs_tree_id) {
            plan_.parameters.add_incompat(btrfs::incompat_default_subvol);
        }
        BTRKIT_TRY(check_minimum());
        BTRKIT_TRY(check_maximum());
        BTRKIT_TRY(rehearse(DataDepth::sizes));
        auto layout = fitting_layout();
        // What does not fit uncompressed, or is to be as small as can be, is compressed once to know.
        const bool wants_exact = options_.sizing == Sizing::least || !layout;
        if (wants_exact && plan_.parameters.compression.algorithm != btrfs::Compression::none) {
            BTRKIT_TRY(rehearse(DataDepth::contents));
            layout = fitting_layout();
        }
        if (!layout) {
            return too_small();
        }
        plan_.layout = std::move(*layout);
        return std::move(plan_);
    }

private:
    /// An empty filesystem is as large as the peer wants it; for a filled one what fits is enough.
    Result<void> check_minimum() const {
        const bool is_empty = source_.inodes.size() == 1;
        const u64 least = min_device_bytes(plan_.parameters);
        for (const u64 size : options_.device_sizes) {
            if (is_empty && options_.sizing == Sizing::given && size < least) {
                return fail(ErrorKind::no_space,
                            fmt::format("a device of {} bytes is too small: such a filesystem needs {} bytes on "
                                        "each device, {} bytes are missing",
                                        size, least, least - size));
            }
        }
        return {};
    }

    /// The superblock has the sum of all devices, in 64 bits.
    Result<void> check_maximum() const {
        u64 total = 0;
        for (const u64 size : options_.device_sizes) {
            if (size > std::numeric_limits<u64>::max() - total) {
                return fail(ErrorKind::no_space,
                            "the devices are too large: a filesystem can't have 16 EiB or more together "
                            "(--size or --byte-count uses less of each)");
            }
            total += size;
        }
        return {};
    }

    /// Builds the whole image into nothing, to know how much it takes.
    Result<void> rehearse(DataDepth depth) {
        const Parameters& parameters = plan_.parameters;
        RunContext context = context_;
        if (depth == DataDepth::contents) {
            context.progress.begin_phase("compressing to know the size", plan_.totals.file_bytes, ProgressUnit::bytes);
        } else {
            context.progress = {}; // it takes no time
        }
        const BuildOrder order = {
            .parameters = parameters, .plan = *plan_.trees, .writer = nullptr, .depth = depth, .run = context};
        BTRKIT_TRY_ASSIGN(const auto image, build_image(order, boundless_layout(parameters)));
        Totals& totals = plan_.totals;
        totals = {.inode_count = source_.inodes.size(), .subvolume_count = plan_.trees->trees().size() - 1};
        for (const auto& inode : source_.inodes) {
            for (const auto& range : inode.data) {
                totals.file_bytes += range.length;
            }
        }
        totals.data_bytes = image.space.data.used_bytes();
        totals.metadata_bytes = image.space.metadata.used_bytes() + image.space.system.used_bytes();
        totals.is_exact = depth == DataDepth::contents || parameters.compression.algorithm == btrfs::Compression::none;
        return {};
    }

    SpaceNeeds needs() const {
        const Parameters& parameters = plan_.parameters;
        const Totals& totals = plan_.totals;
        const u64 nodesize = parameters.geometry.nodesize;
        // The rehearsal knew one chunk of each kind. Of the true ones none is below 64 MiB unless it is the last; each
        // takes an item of a few hundred bytes in five trees.
        const u64 chunk_count = 4 + (totals.data_bytes + totals.metadata_bytes) / (64 * mib);
        const u64 item_bytes = 256 + sizeof(btrfs::StripeItem) * std::max<u64>(parameters.device_uuids.size(), 2);
        const u64 chunk_items = round_up(2 * chunk_count * item_bytes, nodesize) + 2 * nodesize;
        SpaceNeeds needs = {.system = chunk_items + system_reserve_bytes(parameters),
                            .metadata =
                                totals.metadata_bytes + chunk_items + 4 * nodesize + kernel_reserve_bytes(parameters),
                            .data = totals.data_bytes};
        if (parameters.compression.algorithm != btrfs::Compression::none && needs.data > 0) {
            // A compressed extent lies in one piece: a little may be lost at the end of each chunk.
            needs.data += (2 + needs.data / gib) * max_compressed_extent_bytes;
        }
        return needs;
    }

    std::optional<Layout> fitting_layout() const {
        if (options_.sizing == Sizing::given) {
            auto roomy = lay_out(plan_.parameters, options_.device_sizes, needs(), Fit::roomy);
            return roomy ? roomy : lay_out(plan_.parameters, options_.device_sizes, needs(), Fit::tight);
        }
        auto least = least_layout();
        for (std::size_t i = 0; least && i < options_.device_sizes.size(); ++i) {
            const u64 bound = options_.device_sizes[i];
            u64& size = least->devices[i].size_bytes;
            size += options_.slack_bytes;
            if (bound != 0 && size > bound) {
                return std::nullopt;
            }
        }
        return least;
    }

    std::optional<Layout> least_layout() const {
        const std::vector<u64> unbound(options_.device_sizes.size(), 0);
        return lay_out(plan_.parameters, unbound, needs(), Fit::tight);
    }

    /// Whether it would fit, if each device had so many bytes more.
    bool fits_with(u64 more_bytes) const {
        std::vector<u64> sizes;
        sizes.reserve(options_.device_sizes.size());
        for (const u64 size : options_.device_sizes) {
            sizes.push_back(size + more_bytes > options_.slack_bytes ? size + more_bytes - options_.slack_bytes : 1);
        }
        return lay_out(plan_.parameters, sizes, needs(), Fit::tight).has_value();
    }

    std::unexpected<Error> too_small() const {
        u64 not_enough = 0;
        u64 enough = btrfs::raid_stripe_length;
        while (!fits_with(enough) && enough < gib * gib) {
            not_enough = enough;
            enough *= 2;
        }
        while (enough - not_enough > btrfs::raid_stripe_length) {
            const u64 middle = round_down((enough + not_enough) / 2, btrfs::raid_stripe_length);
            (fits_with(middle) ? enough : not_enough) = middle;
        }
        const bool alone = options_.device_sizes.size() == 1;
        return fail(ErrorKind::no_space, fmt::format("the content does not fit: {} bytes are missing{}", enough,
                                                     alone ? "" : " on each device"));
    }

    const SourceTree& source_;
    const PlanOptions& options_;
    const RunContext& context_;
    Plan plan_;
};

} // namespace

Result<Plan> plan(const SourceTree& source, const PlanOptions& options, const RunContext& context) {
    return Planner(source, options, context).make();
}

} // namespace btrkit::mkfs
