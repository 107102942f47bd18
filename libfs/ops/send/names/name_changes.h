// SPDX-License-Identifier: MIT
// The names of one inode: what it had, what it has, and the commands from the one to the other.
#pragma once

#include "libfs/ops/send/commands.h"
#include "libfs/ops/send/dir_times.h"
#include "libfs/ops/send/names/make_inode.h"
#include "libfs/ops/send/names/paths.h"

#include <list>
#include <set>
#include <vector>

namespace btrkit::send {

/// Names that were added to or taken from an inode, in the order in which they were met. A name that is both taken away
/// and added has not changed.
class RecordedNames {
public:
    void add_new(InodeName name) { add(std::move(name), new_names, deleted_); }
    void add_deleted(InodeName name) { add(std::move(name), deleted_names, new_); }
    bool empty() const { return new_names.empty() && deleted_names.empty(); }
    void clear();

    std::list<InodeName> new_names;
    std::list<InodeName> deleted_names;

private:
    using Place = std::list<InodeName>::iterator;
    /// By the name, which stands in the list alone.
    struct ByName {
        using is_transparent = void;
        bool operator()(const Place& left, const Place& right) const { return *left < *right; }
        bool operator()(const Place& left, const InodeName& right) const { return *left < right; }
        bool operator()(const InodeName& left, const Place& right) const { return left < *right; }
    };
    using Index = std::set<Place, ByName>;

    void add(InodeName name, std::list<InodeName>& list, Index& opposite);

    Index new_;
    Index deleted_;
};

/// What names need to become those of the sent snapshot. One object for a whole stream.
class NameChanges {
public:
    NameChanges(const Snapshots& snapshots, CurrentInode& current, Commands& commands, DirTimes& dir_times,
                InodeMaker& maker, Paths& paths, DirMoves& moves, DyingDirs& dying);

    /// Sends what the recorded names of the current inode need. True: its move has to wait for another one.
    Result<bool> process(const RecordedNames& names);

    /// The current inode has its new names: moves the directories that waited for that.
    Result<void> move_waiting_behind_current();

private:
    /// Directories, with generations, where an inode has or had names: each once, in the order in which they were met.
    class TouchedDirs {
    public:
        void add(const InodeName& name);
        bool contains(const InodeName& name) const { return known_.contains({name.dir, name.dir_generation}); }
        const std::vector<std::pair<u64, u64>>& in_order() const { return in_order_; }

    private:
        std::vector<std::pair<u64, u64>> in_order_;
        std::set<std::pair<u64, u64>> known_;
    };

    /// What process() knows of its inode.
    struct Work {
        std::string path;       ///< where it is now
        bool is_orphan = false; ///< it has its temporary name
        bool may_move = true;   ///< it need not wait for another directory
        TouchedDirs touched_dirs = {};
    };

    Result<Work> begin_work();
    Result<void> clear_the_way(const RecordedNames& names, Work& work);
    Result<void> give_way(const Paths::Victim& victim, const InodeName& name, Work& work);
    Result<void> make_parent(const InodeName& name, const Work& work);
    Result<void> give_new_name(const InodeName& name, const RecordedNames& names, Work& work);
    Result<void> delete_dir(Work& work);
    Result<void> unlink_old_names(const RecordedNames& names, Work& work);
    Result<void> look_after_dirs(const Work& work);

    Result<void> orphanize(u64 inode, u64 generation, const std::string& path);
    Result<bool> waits_for_bearer_of(const InodeName& name, const RecordedNames& names, bool is_orphan);
    Result<bool> waits_for_ancestor(const InodeName& name, const RecordedNames& names, bool is_orphan);
    Result<bool> will_move(u64 dir, u64 dir_generation, const InodeName& old_name, const InodeName& new_name) const;
    void wait_for(u64 dir, const RecordedNames& names, bool is_orphan);

    Result<bool> can_rmdir(u64 dir, u64 generation);
    Result<bool> is_emptied(u64 dir, u64 generation, DyingDirs::Dying& dying);
    Result<void> rmdir_if_emptied(u64 dir, u64 generation);

    Result<bool> move_late(WaitingMove& move);
    Result<Paths::Step> step_up_in_parent(u64 dir) const;
    Result<std::optional<u64>> loop_through(u64 dir, u64 generation);
    Result<void> after_late_move(const WaitingMove& move, const DirMoves::Waiting& waiting);

    const Snapshots& snapshots_;
    CurrentInode& current_; ///< only how far the names are is changed, for a while
    Commands& commands_;
    DirTimes& dir_times_;
    InodeMaker& maker_;
    Paths& paths_;
    DirMoves& moves_;
    DyingDirs& dying_;
};

} // namespace btrkit::send
