// SPDX-License-Identifier: MIT
// Where things are at the receiver at this moment of the stream.
#pragma once

#include "libfs/ops/send/current_inode.h"
#include "libfs/ops/send/names/dir_moves.h"
#include "libfs/ops/send/snapshots.h"

#include <set>

namespace btrkit::send {

/// While a stream goes on, inodes have one after the other, by number, their names of the parent replaced by those of
/// the sent snapshot. What is new, or in the way of another's new name, is called o-INODE-GENERATION-N at the top of
/// the subvolume until its turn comes. Fails as Snapshot does, and with unsupported where a path is longer than streams
/// can hold.
class Paths {
public:
    Paths(const Snapshots& snapshots, const CurrentInode& current, DirMoves& moves, DyingDirs& dying);

    /// From the top of the subvolume, without slash in front; empty for the top itself.
    Result<std::string> path_of(u64 inode, u64 generation);
    /// Of a name in a directory.
    Result<std::string> path_of(const InodeName& name);

    /// The temporary name, which no entry at the top of either snapshot has.
    Result<std::string> temporary_name(u64 inode, u64 generation);

    /// One step on the way up.
    struct Step {
        std::string name;
        u64 parent = 0; ///< 0: at the top, by a temporary name
        u64 parent_generation = 0;
    };
    Result<Step> step_up(u64 inode, u64 generation);

    /// Whether the name, which an inode has or had, was taken by now for an inode that was sent before or is just being
    /// sent: its bearer then has its temporary name.
    Result<bool> is_taken_over(const InodeName& name, u64 inode, u64 generation);

    /// An inode whose name is in the way of a new one.
    struct Victim {
        u64 inode = 0;
        u64 generation = 0;
        u32 mode = 0;
    };
    /// Which inode, whose turn has not come, has this name at the receiver.
    Result<std::optional<Victim>> in_the_way_of(const InodeName& name);

    /// An inode was given its temporary name, because the current one is about to get its name.
    void note_gave_way(u64 inode, u64 generation);

    /// The path of the current inode is found once and kept, as in the kernel: of several names the one it had then.
    /// Whoever takes that name away, or changes one above it, has to say so.
    void forget_current_path() { current_path_.clear(); }
    void set_current_path(std::string path);
    bool is_current_path(const std::string& path) const { return !path.empty() && path == current_path_; }

private:
    using Id = std::pair<u64, u64>;
    struct KeptStep {
        Step step;
        bool is_final = false; ///< it was found when the inode's turn was over
    };

    bool still_bears(const InodeName& name, u64 inode, u64 generation) const;
    Result<Step> find_step(u64 inode, u64 generation);
    Result<std::string> find_path(u64 inode, u64 generation);

    const Snapshots& snapshots_;
    const CurrentInode& current_;
    DirMoves& moves_;
    DyingDirs& dying_;
    std::map<Id, KeptStep> steps_;
    std::set<Id> gave_way_; ///< to the current inode
    Id gave_way_to_{};
    Id temporary_of_{};
    std::string temporary_;
    Id current_path_of_{};
    std::string current_path_; ///< empty: not known
};

} // namespace btrkit::send
