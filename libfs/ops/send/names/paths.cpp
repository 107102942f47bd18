// SPDX-License-Identifier: MIT
#include "libfs/ops/send/names/paths.h"

#include "formats/send/attributes.h"
#include "libfs/base/names.h"

#include <fmt/format.h>

namespace btrkit::send {

namespace {

constexpr std::size_t most_steps_kept = 4096;

} // namespace

Paths::Paths(const Snapshots& snapshots, const CurrentInode& current, DirMoves& moves, DyingDirs& dying)
    : snapshots_(snapshots), current_(current), moves_(moves), dying_(dying) {}

Result<std::string> Paths::temporary_name(u64 inode, u64 generation) {
    const Id id{inode, generation};
    if (temporary_of_ == id) {
        return temporary_;
    }
    for (u64 number = 0;; ++number) {
        auto name = fmt::format("o{}-{}-{}", inode, generation, number);
        bool is_free = true;
        for (auto* snapshot : {snapshots_.sent, snapshots_.parent}) {
            BTRKIT_TRY_ASSIGN(const auto entry, snapshot == nullptr ? Result<std::optional<btrfs::Key>>(std::nullopt)
                                                                    : snapshot->entry(btrfs::root_dir_inode, name));
            is_free = is_free && !entry;
        }
        if (is_free) {
            temporary_of_ = id;
            temporary_ = name;
            return name;
        }
    }
}

/// By the inode's own reference, which is near. Where that does not tell, the entry in the directory will.
bool Paths::still_bears(const InodeName& name, u64 inode, u64 generation) const {
    const auto now = snapshots_.sent->inode(inode);
    if (!now || !*now || (*now)->generation != generation) {
        return false;
    }
    const auto first = snapshots_.sent->first_name(inode);
    return first && *first && **first == name;
}

Result<bool> Paths::is_taken_over(const InodeName& name, u64 inode, u64 generation) {
    if (snapshots_.parent == nullptr) {
        return false;
    }
    if (name.dir != btrfs::root_dir_inode) {
        const auto state = snapshots_.find_state(name.dir, name.dir_generation, current_.names_done_below);
        if (!state || !*state || !exists_now(**state)) {
            return state ? Result<bool>(false) : std::unexpected(state.error());
        }
        const auto dir = snapshots_.sent->inode(name.dir);
        if (!dir || !*dir || (*dir)->generation != name.dir_generation) {
            return dir ? Result<bool>(false) : std::unexpected(dir.error());
        }
    }
    if (still_bears(name, inode, generation)) {
        return false;
    }
    const auto bearer = snapshots_.sent->inode_of_entry(name.dir, name.name);
    if (!bearer || !*bearer) {
        return bearer ? Result<bool>(false) : std::unexpected(bearer.error());
    }
    BTRKIT_TRY_ASSIGN(const auto bearer_generation, snapshots_.sent->generation_of(**bearer));
    if (**bearer == inode && bearer_generation == generation) {
        return false;
    }
    const Id current{current_.number, current_.generation};
    return **bearer < current_.names_done_below || (current == Id{**bearer, bearer_generation} &&
                                                    current == gave_way_to_ && gave_way_.contains({inode, generation}));
}

Result<std::optional<Paths::Victim>> Paths::in_the_way_of(const InodeName& name) {
    if (snapshots_.parent == nullptr) {
        return std::nullopt;
    }
    if (name.dir != btrfs::root_dir_inode) {
        const auto state = snapshots_.find_state(name.dir, name.dir_generation, current_.names_done_below);
        if (!state || !*state || !exists_now(**state)) {
            return state ? Result<std::optional<Victim>>(std::nullopt) : std::unexpected(state.error());
        }
        const auto dir = snapshots_.parent->inode(name.dir);
        if (!dir || !*dir || (*dir)->generation != name.dir_generation) {
            return dir ? Result<std::optional<Victim>>(std::nullopt) : std::unexpected(dir.error());
        }
    }
    const auto bearer = snapshots_.parent->inode_of_entry(name.dir, name.name);
    if (!bearer || !*bearer) {
        return bearer ? Result<std::optional<Victim>>(std::nullopt) : std::unexpected(bearer.error());
    }
    // What was sent before has let go of its old names, unless its move waits.
    const bool is_done = **bearer <= current_.names_done_below;
    if (is_done && !moves_.has_number(**bearer)) {
        return std::nullopt;
    }
    BTRKIT_TRY_ASSIGN(const auto inode, snapshots_.parent->need_inode(**bearer));
    if (is_done && !moves_.is_waiting(**bearer, inode.generation)) {
        return std::nullopt;
    }
    return Victim{.inode = **bearer, .generation = inode.generation, .mode = inode.mode};
}

Result<Paths::Step> Paths::find_step(u64 inode, u64 generation) {
    const auto at_the_top = [&]() -> Result<Step> {
        auto name = temporary_name(inode, generation);
        return name ? Result<Step>(Step{.name = std::move(*name)}) : std::unexpected(name.error());
    };
    BTRKIT_TRY_ASSIGN(const auto state, snapshots_.find_state(inode, generation, current_.names_done_below));
    if (!state || !exists_now(*state)) {
        return at_the_top();
    }
    auto* const bearer = inode < current_.names_done_below ? snapshots_.sent : snapshots_.parent;
    auto name = bearer == nullptr ? snapshots_.sent->need_first_name(inode) : bearer->need_first_name(inode);
    BTRKIT_TRY_ASSIGN(const auto taken, name ? is_taken_over(*name, inode, generation) : std::unexpected(name.error()));
    if (taken) {
        return at_the_top();
    }
    return Step{.name = std::move(name->name), .parent = name->dir, .parent_generation = name->dir_generation};
}

Result<Paths::Step> Paths::step_up(u64 inode, u64 generation) {
    const bool is_done = inode < current_.names_done_below;
    if (const auto kept = steps_.find({inode, generation});
        kept != steps_.end() && (kept->second.is_final || !is_done)) {
        return kept->second.step;
    }
    auto step = find_step(inode, generation);
    if (step) {
        if (steps_.size() >= most_steps_kept) {
            steps_.clear();
        }
        steps_.insert_or_assign({inode, generation}, KeptStep{.step = *step, .is_final = is_done});
    }
    return step;
}

void Paths::note_gave_way(u64 inode, u64 generation) {
    const Id current{current_.number, current_.generation};
    if (current != gave_way_to_) {
        gave_way_to_ = current;
        gave_way_.clear();
    }
    gave_way_.insert({inode, generation});
    steps_.erase({inode, generation});
}

void Paths::set_current_path(std::string path) {
    current_path_of_ = {current_.number, current_.generation};
    current_path_ = std::move(path);
}

Result<std::string> Paths::path_of(u64 inode, u64 generation) {
    const bool is_current = inode == current_.number && generation == current_.generation;
    if (is_current && !current_path_.empty() && current_path_of_ == Id{inode, generation}) {
        return current_path_;
    }
    auto path = find_path(inode, generation);
    if (path && is_current) {
        set_current_path(*path);
    }
    return path;
}

Result<std::string> Paths::find_path(u64 inode, u64 generation) {
    std::vector<std::string> names; // from the inode up
    std::size_t length = 0;
    while (inode != btrfs::root_dir_inode) {
        const auto* waiting = moves_.find(inode, generation);
        Result<Step> step;
        if (dying_.contains(inode, generation) || (waiting != nullptr && waiting->is_orphan)) {
            auto name = temporary_name(inode, generation);
            step = name ? Result<Step>(Step{.name = std::move(*name)}) : std::unexpected(name.error());
        } else if (waiting != nullptr) {
            auto name = snapshots_.parent->need_first_name(inode);
            step = name ? Result<Step>(Step{std::move(name->name), name->dir, name->dir_generation})
                        : std::unexpected(name.error());
        } else {
            step = step_up(inode, generation);
        }
        if (!step) {
            return std::unexpected(step.error());
        }
        length += step->name.size() + 1;
        names.push_back(std::move(step->name));
        if (length > btrfs::send::max_path_bytes + 1) {
            return fail(ErrorKind::unsupported,
                        fmt::format("inode {}: its path is longer than the {} bytes that streams can hold",
                                    current_.number, btrfs::send::max_path_bytes));
        }
        if (step->parent == 0) {
            break;
        }
        inode = step->parent;
        generation = step->parent_generation;
    }
    return path_from(names);
}

Result<std::string> Paths::path_of(const InodeName& name) {
    auto path = path_of(name.dir, name.dir_generation);
    if (path) {
        *path += path->empty() ? "" : "/";
        *path += name.name;
    }
    return path;
}

} // namespace btrkit::send
