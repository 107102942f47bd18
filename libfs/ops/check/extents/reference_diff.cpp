// SPDX-License-Identifier: MIT
#include "libfs/ops/check/phases.h"

#include "libfs/ops/check/extents/extent_refs.h"
#include "libfs/ops/check/extents/reference_judge.h"
#include "libfs/survey/scan/block_references.h"
#include "libfs/survey/scan/file_tree_roots.h"
#include "libfs/survey/scan/tree_rescan.h"

#include <bitset>
#include <mutex>

namespace btrkit::check {

using namespace survey;

namespace {

using Buckets = std::bitset<ReferenceSums::bucket_count>;

/// Keeps the references of some buckets.
class Collector final : public ReferenceSink {
public:
    explicit Collector(const Buckets& buckets) : buckets_(buckets) {}

    void hold(const Reference& reference, const ReferenceHolder* holder, u32 slot) override {
        if (!wants(reference)) {
            return;
        }
        HeldReference held{.reference = reference};
        if (holder != nullptr) {
            held.block = holder->address;
            held.tree = holder->tree;
            held.key = holder->block.count() > slot ? holder->block.key(slot) : btrfs::Key{};
        }
        const std::lock_guard lock(mutex_);
        held_.push_back(held);
    }
    void record(const Reference& reference, u64 count) override {
        if (wants(reference)) {
            recorded_.push_back({reference, count});
        }
    }

    std::vector<HeldReference>& held() { return held_; }
    std::vector<RecordedReference>& recorded() { return recorded_; }

private:
    bool wants(const Reference& reference) const { return buckets_.test(ReferenceSums::bucket_of(reference.bytenr)); }

    const Buckets& buckets_;
    std::mutex mutex_;
    std::vector<HeldReference> held_;
    std::vector<RecordedReference> recorded_;
};

/// The extent tree's side once more.
void collect_recorded(Context& context, const TreeRoot& extent_tree, ReferenceSink& sink) {
    std::optional<Extent> extent;
    rescan_leaves(context, {.root = extent_tree}, [&](const LeafVisit& leaf) {
        for (u32 slot = 0; slot < leaf.block.count(); ++slot) {
            const auto key = leaf.block.key(slot);
            const Bytes body = leaf.block.item_data(slot);
            if (const auto found = parse_extent(key, body, context.geometry())) {
                extent = found;
                record_item(*extent, sink);
                record_inline_refs(*extent, key, body, sink);
            } else if (is_keyed_ref(key.type) && extent && extent->bytenr == key.objectid) {
                record_keyed_refs(*extent, key, body, sink);
            }
        }
    });
}

/// The trees' side once more: all trees, in the way in which they were scanned first.
void collect_held(Context& context, ReferenceSink& sink) {
    SparseBits visited;
    rescan_references(context, alone_tree_roots(context.filesystem, context.roots), false, visited, sink);
    rescan_references(context, file_tree_roots(context.roots), true, visited, sink);
}

} // namespace

void check_references(Context& context) {
    const auto* extent_tree = context.roots.find(btrfs::extent_tree_id);
    const auto unbalanced = context.references.unbalanced();
    if (extent_tree == nullptr || unbalanced.empty()) {
        return;
    }
    const u64 wanted_bytes =
        context.references.count() / ReferenceSums::bucket_count * unbalanced.size() * sizeof(HeldReference);
    const std::size_t part_count = 1 + static_cast<std::size_t>(wanted_bytes / (context.run.memory_bytes / 2 + 1));
    const std::size_t part_size = (unbalanced.size() + part_count - 1) / part_count;
    for (std::size_t begin = 0; begin < unbalanced.size() && !context.run.stop.stop_requested(); begin += part_size) {
        Buckets buckets;
        for (std::size_t i = begin; i < std::min(begin + part_size, unbalanced.size()); ++i) {
            buckets.set(unbalanced[i]);
        }
        Collector collector(buckets);
        collect_recorded(context, extent_tree->root, collector);
        collect_held(context, collector);
        judge_references(context, collector.held(), collector.recorded());
    }
}

} // namespace btrkit::check
