// SPDX-License-Identifier: MIT
#include "libfs/ops/usage/files/file_trees.h"

#include "libfs/survey/scan/file_tree_roots.h"
#include "libfs/survey/sharing/tree_sharing.h"

namespace btrkit::usage {

using namespace survey;

namespace {

/// What one part of the sets costs, hash table and all.
constexpr u64 bytes_a_part = 96;

} // namespace

TreeSets::TreeSets(u32 tree_count, u64 memory_bytes) : sets_(tree_count, memory_bytes / 4 / bytes_a_part) {}

const std::vector<u32>& TreeSets::members(RootSets::Id set) {
    const auto known = members_.find(set);
    if (known != members_.end()) {
        return known->second;
    }
    if (members_.size() >= most_kept) {
        members_.clear();
    }
    return members_.emplace(set, sets_.members(set)).first->second;
}

FileTrees FileTrees::of(const Roots& roots) {
    FileTrees trees{.records = {}, .roots = file_tree_roots(roots)};
    for (const auto& record : roots.records) {
        const auto next = trees.records.size();
        if (next < trees.roots.size() && trees.roots[next].root.root_key == record.root.root_key) {
            trees.records.push_back(&record);
        }
    }
    return trees;
}

std::optional<u32> FileTrees::number_of(u64 tree) const {
    const auto behind = std::ranges::upper_bound(records, tree, {}, &RootRecord::id);
    return behind != records.begin() && (*std::prev(behind))->id() == tree
               ? std::optional(static_cast<u32>(std::prev(behind) - records.begin()))
               : std::nullopt;
}

Result<BlockSharing> BlockSharing::measure(Survey& survey, const FileTrees& trees, TreeSets& sets) {
    survey.run.progress.begin_phase("nodes", 0, ProgressUnit::bytes);
    std::vector<NumberedRoot> numbered;
    for (u32 number = 0; number < trees.count(); ++number) {
        numbered.push_back({.record = trees.records[number], .number = number});
    }
    BlockSharing found;
    const auto visit = [&](const SharedExtent& block, u64 /*length_bytes*/) {
        found.entries_.push_back({.address = block.address, .roots = block.roots});
    };
    auto sharing = measure_sharing(survey, numbered, sets.sets(),
                                   {.data = false, .leaves = false, .past_damage = true, .visit = visit});
    if (!sharing.gap.empty()) {
        return fail(survey.run.stop.stop_requested() ? ErrorKind::cancelled : ErrorKind::damaged, sharing.gap);
    }
    found.bytes_ = std::move(sharing.bytes);
    std::ranges::sort(found.entries_, {}, &Entry::address);
    for (const auto& entry : found.entries_) {
        if (!sets.sets().is_single(entry.roots)) {
            survey.shared.set(entry.address / survey.geometry().sectorsize);
        }
    }
    return found;
}

RootSets::Id BlockSharing::of(Logical address) const {
    const auto at = std::ranges::lower_bound(entries_, address.bytenr, {}, &Entry::address);
    return at != entries_.end() && at->address == address.bytenr ? at->roots : RootSets::empty;
}

} // namespace btrkit::usage
