// SPDX-License-Identifier: MIT
#include "libfs/ops/subvolume/all_subvolumes.h"

#include "libfs/survey/naming/paths.h"
#include "libfs/survey/read_roots.h"

#include <ranges>

#include <fmt/format.h>

namespace btrkit::subvolume {

namespace {

constexpr u64 most_cache_bytes = u64{64} << 20;
/// For all paths together: some hundred thousand subvolumes in directories of their own are within it.
constexpr survey::LookLimits look_limits{.reads = 4'000'000, .looks = 500'000'000};

/// The first reference counts: the kernel keeps no more than one.
u64 parent_of(const survey::Roots& roots, u64 id) {
    const auto back = std::ranges::lower_bound(roots.backrefs, id, {}, &survey::RootRefRecord::child);
    return back != roots.backrefs.end() && back->child == id ? back->parent : 0;
}

} // namespace

Result<AllSubvolumes> AllSubvolumes::read(const Filesystem& filesystem, const RunContext& context) {
    const auto roots = survey::read_roots(filesystem, context.stop, context.problems);
    AllSubvolumes subvolumes;
    subvolumes.is_complete_ = roots.complete;
    subvolumes.default_id_ = roots.default_subvolume ? roots.default_subvolume->id : u64{btrfs::fs_tree_id};
    for (const auto& record : roots.records) {
        if (record.is_subvolume() && roots.find(record.id()) == &record) {
            subvolumes.all_.push_back({.root = record,
                                       .parent_id = parent_of(roots, record.id()),
                                       .path = {},
                                       .is_default = record.id() == subvolumes.default_id_});
        }
    }
    const auto hangs = subvolumes.below(btrfs::fs_tree_id);
    survey::LimitedCache cache(filesystem.reader(), std::min(context.memory_bytes / 4, most_cache_bytes), look_limits);
    survey::Paths paths(roots, cache);
    for (std::size_t i = 0; i < subvolumes.all_.size(); ++i) {
        if (context.stop.stop_requested()) {
            return fail(ErrorKind::cancelled, "stopped");
        }
        auto& subvolume = subvolumes.all_[i];
        if (subvolume.id() == btrfs::fs_tree_id || (hangs[i] && !subvolume.root.is_dropping())) {
            subvolume.path = paths.of_subvolume(subvolume.id());
        }
    }
    return subvolumes;
}

const SubvolumeInfo* AllSubvolumes::find(u64 id) const {
    const auto at = std::ranges::lower_bound(all_, id, {}, &SubvolumeInfo::id);
    return at != all_.end() && at->id() == id ? &*at : nullptr;
}

/// Each way up is gone once: it ends where another one has been, so circles end too.
std::vector<bool> AllSubvolumes::below(u64 id) const {
    enum class Way : u8 { unknown, leads_there, leads_elsewhere };
    std::vector<Way> ways(all_.size(), Way::unknown);
    std::vector<std::size_t> gone;
    for (std::size_t i = 0; i < all_.size(); ++i) {
        auto end = Way::leads_elsewhere;
        for (std::size_t at = i; ways[at] == Way::unknown;) {
            ways[at] = Way::leads_elsewhere;
            gone.push_back(at);
            if (all_[at].parent_id == id) {
                end = Way::leads_there;
                break;
            }
            const auto* parent = find(all_[at].parent_id);
            if (parent == nullptr) {
                break;
            }
            at = static_cast<std::size_t>(parent - all_.data());
            end = ways[at] == Way::unknown ? end : ways[at];
        }
        for (const std::size_t at : gone) {
            ways[at] = end;
        }
        gone.clear();
    }
    std::vector<bool> below;
    for (const auto way : ways) {
        below.push_back(way == Way::leads_there);
    }
    return below;
}

std::vector<const SubvolumeInfo*> AllSubvolumes::from_the_top() const {
    std::vector<const SubvolumeInfo*> by_parent;
    for (const auto& subvolume : all_ | std::views::filter(std::not_fn(&SubvolumeInfo::is_deleted))) {
        by_parent.push_back(&subvolume);
    }
    const auto parent_and_id = [](const SubvolumeInfo* subvolume) {
        return std::pair(subvolume->parent_id, subvolume->id());
    };
    std::ranges::sort(by_parent, {}, parent_and_id);
    std::vector<const SubvolumeInfo*> order;
    std::vector<const SubvolumeInfo*> waiting;
    if (const auto* top = find(btrfs::fs_tree_id)) {
        waiting.push_back(top);
    }
    while (!waiting.empty()) {
        const auto* subvolume = waiting.back();
        waiting.pop_back();
        order.push_back(subvolume);
        const auto children = std::ranges::equal_range(by_parent, subvolume->id(), {}, &SubvolumeInfo::parent_id);
        std::ranges::copy(children | std::views::reverse, std::back_inserter(waiting));
    }
    return order;
}

Result<SubvolumeInfo> get_default(const Filesystem& filesystem, const RunContext& context) {
    BTRKIT_TRY_ASSIGN(const auto subvolumes, AllSubvolumes::read(filesystem, context));
    const auto* found = subvolumes.find(subvolumes.default_id());
    if (found == nullptr || found->is_deleted()) {
        return fail(subvolumes.is_complete() ? ErrorKind::not_found : ErrorKind::damaged,
                    fmt::format("the default subvolume is {}, which is not there", subvolumes.default_id()));
    }
    return *found;
}

} // namespace btrkit::subvolume
