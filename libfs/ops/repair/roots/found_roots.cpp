// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/roots/found_roots.h"

#include "libfs/ops/repair/blocks/mend_block.h"
#include "libfs/space/extent_lookup.h"

#include <algorithm>

namespace btrkit::repair {

namespace {

constexpr std::size_t most_candidates = 16; ///< of one tree
constexpr std::size_t extent_cache_bytes = std::size_t{4} << 20;

bool is_likelier(const FoundRoot& one, const FoundRoot& other) {
    return std::pair(one.generation, one.level) > std::pair(other.generation, other.level);
}

/// Whether most of what it leads to is still there: of old roots, others may have taken the place of it.
bool leads_to_most(const Filesystem& filesystem, const TreeBlock& root, const Promise& promise) {
    if (root.is_leaf()) {
        return true;
    }
    u32 readable = 0;
    for (u32 slot = 0; slot < root.count(); ++slot) {
        const OwnedBlock child(filesystem.reader(), child_promise(root, slot, promise));
        readable += child.is_proven() ? 1 : 0;
    }
    return u64{readable} * 2 >= root.count();
}

} // namespace

Result<FoundRoots> FoundRoots::find(const Filesystem& filesystem, const RunContext& context) {
    FoundRoots found;
    const auto& geometry = filesystem.geometry();
    const auto look_at = [&](Bytes bytes, Logical address) {
        const auto facts = facts_of(BlockView(bytes));
        const FoundRoot root{.address = address, .generation = facts.generation, .level = facts.level};
        auto& known = found.candidates_[facts.owner];
        const bool is_late = known.size() == most_candidates && !is_likelier(root, known.back());
        if (facts.generation > geometry.generation || is_late ||
            std::ranges::find(known, address, &FoundRoot::address) != known.end() ||
            !has_right_checksum(geometry, bytes)) {
            return;
        }
        known.insert(std::ranges::upper_bound(known, root, is_likelier), root);
        known.resize(std::min(known.size(), most_candidates));
    };
    context.progress.begin_phase("looking for roots", 0, ProgressUnit::bytes);
    BTRKIT_TRY(visit_stored_blocks(filesystem, context, look_at));
    std::erase_if(found.candidates_, [](const auto& tree) { return tree.second.empty(); });
    return found;
}

std::vector<FoundRoot> FoundRoots::readable(const Filesystem& filesystem, u64 tree) const {
    std::vector<FoundRoot> readable;
    const auto candidates = candidates_.find(tree);
    if (candidates == candidates_.end()) {
        return readable;
    }
    const auto extent_tree = filesystem.find_tree(btrfs::extent_tree_id);
    BlockCache cache(filesystem.reader(), extent_cache_bytes);
    std::optional<TreeSearch> extents;
    if (extent_tree) {
        extents.emplace(cache, extent_tree->block);
    }
    for (auto root : candidates->second) {
        const Promise promise = {
            .address = root.address, .generation = root.generation, .level = root.level, .tree = tree};
        const OwnedBlock block(filesystem.reader(), promise);
        if (!block.is_proven() || !leads_to_most(filesystem, block.block(), promise)) {
            continue;
        }
        const auto extent = extents ? find_extent(*extents, root.address.bytenr, filesystem.geometry())
                                    : fail(ErrorKind::not_found, "there is no extent tree");
        root.is_recorded = extent && extent->record.generation == root.generation;
        readable.push_back(root);
    }
    return readable;
}

std::optional<FoundRoot> FoundRoots::newest(const Filesystem& filesystem, u64 tree, Preferred preferred) const {
    const auto roots = readable(filesystem, tree);
    if (roots.empty()) {
        return std::nullopt;
    }
    const auto highest = std::ranges::max_element(
        roots, {}, [](const FoundRoot& root) { return root.is_recorded ? int{root.level} : -1; });
    if (preferred == Preferred::youngest || !highest->is_recorded) {
        return roots.front();
    }
    const auto beside = std::ranges::count_if(
        roots, [&](const FoundRoot& root) { return root.is_recorded && root.level == highest->level; });
    if (beside == 1) {
        return *highest;
    }
    // They hang below a root that is lost.
    const auto above = std::ranges::find_if(roots, [&](const FoundRoot& root) { return root.level > highest->level; });
    return above != roots.end() ? std::optional(*above) : std::nullopt;
}

} // namespace btrkit::repair
