// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/extents/rebuild_extents.h"

#include "libfs/base/names.h"
#include "libfs/ops/repair/extents/extent_records.h"
#include "libfs/ops/repair/extents/stale_roots.h"
#include "libfs/ops/repair/space/device_extents.h"
#include "libfs/space/extent_item.h"
#include "libfs/space/free_space.h"
#include "libfs/survey/read_roots.h"
#include "libfs/survey/scan/tree_rescan.h"

#include <fmt/format.h>

namespace btrkit::repair {

using namespace survey;

namespace {

std::vector<GroupExtents> groups_of(const ChunkMap& chunks, const RangeSet& allocated) {
    std::vector<GroupExtents> groups;
    for (const auto& chunk : chunks.chunks()) {
        groups.push_back({.chunk = chunk, .allocated = allocated.within(range_of(chunk))});
    }
    return groups;
}

/// Of the trees that are begun anew, what lies where nothing else does.
RangeSet blocks_to_leave(Survey& survey, const std::set<u64>& begun_anew, const RangeSet& used) {
    RangeSet blocks;
    for (const u64 id : begun_anew) {
        if (const auto* record = survey.roots.find(id)) {
            blocks = united(blocks, readable_blocks(survey, record->root));
        }
    }
    return difference(blocks, used);
}

struct UnheldExtents {
    RangeSet all;
    RangeSet data; ///< of these
};

/// What the old extent tree has and nobody refers to any more, where a chunk and nothing else is.
UnheldExtents unheld_extents(Survey& survey, const TreeRoot& old_extents, const RangeSet& used) {
    std::vector<Range> ranges;
    std::vector<Range> data;
    rescan_leaves(survey, {.root = old_extents}, [&](const LeafVisit& leaf) {
        for (u32 slot = 0; slot < leaf.block.count(); ++slot) {
            const auto extent = parse_extent(leaf.block.key(slot), leaf.block.item_data(slot), survey.geometry());
            const auto range = extent ? range_from(extent->bytenr, extent->length_bytes) : Range{};
            const auto* chunk = survey.filesystem.volume().chunks().find({range.start});
            if (range.start < range.end && chunk != nullptr && range.end <= range_of(*chunk).end &&
                !used.intersects(range)) {
                (extent->is_data() ? data : ranges).push_back(range);
            }
        }
    });
    auto data_set = set_of(std::move(data));
    return {.all = united(set_of(std::move(ranges)), data_set), .data = data_set};
}

RangeSet space_for_data(const ChunkMap& chunks) {
    std::vector<Range> ranges;
    for (const auto& chunk : chunks.chunks()) {
        if ((chunk.type & btrfs::block_group_data) != 0) {
            ranges.push_back(range_of(chunk));
        }
    }
    return set_of(std::move(ranges));
}

Result<void> refuse_stale_roots(Survey& survey, const TreeRoot& old_extents, const RangeSet& used_blocks,
                                const std::set<u64>& settled) {
    const auto stale = find_stale_root(survey, old_extents, used_blocks, settled);
    if (!stale) {
        return {};
    }
    return fail(
        ErrorKind::damaged,
        fmt::format("the root of tree {} is of generation {}, but block {} of that tree is of generation {}: "
                    "the tree may have a newer root, which is only guessed: --allow root-unreadable leads to it",
                    objectid_text(stale->tree), stale->generation, stale->newer.bytenr, stale->newer_generation));
}

/// Extents that files get back, where nobody else has them.
Result<RangeSet> only_restored(std::span<const LostFileExtent> restored, const UsedSpace& used) {
    RangeSet only;
    for (const auto& lost : restored) {
        const Range range = range_from(lost.extent.bytenr, lost.extent.length_bytes);
        if (used.data.covers(range)) {
            continue;
        }
        if (used.data.intersects(range) || used.blocks.intersects(range)) {
            return fail(ErrorKind::damaged,
                        fmt::format("extent {}, which a file has lost, overlaps what others have", range.start));
        }
        only.insert(range);
    }
    return only;
}

} // namespace

Result<RebuiltExtents> rebuild_extents(Transaction& transaction, Rebuild rebuild, const RunContext& context) {
    const bool is_old_tree_lost = rebuild.damaged.contains(btrfs::extent_tree_id);
    rebuild.damaged.insert(btrfs::extent_tree_id);
    Findings told_before;
    Survey survey{
        .filesystem = transaction.committed(), .run = context, .findings = told_before, .references = ReferenceSums(0)};
    read_roots(survey);
    const auto* old_tree = survey.roots.find(btrfs::extent_tree_id);
    if (!survey.roots.complete || old_tree == nullptr) {
        return fail(ErrorKind::damaged, "part of the root tree is lost");
    }
    context.progress.begin_phase("finding what is in use", 0, ProgressUnit::bytes);
    const auto trees = walked_trees(survey, rebuild.damaged);
    BTRKIT_TRY_ASSIGN(const auto used, find_used_space(survey, trees));
    BTRKIT_TRY(refuse_stale_roots(survey, old_tree->root, used.blocks, rebuild.settled));
    BTRKIT_TRY_ASSIGN(RangeSet restored, only_restored(rebuild.restored, used));
    const RangeSet all = united(united(used.blocks, used.data), restored);
    Transaction::NewSpace space;
    space.gone = blocks_to_leave(survey, rebuild.damaged, all);
    const auto unheld = unheld_extents(survey, old_tree->root, united(all, space.gone));
    space.gone = united(space.gone, unheld.all);
    space.groups = groups_of(transaction.chunks(), united(all, space.gone));
    for (const u64 id : rebuild.damaged) {
        space.trees[id] = [](ItemSink&) -> Result<void> { return {}; };
    }
    const OldExtents old = {.tree = &old_tree->root, .has_quota_owners = transaction.keeps_simple_quotas()};
    context.progress.begin_phase("building the extent tree", 0, ProgressUnit::bytes);
    space.trees[btrfs::extent_tree_id] = [&](ItemSink& extents) {
        return for_each_record(survey, trees, used, old, [&](const ExtentRecord& record) -> Result<void> {
            for (const auto& item : encode_extent(record, transaction.geometry().nodesize)) {
                BTRKIT_TRY(extents.add(item.key, item.body));
            }
            return {};
        });
    };
    if (const auto device_tree = space.trees.find(btrfs::dev_tree_id); device_tree != space.trees.end()) {
        device_tree->second = [&](ItemSink& items) -> Result<void> { // which must not be empty
            for (const auto& [key, body] : device_extents(transaction)) {
                BTRKIT_TRY(items.add(key, as_bytes_of(body)));
            }
            return {};
        };
    }
    BTRKIT_TRY(transaction.renew_space(space));
    return RebuiltExtents{.unheld_data =
                              is_old_tree_lost ? difference(space_for_data(transaction.chunks()), all) : unheld.data,
                          .reserved = std::move(restored)};
}

Result<void> put_restored(Transaction& transaction, std::span<const LostFileExtent> restored, RangeSet reserved) {
    for (const auto& lost : restored) {
        const Range range = range_from(lost.extent.bytenr, lost.extent.length_bytes);
        if (reserved.covers(range)) { // else others have it, or several files get it
            auto record = lost.extent;
            std::erase_if(record.refs, [](const ExtentRef& ref) { return ref.count > 0; });
            transaction.workspace().refs.bear(std::move(record));
            reserved.erase(range);
        }
        BTRKIT_TRY_ASSIGN(auto* tree, transaction.tree(lost.tree));
        tree->put(lost.key, lost.body);
    }
    return {};
}

} // namespace btrkit::repair
