// SPDX-License-Identifier: MIT
#include "libfs/ops/send/names/name_changes.h"

#include "formats/btrfs/item_types.h"

#include <sys/stat.h>

namespace btrkit::send {

void RecordedNames::add(InodeName name, std::list<InodeName>& list, Index& opposite) {
    const bool is_new = &list == &new_names;
    if (const auto undone = opposite.find(name); undone != opposite.end()) {
        const auto place = *undone;
        opposite.erase(undone);
        (is_new ? deleted_names : new_names).erase(place);
        return;
    }
    auto& index = is_new ? new_ : deleted_;
    if (!index.contains(name)) {
        index.insert(list.insert(list.end(), std::move(name)));
    }
}

void RecordedNames::clear() {
    new_.clear();
    deleted_.clear();
    new_names.clear();
    deleted_names.clear();
}

void NameChanges::TouchedDirs::add(const InodeName& name) {
    const std::pair dir{name.dir, name.dir_generation};
    if (known_.insert(dir).second) {
        in_order_.push_back(dir);
    }
}

NameChanges::NameChanges(const Snapshots& snapshots, CurrentInode& current, Commands& commands, DirTimes& dir_times,
                         InodeMaker& maker, Paths& paths, DirMoves& moves, DyingDirs& dying)
    : snapshots_(snapshots), current_(current), commands_(commands), dir_times_(dir_times), maker_(maker),
      paths_(paths), moves_(moves), dying_(dying) {}

Result<bool> NameChanges::process(const RecordedNames& names) {
    BTRKIT_TRY_ASSIGN(auto work, begin_work());
    auto done = clear_the_way(names, work);
    for (auto name = names.new_names.begin(); done && name != names.new_names.end(); ++name) {
        done = give_new_name(*name, names, work);
        work.touched_dirs.add(*name);
    }
    const bool is_dir = S_ISDIR(current_.mode);
    if (done && is_dir && current_.is_deleted) {
        done = delete_dir(work);
    } else if (done && !is_dir) {
        done = unlink_old_names(names, work);
    }
    for (const auto& name : names.deleted_names) {
        work.touched_dirs.add(name);
    }
    if (done) {
        done = look_after_dirs(work);
    }
    return done ? Result<bool>(!work.may_move) : std::unexpected(done.error());
}

/// Where the inode is now: new ones, and those whose first name another has taken over, by their temporary names.
Result<NameChanges::Work> NameChanges::begin_work() {
    Work work{.is_orphan = current_.is_new};
    if (!current_.is_new && snapshots_.parent != nullptr) {
        const auto first = snapshots_.parent->need_first_name(current_.number);
        BTRKIT_TRY_ASSIGN(work.is_orphan, first ? paths_.is_taken_over(*first, current_.number, current_.generation)
                                                : std::unexpected(first.error()));
    }
    BTRKIT_TRY_ASSIGN(work.path, work.is_orphan ? paths_.temporary_name(current_.number, current_.generation)
                                                : paths_.path_of(current_.number, current_.generation));
    return work;
}

/// Takes the names that the inode is to have away from others whose turn has not come. All of them first: a new name
/// may be the old one of a directory that other paths lead through.
Result<void> NameChanges::clear_the_way(const RecordedNames& names, Work& work) {
    for (const auto& name : names.new_names) {
        BTRKIT_TRY_ASSIGN(const auto state, snapshots_.state(name.dir, name.dir_generation, current_.names_done_below));
        if (state == InodeState::will_create) {
            continue;
        }
        BTRKIT_TRY_ASSIGN(const auto victim, paths_.in_the_way_of(name));
        if (victim) {
            BTRKIT_TRY(give_way(*victim, name, work));
        }
    }
    return {};
}

Result<void> NameChanges::give_way(const Paths::Victim& victim, const InodeName& name, Work& work) {
    const auto first = snapshots_.parent->need_first_name(victim.inode);
    BTRKIT_TRY_ASSIGN(const auto path, first ? paths_.path_of(name) : std::unexpected(first.error()));
    if (first->dir != name.dir || first->name != name.name) {
        return commands_.unlink(path); // it has others
    }
    BTRKIT_TRY(orphanize(victim.inode, victim.generation, path));
    if (auto* waiting = moves_.find(victim.inode, victim.generation)) {
        waiting->is_orphan = true;
    }
    paths_.note_gave_way(victim.inode, victim.generation);
    // Only directories are above anything, and nothing is above a temporary name; the question takes time where the
    // inode has many names.
    const auto above = S_ISDIR(victim.mode) && !work.is_orphan
                           ? snapshots_.parent->is_above(victim.inode, victim.generation, current_.number)
                           : Result<bool>(false);
    if (!above || !*above) {
        return above ? Result<void>() : std::unexpected(above.error());
    }
    paths_.forget_current_path();
    BTRKIT_TRY_ASSIGN(work.path, paths_.path_of(current_.number, current_.generation));
    return {};
}

Result<void> NameChanges::orphanize(u64 inode, u64 generation, const std::string& path) {
    const auto name = paths_.temporary_name(inode, generation);
    return name ? commands_.rename(path, *name) : std::unexpected(name.error());
}

/// A directory whose number is higher than that of an entry is made before its turn.
Result<void> NameChanges::make_parent(const InodeName& name, const Work& work) {
    if (work.touched_dirs.contains(name)) {
        return {}; // done for another of the names
    }
    BTRKIT_TRY_ASSIGN(const auto state, snapshots_.state(name.dir, name.dir_generation, current_.names_done_below));
    return state == InodeState::will_create ? maker_.make_dir_once(name.dir) : Result<void>();
}

Result<void> NameChanges::give_new_name(const InodeName& name, const RecordedNames& names, Work& work) {
    BTRKIT_TRY(make_parent(name, work));
    const bool is_dir = S_ISDIR(current_.mode);
    if (is_dir && snapshots_.parent != nullptr && work.may_move) {
        auto waits = waits_for_bearer_of(name, names, work.is_orphan);
        if (waits && !*waits) {
            waits = waits_for_ancestor(name, names, work.is_orphan);
        }
        if (!waits) {
            return std::unexpected(waits.error());
        }
        work.may_move = !*waits;
    }
    if (!work.may_move) {
        return {};
    }
    BTRKIT_TRY_ASSIGN(auto path, paths_.path_of(name));
    if (!work.is_orphan && !is_dir) {
        return commands_.link(path, work.path);
    }
    // A directory has one name: the old one is gone with this.
    BTRKIT_TRY(commands_.rename(work.path, path));
    work.is_orphan = false;
    work.path = path;
    paths_.set_current_path(std::move(path));
    return {};
}

/// Removes a directory, or keeps it by its temporary name until its entries have gone.
Result<void> NameChanges::delete_dir(Work& work) {
    BTRKIT_TRY_ASSIGN(const auto emptied, can_rmdir(current_.number, current_.generation));
    if (emptied) {
        return commands_.rmdir(work.path);
    }
    return work.is_orphan ? Result<void>() : orphanize(current_.number, current_.generation, work.path);
}

Result<void> NameChanges::unlink_old_names(const RecordedNames& names, Work& work) {
    for (const auto& name : names.deleted_names) {
        BTRKIT_TRY_ASSIGN(const auto taken, paths_.is_taken_over(name, current_.number, current_.generation));
        if (taken) {
            continue;
        }
        const auto path = paths_.path_of(name);
        BTRKIT_TRY(path ? commands_.unlink(*path) : std::unexpected(path.error()));
        if (paths_.is_current_path(*path)) {
            paths_.forget_current_path();
        }
    }
    if (!work.is_orphan) {
        return {};
    }
    // Its first name was taken over and no new one came: the temporary one goes. A hole may have been sent by it.
    if (paths_.is_current_path(work.path)) {
        paths_.forget_current_path();
    }
    return commands_.unlink(work.path);
}

/// The directories that the inode came to or went from: their times are to be sent, and those that are deleted and
/// empty now can go.
Result<void> NameChanges::look_after_dirs(const Work& work) {
    for (const auto& [dir, generation] : work.touched_dirs.in_order()) {
        if (dir > current_.number) {
            continue; // its turn will come
        }
        BTRKIT_TRY_ASSIGN(const auto state, snapshots_.state(dir, generation, current_.names_done_below));
        if (state == InodeState::did_create || state == InodeState::unchanged) {
            dir_times_.touch(dir, generation);
        } else if (state == InodeState::did_delete) {
            BTRKIT_TRY(rmdir_if_emptied(dir, generation));
        }
    }
    return {};
}

Result<void> NameChanges::rmdir_if_emptied(u64 dir, u64 generation) {
    const auto emptied = can_rmdir(dir, generation);
    if (!emptied || !*emptied) {
        return emptied ? Result<void>() : std::unexpected(emptied.error());
    }
    const auto path = paths_.path_of(dir, generation);
    return path ? commands_.rmdir(*path) : std::unexpected(path.error());
}

/// Whether all entries of a deleted directory have gone from it. If not, it is kept among the dying.
Result<bool> NameChanges::can_rmdir(u64 dir, u64 generation) {
    if (dir == btrfs::root_dir_inode) {
        return false;
    }
    const auto* known = dying_.find(dir, generation);
    if (known != nullptr && current_.number < known->highest_inode) {
        return false;
    }
    DyingDirs::Dying dying = known != nullptr ? *known : DyingDirs::Dying{};
    BTRKIT_TRY_ASSIGN(const auto emptied, is_emptied(dir, generation, dying));
    if (emptied) {
        dying_.remove(dir, generation);
    } else {
        dying_.add(dir, generation) = dying;
    }
    return emptied;
}

Result<bool> NameChanges::is_emptied(u64 dir, u64 generation, DyingDirs::Dying& dying) {
    namespace type = btrfs::item_type;
    auto entries = snapshots_.parent->search();
    auto there = entries.seek({dir, type::dir_index, dying.next_index});
    for (; there && *there; there = entries.next()) {
        const auto key = entries.key();
        if (key.objectid != dir || key.type != type::dir_index) {
            return true;
        }
        const auto* entry = view_at<btrfs::DirItem>(entries.data());
        if (entry == nullptr) {
            return std::unexpected(snapshots_.parent->damaged(key, "an entry that is cut off"));
        }
        const u64 inode = entry->location.objectid;
        dying.highest_inode = std::max(dying.highest_inode, inode);
        dying.next_index = key.offset;
        if (moves_.has_number(inode) && entry->location.type == type::inode_item) {
            BTRKIT_TRY_ASSIGN(const auto inode_generation, snapshots_.parent->generation_of(inode));
            if (auto* waiting = moves_.find(inode, inode_generation)) {
                waiting->rmdir = dir;
                waiting->rmdir_generation = generation;
                return false;
            }
        }
        if (inode > current_.number) {
            return false;
        }
    }
    return there ? Result<bool>(true) : std::unexpected(there.error());
}

} // namespace btrkit::send
