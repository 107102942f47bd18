// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/extents/stale_roots.h"

#include "libfs/space/extent_item.h"
#include "libfs/survey/scan/tree_rescan.h"

namespace btrkit::repair {

using namespace survey;

namespace {

std::optional<StaleRoot> judge_block(const Survey& survey, const Extent& extent) {
    const OwnedBlock owned(survey.filesystem.reader(),
                           {.address = {extent.bytenr}, .generation = extent.generation, .level = extent.level});
    if (!owned.is_proven()) {
        return std::nullopt;
    }
    const u64 owner = owned.block().header().owner;
    const auto* record = survey.roots.find(owner);
    if (record == nullptr || extent.generation <= record->item.generation) {
        return std::nullopt;
    }
    return StaleRoot{.tree = owner,
                     .generation = record->item.generation,
                     .newer = {extent.bytenr},
                     .newer_generation = extent.generation};
}

} // namespace

std::optional<StaleRoot> find_stale_root(Survey& survey, const TreeRoot& old_extents, const RangeSet& used_blocks,
                                         const std::set<u64>& settled) {
    std::optional<StaleRoot> found;
    rescan_leaves(survey, {.root = old_extents}, [&](const LeafVisit& leaf) {
        for (u32 slot = 0; slot < leaf.block.count() && !found; ++slot) {
            const auto extent = parse_extent(leaf.block.key(slot), leaf.block.item_data(slot), survey.geometry());
            if (extent && !extent->is_data() &&
                !used_blocks.intersects(range_from(extent->bytenr, extent->length_bytes))) {
                found = judge_block(survey, *extent);
                found = found && settled.contains(found->tree) ? std::nullopt : found;
            }
        }
    });
    return found;
}

} // namespace btrkit::repair
