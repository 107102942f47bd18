// SPDX-License-Identifier: MIT
#include "libfs/survey/naming/reach.h"

namespace btrkit::survey {

Reach::Reach(const Roots& roots, LimitedCache& cache) : cache_(cache) {
    for (const auto& record : roots.records) {
        if (record.is_subvolume() && !record.is_dropping()) {
            start_.push_back({.promise = record.root.block, .members = {static_cast<u32>(subvolumes_.size())}});
            subvolumes_.push_back(&record);
        }
    }
    start_ = merge(std::move(start_));
}

/// Groups that have come to the same block go on as one.
std::vector<Reach::Group> Reach::merge(std::vector<Group> groups) {
    const auto address = [](const Group& group) { return group.promise.address; };
    std::ranges::sort(groups, {},
                      [&](const Group& group) { return std::tuple(address(group), group.members.front()); });
    std::vector<Group> merged;
    for (auto& group : groups) {
        if (!merged.empty() && address(merged.back()) == address(group)) {
            auto& members = merged.back().members;
            members.insert(members.end(), group.members.begin(), group.members.end());
        } else {
            merged.push_back(std::move(group));
        }
    }
    return merged;
}

std::span<const u32> Reach::of(Logical block, const btrfs::Key& key) {
    if (asked_ == std::pair(block, key)) {
        return found_;
    }
    asked_ = {block, key};
    found_.clear();
    std::vector<Group> groups = start_;
    // Each round goes one level down.
    for (unsigned round = 0; round < btrfs::max_level_count && !groups.empty(); ++round) {
        std::vector<Group> next;
        for (auto& group : groups) {
            if (group.promise.address == block) {
                found_.insert(found_.end(), group.members.begin(), group.members.end());
                continue;
            }
            if (group.promise.level == u8{0}) {
                continue;
            }
            const auto node = cache_.get(group.promise);
            if (node && !node->block().is_leaf()) {
                next.push_back(
                    {.promise = child_on_way(node->block(), key, group.promise), .members = std::move(group.members)});
            }
        }
        groups = merge(std::move(next));
    }
    std::ranges::sort(found_);
    return found_;
}

} // namespace btrkit::survey
