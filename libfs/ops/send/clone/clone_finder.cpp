// SPDX-License-Identifier: MIT
#include "libfs/ops/send/clone/clone_finder.h"

#include "libfs/ops/send/clone/leaf_roots.h"
#include "libfs/ops/send/clone/sharing_leaves.h"

namespace btrkit::send {

/// Parts refer to each other: it stays where it was made.
struct CloneFinder::State {
    State(const Filesystem& filesystem, BlockCache& cache, const Promise& extent_tree, std::vector<u64> roots,
          u64 sent_tree)
        : candidates(std::move(roots), sent_tree), data_extents(cache, extent_tree), trees(filesystem, cache),
          leaf_roots(cache, extent_tree, trees), sharing_leaves(cache, trees, known_roots, candidates) {}

    std::optional<clone::References> references_to(const CloneQuery& query);
    void search(const CloneQuery& query, const clone::References& references);
    bool offer(const clone::SharingLeaf& leaf);
    std::span<const u64> usable_roots_of(u64 leaf);

    clone::WorkLimit limit;
    WorkBudget& work = limit.budget();
    clone::Candidates candidates;
    clone::ExtentLookup data_extents;
    clone::NamedTrees trees;
    clone::LeafRoots leaf_roots;
    clone::KnownRoots known_roots;
    clone::SharingLeaves sharing_leaves;
    std::vector<u64> usable_roots; ///< of the last leaf that was looked at
};

/// Nothing where no source is to be looked for.
std::optional<clone::References> CloneFinder::State::references_to(const CloneQuery& query) {
    const bool is_only_root = candidates.roots().size() == 1;
    const auto extent = data_extents.find(query.disk_bytenr);
    if (!extent || !extent->is_data() || extent->refs > clone::most_references || (extent->refs == 1 && is_only_root)) {
        return std::nullopt;
    }
    auto references = data_extents.references(work);
    if (references && is_only_root) {
        // The item in question can't be its own source, and nobody else's tree is asked for.
        std::erase_if(references->files, [&](const clone::FileReference& reference) {
            return reference.tree == query.leaf_owner && reference.inode == query.inode &&
                   reference.offset == query.file_offset - query.offset_in_extent;
        });
    }
    return references;
}

void CloneFinder::State::search(const CloneQuery& query, const clone::References& references) {
    if (sharing_leaves.find(query, references, work)) {
        return;
    }
    for (const clone::SharingLeaf& leaf : sharing_leaves.leaves()) {
        if (work.is_over() || offer(leaf)) {
            return;
        }
    }
}

bool CloneFinder::State::offer(const clone::SharingLeaf& leaf) {
    for (const u64 root : usable_roots_of(leaf.address)) {
        for (const clone::Place& place : leaf.places) {
            if (!work.spend(1) || candidates.offer(place, root)) {
                return true;
            }
        }
    }
    return false;
}

/// Those that may be cloned from.
std::span<const u64> CloneFinder::State::usable_roots_of(u64 leaf) {
    if (const auto known = known_roots.find(leaf)) {
        return *known;
    }
    usable_roots.clear();
    std::ranges::copy_if(leaf_roots.of(leaf, work), std::back_inserter(usable_roots),
                         [this](u64 root) { return candidates.may_clone_from(root); });
    if (!work.is_over()) {
        known_roots.remember(leaf, usable_roots);
    }
    return usable_roots;
}

CloneFinder::CloneFinder(const Filesystem& filesystem, BlockCache& cache, std::vector<u64> roots, u64 sent_tree) {
    if (const auto extent_tree = filesystem.find_tree(btrfs::extent_tree_id)) {
        state_ = std::make_unique<State>(filesystem, cache, extent_tree->block, std::move(roots), sent_tree);
    }
}

CloneFinder::~CloneFinder() = default;
CloneFinder::CloneFinder(CloneFinder&&) noexcept = default;

std::optional<CloneSource> CloneFinder::find(const CloneQuery& query) {
    if (state_ == nullptr) {
        return std::nullopt;
    }
    state_->limit.begin();
    state_->candidates.begin(query);
    const auto references = state_->references_to(query);
    if (!references) {
        return std::nullopt;
    }
    state_->search(query, *references);
    return state_->work.is_over() ? std::nullopt : state_->candidates.best();
}

} // namespace btrkit::send
