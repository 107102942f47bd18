// SPDX-License-Identifier: MIT
// Directories that have to wait: for the move of another one, or until they are empty.
#pragma once

#include "libfs/ops/send/snapshot.h"

#include <deque>
#include <map>
#include <vector>

namespace btrkit::send {

/// A directory whose move must wait until another one has been moved.
struct WaitingMove {
    u64 dir = 0;
    u64 dir_generation = 0;
    std::vector<InodeName> touched; ///< its old and new names: the directories that its move changes
};

/// The moves that wait, by what they wait for.
class DirMoves {
public:
    /// What is known of a directory that waits.
    struct Waiting {
        u64 generation = 0;
        bool is_orphan = false; ///< it has its temporary name now
        u64 rmdir = 0;          ///< 0, or a directory that may be removed when this one has gone
        u64 rmdir_generation = 0;
    };

    bool any() const { return !waiting_.empty(); }
    /// Whether an inode of that number waits: quick to ask.
    bool has_number(u64 dir) const { return waiting_.contains(dir); }
    /// Null: it does not wait. The number may have been another inode's in the parent, which does not.
    Waiting* find(u64 dir, u64 generation);
    bool is_waiting(u64 dir, u64 generation) { return find(dir, generation) != nullptr; }

    /// The move waits for that of `for_dir`. The directory must not wait already.
    void add(u64 for_dir, WaitingMove move, bool is_orphan);
    /// It waits no longer; it must have waited.
    Waiting remove(u64 dir);

    /// Takes the moves that waited for this one, in the order in which they were added.
    std::deque<WaitingMove> extract_moves_behind(u64 dir);

private:
    std::map<u64, Waiting> waiting_;                ///< by the directory that waits
    std::map<u64, std::deque<WaitingMove>> behind_; ///< by the one that it waits for
};

/// Directories that are deleted, but not empty yet: they have their temporary names.
class DyingDirs {
public:
    struct Dying {
        u64 highest_inode = 0; ///< of its entries, as far as they were looked at
        u64 next_index = 0;    ///< where to go on looking at its entries
    };

    /// Null: it is none.
    Dying* find(u64 dir, u64 generation);
    bool contains(u64 dir, u64 generation) const { return dirs_.contains({dir, generation}); }
    Dying& add(u64 dir, u64 generation) { return dirs_[{dir, generation}]; }
    void remove(u64 dir, u64 generation) { dirs_.erase({dir, generation}); }

private:
    std::map<std::pair<u64, u64>, Dying> dirs_;
};

} // namespace btrkit::send
