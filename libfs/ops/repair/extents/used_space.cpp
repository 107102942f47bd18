// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/extents/used_space.h"

#include "libfs/ops/repair/extents/range_collector.h"
#include "libfs/survey/scan/file_tree_roots.h"
#include "libfs/survey/scan/tree_rescan.h"

#include <mutex>

namespace btrkit::repair {

using namespace survey;

namespace {

/// Takes what blocks refer to.
class SpaceCollector final : public ReferenceSink {
public:
    void hold(const Reference& reference, const ReferenceHolder*, u32) override {
        const Range range = range_from(reference.bytenr, reference.length_bytes);
        const std::lock_guard lock(mutex_);
        if (reference.kind == Reference::Kind::block) {
            blocks_.add(range);
        } else {
            ++references_[reference.bytenr / granule_bytes];
            if (reference.kind == Reference::Kind::data || reference.kind == Reference::Kind::shared_data) {
                data_.add(range);
            }
        }
    }
    void record(const Reference&, u64) override {}

    UsedSpace finish() && {
        return {.blocks = std::move(blocks_).finish(),
                .data = std::move(data_).finish(),
                .references = std::move(references_)};
    }

private:
    std::mutex mutex_;
    RangeCollector blocks_;
    RangeCollector data_;
    std::map<u64, u64> references_;
};

/// Marks the blocks that their owner's tree does not reach.
class OwnerWalk final : public ScanHandler {
public:
    OwnerWalk(Survey& survey, std::span<const ScanRoot> roots) : survey_(survey), roots_(roots) {}

    std::unique_ptr<LeafResult> work(const LeafVisit&, Problems&) override { return nullptr; }

    void accept(const ScanStep& step, const LeafVisit*, std::unique_ptr<LeafResult>) override {
        using Kind = ScanStep::Kind;
        const u64 tree = roots_[step.root].root.id;
        switch (step.kind) {
        case Kind::tree_begin: is_own_.assign(1, tree != btrfs::tree_reloc_id); return;
        case Kind::node_begin: is_own_.push_back(mark(step, tree)); return;
        case Kind::leaf: mark(step, tree); return;
        case Kind::node_end: is_own_.pop_back(); return;
        case Kind::tree_end:
        case Kind::again:
        case Kind::lost: return;
        }
    }

private:
    /// Whether the tree owns the block, and all above it. What a balance has moved it owns still.
    bool mark(const ScanStep& step, u64 tree) {
        const bool is_own = is_own_.back() && step.facts.owner == tree;
        if (step.is_first && (!is_own || step.facts.is_relocated)) {
            survey_.full_backref.set(step.promise.address.bytenr / survey_.geometry().sectorsize);
        }
        return is_own;
    }

    Survey& survey_;
    std::span<const ScanRoot> roots_;
    std::vector<bool> is_own_;
};

class Nothing final : public ScanHandler {
public:
    std::unique_ptr<LeafResult> work(const LeafVisit&, Problems&) override { return nullptr; }
    void accept(const ScanStep&, const LeafVisit*, std::unique_ptr<LeafResult>) override {}
};

} // namespace

WalkedTrees walked_trees(const Survey& survey, const std::set<u64>& left_out) {
    WalkedTrees trees{.alone = alone_tree_roots(survey.filesystem, survey.roots),
                      .files = file_tree_roots(survey.roots)};
    std::erase_if(trees.alone, [&](const ScanRoot& root) { return left_out.contains(root.root.id); });
    return trees;
}

Result<UsedSpace> find_used_space(Survey& survey, const WalkedTrees& trees) {
    SpaceCollector space;
    SparseBits visited;
    Nothing nothing;
    OwnerWalk owners(survey, trees.files);
    const bool is_whole =
        scan_blocks(survey, trees.alone, {.thorough = false, .sink = &space, .visited = &visited}, nothing) &&
        scan_blocks(survey, trees.files, {.shares = true, .thorough = false, .sink = &space, .visited = &visited},
                    owners);
    if (survey.run.stop.stop_requested()) {
        return fail(ErrorKind::cancelled, "stopped; nothing was changed");
    }
    if (!is_whole) {
        return fail(ErrorKind::damaged, "blocks of other trees are lost, so what is in use can't be known");
    }
    return std::move(space).finish();
}

RangeSet readable_blocks(Survey& survey, const TreeRoot& tree) {
    SpaceCollector space;
    SparseBits visited;
    Nothing nothing;
    const ScanRoot root{.root = tree};
    scan_blocks(survey, {&root, 1}, {.thorough = false, .sink = &space, .visited = &visited}, nothing);
    return std::move(space).finish().blocks;
}

} // namespace btrkit::repair
