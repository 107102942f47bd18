// SPDX-License-Identifier: MIT
// Of NameChanges: moves of directories that have to wait for others.
#include "formats/btrfs/item_types.h"
#include "libfs/ops/send/names/name_changes.h"

#include <fmt/format.h>

namespace btrkit::send {

namespace {

/// No real history makes moves come round that often; an image in which directories are within each other may.
constexpr unsigned most_retries = 100'000;

} // namespace

void NameChanges::wait_for(u64 dir, const RecordedNames& names, bool is_orphan) {
    WaitingMove move{.dir = current_.number, .dir_generation = current_.generation};
    move.touched.assign(names.deleted_names.begin(), names.deleted_names.end());
    move.touched.insert(move.touched.end(), names.new_names.begin(), names.new_names.end());
    moves_.add(dir, std::move(move), is_orphan);
}

/// The new name still belongs to a directory whose own move waits.
Result<bool> NameChanges::waits_for_bearer_of(const InodeName& name, const RecordedNames& names, bool is_orphan) {
    if (!moves_.any()) {
        return false;
    }
    const auto location = snapshots_.parent->entry(name.dir, name.name);
    if (!location || !*location || (*location)->type != btrfs::item_type::inode_item) {
        return location ? Result<bool>(false) : std::unexpected(location.error());
    }
    const u64 bearer = (*location)->objectid;
    const auto before = snapshots_.parent->need_inode(bearer);
    const auto now = before ? snapshots_.sent->inode(bearer) : std::unexpected(before.error());
    if (!now || !*now || (*now)->generation != before->generation) {
        return now ? Result<bool>(false) : std::unexpected(now.error());
    }
    const auto* waiting = moves_.find(bearer, before->generation);
    if (waiting == nullptr || waiting->is_orphan) {
        return false;
    }
    wait_for(bearer, names, is_orphan);
    return true;
}

/// Whether a directory above the new name has its own move still before it.
Result<bool> NameChanges::will_move(u64 dir, u64 dir_generation, const InodeName& old_name,
                                    const InodeName& new_name) const {
    if (dir <= current_.number || (old_name.dir == new_name.dir && old_name.name == new_name.name)) {
        return false;
    }
    const auto generation = snapshots_.parent->generation_of(dir);
    return generation ? Result<bool>(*generation == dir_generation) : std::unexpected(generation.error());
}

/// A directory above the new name, near or far, has to be moved first.
Result<bool> NameChanges::waits_for_ancestor(const InodeName& name, const RecordedNames& names, bool is_orphan) {
    u64 dir = name.dir;
    u64 dir_generation = name.dir_generation;
    for (unsigned level = 0; dir > btrfs::root_dir_inode; ++level) {
        if (level == most_path_levels) {
            return std::unexpected(
                snapshots_.sent->damaged({dir, btrfs::item_type::inode_ref, 0}, "a directory that is within itself"));
        }
        if (moves_.is_waiting(dir, dir_generation)) {
            // Otherwise both would wait for each other.
            BTRKIT_TRY_ASSIGN(const auto above, snapshots_.parent->is_above(current_.number, current_.generation, dir));
            if (above) {
                wait_for(dir, names, is_orphan);
                return true;
            }
        }
        const auto name_now = snapshots_.sent->need_first_name(dir);
        const auto name_before = name_now ? snapshots_.parent->first_name(dir) : std::unexpected(name_now.error());
        if (!name_before || !*name_before) {
            return name_before ? Result<bool>(false) : std::unexpected(name_before.error());
        }
        BTRKIT_TRY_ASSIGN(const auto waits, will_move(dir, dir_generation, **name_before, *name_now));
        if (waits) {
            wait_for(dir, names, is_orphan);
            return true;
        }
        dir = name_now->dir;
        dir_generation = name_now->dir_generation;
    }
    return false;
}

Result<void> NameChanges::move_waiting_behind_current() {
    auto queue = moves_.extract_moves_behind(current_.number);
    for (unsigned retries = 0; !queue.empty();) {
        WaitingMove move = std::move(queue.front());
        queue.pop_front();
        const u64 dir = move.dir;
        const u64 names_done_below = std::exchange(current_.names_done_below, current_.number + 1);
        const auto moved = move_late(move);
        current_.names_done_below = names_done_below;
        if (!moved) {
            return std::unexpected(moved.error());
        }
        retries += *moved ? 0 : 1;
        if (retries > most_retries) {
            return std::unexpected(snapshots_.sent->damaged({dir, btrfs::item_type::inode_ref, 0},
                                                            "directories whose moves wait for each other"));
        }
        for (auto& next : moves_.extract_moves_behind(dir)) {
            queue.push_back(std::move(next));
        }
    }
    return {};
}

/// False: it would become part of itself now, and waits for another move.
Result<bool> NameChanges::move_late(WaitingMove& move) {
    const auto waiting = moves_.remove(move.dir);
    Result<std::string> from;
    if (waiting.is_orphan) {
        from = paths_.temporary_name(move.dir, move.dir_generation);
    } else {
        const auto old_name = snapshots_.parent->need_first_name(move.dir);
        from = old_name ? paths_.path_of(*old_name) : std::unexpected(old_name.error());
    }
    BTRKIT_TRY_ASSIGN(const auto obstacle,
                      from ? loop_through(move.dir, move.dir_generation) : std::unexpected(from.error()));
    if (obstacle) {
        const auto [dir, generation] = std::pair(move.dir, move.dir_generation);
        moves_.add(*obstacle, std::move(move), waiting.is_orphan);
        auto* again = moves_.find(dir, generation);
        again->rmdir = waiting.rmdir;
        again->rmdir_generation = waiting.rmdir_generation;
        return false;
    }
    const auto to = paths_.path_of(move.dir, move.dir_generation);
    BTRKIT_TRY(to ? commands_.rename(*from, *to) : std::unexpected(to.error()));
    paths_.forget_current_path();
    const auto done = after_late_move(move, waiting);
    return done ? Result<bool>(true) : std::unexpected(done.error());
}

Result<void> NameChanges::after_late_move(const WaitingMove& move, const DirMoves::Waiting& waiting) {
    if (waiting.rmdir != 0 && dying_.contains(waiting.rmdir, waiting.rmdir_generation)) {
        BTRKIT_TRY(rmdir_if_emptied(waiting.rmdir, waiting.rmdir_generation));
    }
    dir_times_.touch(move.dir, move.dir_generation);
    for (const auto& name : move.touched) {
        BTRKIT_TRY_ASSIGN(const auto still_there, snapshots_.sent->inode(name.dir));
        // The kernel also tries it where the number now is another inode's.
        if (still_there && still_there->generation == name.dir_generation) {
            dir_times_.touch(name.dir, name.dir_generation);
        }
    }
    return {};
}

/// Of a directory that waits. A new one is at the top by its temporary name: the kernel fails there.
Result<Paths::Step> NameChanges::step_up_in_parent(u64 dir) const {
    BTRKIT_TRY_ASSIGN(auto name, snapshots_.parent->first_name(dir));
    return name ? Paths::Step{std::move(name->name), name->dir, name->dir_generation} : Paths::Step{};
}

/// Whether the way up from the directory, as things are now, leads back to it; then: which directory on it has to be
/// moved first.
Result<std::optional<u64>> NameChanges::loop_through(u64 dir, u64 generation) {
    u64 at = dir;
    u64 at_generation = generation;
    u64 waiting_above = 0;
    for (unsigned level = 0; at != btrfs::root_dir_inode && level < most_path_levels; ++level) {
        if (dying_.contains(at, at_generation)) {
            return std::nullopt;
        }
        const bool waits = moves_.is_waiting(at, at_generation);
        if (waits && waiting_above == 0) {
            waiting_above = at;
        }
        BTRKIT_TRY_ASSIGN(const auto step, waits ? step_up_in_parent(at) : paths_.step_up(at, at_generation));
        if (step.parent == 0) {
            return std::nullopt;
        }
        if (step.parent == dir) {
            return waiting_above == 0 ? at : waiting_above;
        }
        at = step.parent;
        at_generation = step.parent_generation;
    }
    return std::nullopt;
}

} // namespace btrkit::send
