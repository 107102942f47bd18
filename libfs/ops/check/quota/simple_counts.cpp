// SPDX-License-Identifier: MIT
#include "formats/btrfs/item_types.h"
#include "libfs/base/ordered_pipeline.h"
#include "libfs/ops/check/quota/group_counts.h"
#include "libfs/space/extent_item.h"
#include "libfs/tree/block_batch.h"
#include "libfs/tree/extent_ref.h"

namespace btrkit::check {

using namespace survey;

namespace {

using BytesOfOwner = std::map<u64, u64>;

/// Leaves of the extent tree on their way to what they say about owners.
struct LeafJob {
    explicit LeafJob(u32 nodesize)
        : buffer(std::make_unique_for_overwrite<std::byte[]>(BlockBatch::size_bytes)),
          batch({buffer.get(), BlockBatch::size_bytes}, nodesize) {}

    std::unique_ptr<std::byte[]> buffer;
    BlockBatch batch;
    BytesOfOwner found;
    bool has_lost = false;
};

void add_data(const TreeBlock& leaf, const Geometry& geometry, u64 oldest, BytesOfOwner& found) {
    for (u32 slot = 0; slot < leaf.count(); ++slot) {
        const auto key = leaf.key(slot);
        const Bytes body = leaf.item_data(slot);
        const auto extent = parse_extent(key, body, geometry);
        if (!extent || !extent->is_data() || key.type != btrfs::item_type::extent_item || extent->generation < oldest) {
            continue;
        }
        const auto first_ref = InlineRefs(inline_refs_of(*extent, key, body)).next();
        if (first_ref && first_ref->type == btrfs::item_type::extent_owner_ref) {
            found[first_ref->root] += extent->length_bytes;
        }
    }
}

/// Adds the data extents that name their owners. False where extent items are lost.
bool add_owned_data(Context& context, const TreeRoot& extent_tree, u64 oldest, BytesOfOwner& sums) {
    const auto& reader = context.filesystem.reader();
    TreeWalk walk(reader, extent_tree.block, WalkOrder::leaves_only);
    bool is_whole = true;
    const auto make = [&]() -> std::unique_ptr<LeafJob> {
        auto job = std::make_unique<LeafJob>(reader.nodesize());
        job->batch.gather(walk);
        return job->batch.size() == 0 ? nullptr : std::move(job);
    };
    const auto work = [&](LeafJob& job) {
        job.batch.read(reader);
        for (std::size_t i = 0; i < job.batch.size(); ++i) {
            if (job.batch.result(i).proven) {
                add_data(job.batch.result(i).block(), reader.geometry(), oldest, job.found);
            } else {
                job.has_lost = true;
            }
        }
    };
    const auto finish = [&](const LeafJob& job) {
        is_whole = is_whole && !job.has_lost && !context.run.stop.stop_requested();
        for (const auto& [owner, bytes] : job.found) {
            sums[owner] += bytes;
        }
        return is_whole;
    };
    run_ordered(context.run.parallelism, make, work, finish);
    return is_whole;
}

/// By subvolume. Nothing where it can't be told.
std::optional<BytesOfOwner> bytes_of_owners(Context& context, const GroupMembers& members, u64 oldest) {
    // Who shares what does not matter here: all are one.
    std::vector<NumberedRoot> roots(members.roots().begin(), members.roots().end());
    for (auto& root : roots) {
        root.number = 0;
    }
    RootSets everybody(1, 2);
    auto sharing = measure_sharing(context, roots, everybody, {.data = false, .oldest = oldest});
    auto gap = std::move(sharing.gap);
    for (const auto& record : context.roots.records) {
        const bool is_extent_tree = record.id() == btrfs::extent_tree_id;
        if (is_extent_tree && !add_owned_data(context, record.root, oldest, sharing.block_bytes_of_owner)) {
            gap = "extent items are lost";
        }
    }
    if (members.sets().has_overflowed()) {
        gap = "groups have too many members for the memory that may be used";
    }
    if (!gap.empty()) {
        context.findings.report(ProblemCode::not_checked, {.tree = btrfs::quota_tree_id},
                                "numbers of quota groups: " + gap);
        return std::nullopt;
    }
    return std::move(sharing.block_bytes_of_owner);
}

} // namespace

GroupCounts count_simple(Context& context, const QuotaTree& quota) {
    const GroupMembers members(context, quota);
    const auto bytes = bytes_of_owners(context, members, quota.status->enable_generation);
    if (!bytes) {
        return std::nullopt;
    }
    std::map<RootSets::Id, u64> of_sets;
    std::map<u64, CountedBytes> counts;
    for (const auto& [id, group] : quota.groups) {
        const auto [known, is_new] = of_sets.try_emplace(members.of_group(id), 0);
        if (is_new) {
            for (const u32 number : members.sets().members(known->first)) {
                const auto found = bytes->find(members.subvolume(number));
                known->second += found == bytes->end() ? 0 : found->second;
            }
        }
        counts[id] = {.referenced = known->second, .exclusive = known->second};
    }
    return counts;
}

} // namespace btrkit::check
