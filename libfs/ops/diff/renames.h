// SPDX-License-Identifier: MIT
// What is on one side alone: removed, added, or renamed from one to the other.
#pragma once

#include "libfs/ops/diff/tree_comparison.h"

#include <map>

namespace btrkit::diff {

/// Whether both tops are of subvolumes that descend from one, so that a number means the same inode in both.
bool are_relatives(const Side& old_side, const Side& new_side, const RunContext& run);

/// Takes what is on one side alone, and finds pairs. A directory that was renamed is one pair, whatever is in it; one
/// that has no pair is looked into, for what was moved out of it or into it.
class Renames {
public:
    explicit Renames(Context& context) : context_(context) {}

    void take_removed(Lone lone) { take(removed_, context_.old_views, std::move(lone)); }
    void take_added(Lone lone) { take(added_, context_.new_views, std::move(lone)); }

    /// When all else is compared. Tells all that was taken; the comparison hands out more meanwhile.
    Result<void> finish(TreeComparison& comparison);

private:
    /// The number and generation of an inode.
    using Identity = std::pair<u64, u64>;
    struct Candidate {
        Lone lone;
        std::optional<Identity> identity; ///< nothing: it can't have been renamed
        bool was_looked_into = false;
    };
    using Candidates = std::map<std::string, Candidate>; ///< by path
    using LookInto = std::vector<Lone> (TreeComparison::*)(const Lone&);
    using Forget = void (TreeComparison::*)(const Lone&);

    static void take(Candidates& candidates, SideViews& views, Lone lone);
    std::vector<std::pair<Lone, Lone>> release_pairs(TreeComparison& comparison);
    static Lone release(Candidates& candidates, const std::string& path, TreeComparison& comparison, Forget forget);
    bool look_into(Candidates& candidates, SideViews& views, TreeComparison& comparison, LookInto inside) const;
    void tell_all(const Candidates& candidates, ChangeKind kind) const;

    Context& context_;
    Candidates removed_;
    Candidates added_;
};

} // namespace btrkit::diff
