// SPDX-License-Identifier: MIT
#include "libfs/ops/diff/renames.h"

#include "libfs/survey/read_roots.h"

#include <algorithm>

namespace btrkit::diff {

namespace {

/// A subvolume's ancestors are few; what goes on longer is a circle.
constexpr std::size_t most_ancestors = 1024;

/// Of the subvolume and of its ancestors, as far as they are still there.
std::vector<btrfs::Uuid> ancestry(const survey::Roots& roots, u64 id) {
    std::vector<btrfs::Uuid> uuids;
    const auto* record = roots.find(id);
    while (record != nullptr && uuids.size() < most_ancestors) {
        uuids.insert(uuids.end(), {record->item.uuid, record->item.parent_uuid});
        const auto parent = std::ranges::find_if(roots.records, [&](const survey::RootRecord& other) {
            return other.item.uuid == record->item.parent_uuid;
        });
        record = record->item.parent_uuid.is_null() || parent == roots.records.end() ? nullptr : &*parent;
    }
    std::erase_if(uuids, [](const auto& uuid) { return uuid.is_null(); });
    return uuids;
}

} // namespace

bool are_relatives(const Side& old_side, const Side& new_side, const RunContext& run) {
    if (&old_side.filesystem != &new_side.filesystem || old_side.top.tree.id == new_side.top.tree.id) {
        return false;
    }
    const auto roots = survey::read_roots(new_side.filesystem, run.stop);
    const auto ours = ancestry(roots, new_side.top.tree.id);
    const auto theirs = ancestry(roots, old_side.top.tree.id);
    return std::ranges::find_first_of(ours, theirs) != ours.end();
}

Result<void> Renames::finish(TreeComparison& comparison) {
    for (;;) {
        const auto pairs = release_pairs(comparison);
        for (const auto& [removed, added] : pairs) {
            BTRKIT_TRY(comparison.compare_renamed(removed, added));
        }
        if (!pairs.empty()) {
            continue;
        }
        if (context_.run.stop.stop_requested()) {
            return fail(ErrorKind::cancelled, "stopped");
        }
        const bool went_on = look_into(removed_, context_.old_views, comparison, &TreeComparison::inside_of_removed);
        if (!look_into(added_, context_.new_views, comparison, &TreeComparison::inside_of_added) && !went_on) {
            break;
        }
    }
    tell_all(removed_, ChangeKind::removed);
    tell_all(added_, ChangeKind::added);
    return {};
}

void Renames::take(Candidates& candidates, SideViews& views, Lone lone) {
    Candidate candidate;
    if (lone.entry.leads_somewhere() && !lone.entry.is_subvolume) {
        const auto inode = views.of(*lone.entry.tree).find_inode(lone.entry.inode);
        if (inode && *inode) {
            candidate.identity = Identity((*inode)->number, (*inode)->generation);
        }
    }
    std::string path = lone.path;
    candidate.lone = std::move(lone);
    candidates.insert_or_assign(std::move(path), std::move(candidate));
}

/// Outermost first: what is below a pair is none of its own.
std::vector<std::pair<Lone, Lone>> Renames::release_pairs(TreeComparison& comparison) {
    std::map<Identity, std::string> removed_paths;
    for (const auto& [path, candidate] : removed_) {
        if (candidate.identity) {
            removed_paths.try_emplace(*candidate.identity, path);
        }
    }
    std::vector<std::pair<Lone, Lone>> pairs;
    for (auto added = added_.begin(); added != added_.end();) {
        const auto removed = added->second.identity ? removed_paths.find(*added->second.identity) : removed_paths.end();
        if (removed == removed_paths.end() || !removed_.contains(removed->second)) {
            ++added;
            continue;
        }
        const std::string path = added->first;
        auto from = release(removed_, removed->second, comparison, &TreeComparison::forget_removed);
        pairs.emplace_back(std::move(from), release(added_, path, comparison, &TreeComparison::forget_added));
        comparison.pair(pairs.back().first, pairs.back().second);
        added = added_.upper_bound(path);
    }
    return pairs;
}

/// With all that is below it.
Lone Renames::release(Candidates& candidates, const std::string& path, TreeComparison& comparison, Forget forget) {
    const auto own = candidates.find(path);
    Lone lone = std::move(own->second.lone);
    if (own->second.was_looked_into) {
        (comparison.*forget)(lone);
    }
    candidates.erase(own);
    const std::string inside = path + "/";
    for (auto at = candidates.lower_bound(inside); at != candidates.end() && at->first.starts_with(inside);
         at = candidates.erase(at)) {
        if (at->second.was_looked_into) {
            (comparison.*forget)(at->second.lone);
        }
    }
    return lone;
}

bool Renames::look_into(Candidates& candidates, SideViews& views, TreeComparison& comparison, LookInto inside) const {
    std::vector<Lone> found;
    bool went_on = false;
    for (auto& [path, candidate] : candidates) {
        if (!candidate.was_looked_into && candidate.lone.entry.is_directory()) {
            candidate.was_looked_into = true;
            went_on = true;
            std::ranges::move((comparison.*inside)(candidate.lone), std::back_inserter(found));
        }
    }
    for (auto& lone : found) {
        take(candidates, views, std::move(lone));
    }
    return went_on;
}

void Renames::tell_all(const Candidates& candidates, ChangeKind kind) const {
    for (const auto& [path, candidate] : candidates) {
        context_.tell({.kind = kind,
                       .path = path,
                       .type = candidate.lone.entry.type,
                       .is_subvolume = candidate.lone.entry.is_subvolume});
    }
}

} // namespace btrkit::diff
