// SPDX-License-Identifier: MIT
// Two directories side by side.
#pragma once

#include "libfs/ops/diff/entries.h"
#include "libfs/ops/diff/inode_comparison.h"
#include "libfs/ops/diff/touched_inodes.h"

namespace btrkit::diff {

/// What one side has at its path; what is below it has not been told.
struct Lone {
    std::string path = {};
    Entry entry = {};
};

class TreeComparison {
public:
    /// Tells what is changed, and hands out what stands on one side alone.
    using TakeLone = std::function<void(Lone lone)>;

    TreeComparison(Context& context, TakeLone take_removed, TakeLone take_added);

    /// The directories themselves, and all that is below them in both.
    Result<void> compare_tops();
    /// What was renamed: tells that, and compares all that is below it.
    Result<void> compare_renamed(const Lone& removed, const Lone& added);
    /// What stands in a directory of one side.
    std::vector<Lone> inside_of_removed(const Lone& lone) { return inside_of(old_entries_, lone); }
    std::vector<Lone> inside_of_added(const Lone& lone) { return inside_of(new_entries_, lone); }
    /// Both will be told as renamed, and nowhere else.
    void pair(const Lone& removed, const Lone& added) {
        old_entries_.leave_out(removed.path);
        new_entries_.leave_out(added.path);
    }
    /// It may be read once more.
    void forget_removed(const Lone& lone) { old_entries_.forget(lone.entry); }
    void forget_added(const Lone& lone) { new_entries_.forget(lone.entry); }

private:
    /// Directories that wait for their turn. The paths are others where a directory above was renamed.
    struct Pair {
        Lone old_one;
        Lone new_one;
    };

    Result<void> compare_waiting();
    void compare_inside(const Pair& pair);
    void tell_other_type(const Lone& old_one, const Lone& new_one);
    void compare_entries(const Lone& old_one, const Lone& new_one);
    void compare_inodes(ChangeKind kind, const Lone& old_one, const Lone& new_one);
    bool is_untouched(const Entry& old_entry, const Entry& new_entry) const;
    static std::vector<Lone> inside_of(Entries& entries, const Lone& lone);

    Context& context_;
    TakeLone take_removed_;
    TakeLone take_added_;
    InodeComparison inodes_;
    Entries old_entries_;
    Entries new_entries_;
    std::optional<TouchedInodes> touched_; ///< nothing: anything may be different
    std::vector<Pair> waiting_;            ///< the next one last
};

} // namespace btrkit::diff
