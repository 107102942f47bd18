// SPDX-License-Identifier: MIT
#include "libfs/ops/send/snapshot.h"

#include "formats/btrfs/file_extent.h"
#include "libfs/fs/name_items.h"

#include <fmt/format.h>
#include <sys/stat.h>

namespace btrkit::send {

namespace {

namespace type = btrfs::item_type;

constexpr std::size_t most_inodes_kept = 16384;
/// A bit of a generation that no filesystem comes to.
constexpr u64 generation_apart = u64{1} << 63;

} // namespace

Snapshot::Snapshot(BlockCache& cache, Subvolume subvolume)
    : subvolume_(std::move(subvolume)), view_(cache, subvolume_.tree) {}

void Snapshot::tell_apart_from(Snapshot& other) {
    other_ = &other;
    inodes_.clear();
}

const LostItems& Snapshot::find_losses() {
    if (!lost_) {
        lost_.emplace(view_.cache(), view_.tree());
        inodes_.clear();
    }
    return *lost_;
}

/// What nothing tells of but that it is in the way up from others is a directory.
Inode Snapshot::stand_in(u64 number) {
    const auto* known = find_losses().find(number);
    Inode inode{.number = number, .nlink = 1, .mode = S_IFDIR};
    if (known != nullptr) {
        inode.mode = known->type != 0 ? known->type : known->has_own_items ? S_IFREG : S_IFDIR;
        inode.size = known->size;
    }
    return inode;
}

bool Snapshot::is_stand_in(u64 number) {
    if (!lost_) {
        return false;
    }
    const auto found = view_.find_inode(number);
    return !found || !*found;
}

Result<std::vector<InodeName>> Snapshot::names_of_lost(u64 number) {
    std::vector<InodeName> names;
    if (const auto* known = find_losses().find(number)) {
        for (const auto& name : known->names) {
            BTRKIT_TRY_ASSIGN(auto with, with_generation(name));
            names.push_back(std::move(with));
        }
    }
    if (names.empty()) {
        BTRKIT_TRY_ASSIGN(auto name, name_of_nameless(number));
        BTRKIT_TRY_ASSIGN(auto with, with_generation({.dir = btrfs::root_dir_inode, .name = std::move(name)}));
        names.push_back(std::move(with));
    }
    return names;
}

Result<std::string> Snapshot::name_of_nameless(u64 number) {
    std::string name = fmt::format("lost-inode-{}", number);
    for (u64 again = 1;; ++again) {
        BTRKIT_TRY_ASSIGN(const auto taken, entry(btrfs::root_dir_inode, name));
        if (!taken) {
            return name;
        }
        name = fmt::format("lost-inode-{}-{}", number, again);
    }
}

/// What makes up other inodes than files and directories can't be changed.
Result<bool> Snapshot::is_another(const Inode& inode) {
    const auto other = other_->inode(inode.number);
    if (!other || !*other) {
        return other ? Result<bool>(false) : std::unexpected(other.error());
    }
    if (inode.type() != (*other)->type()) {
        return true;
    }
    if (S_ISREG(inode.mode) || S_ISDIR(inode.mode) || inode != **other) {
        return !S_ISREG(inode.mode) && !S_ISDIR(inode.mode);
    }
    if (!S_ISLNK(inode.mode)) {
        return false;
    }
    const auto ours = view_.symlink_item(inode.number);
    BTRKIT_TRY_ASSIGN(const auto theirs,
                      ours ? other_->view_.symlink_item(inode.number) : std::unexpected(ours.error()));
    const auto* head = view_at<btrfs::FileExtentHead>(*ours);
    const bool is_inline = head != nullptr && head->type == static_cast<u8>(btrfs::FileExtentType::inline_data);
    return !is_inline || *ours != theirs;
}

Result<std::optional<Inode>> Snapshot::inode(u64 number) {
    if (const auto kept = inodes_.find(number); kept != inodes_.end()) {
        return kept->second;
    }
    auto found = view_.find_inode(number);
    if (!found && may_stand_in(found.error()) && find_losses().is_lost(number)) {
        found = stand_in(number);
    } else if (found && !*found && lost_ && (lost_->is_lost(number) || assumed_dirs_.contains(number))) {
        found = stand_in(number);
    }
    BTRKIT_TRY_ASSIGN(auto inode, std::move(found));
    if (inode && other_ != nullptr) {
        BTRKIT_TRY_ASSIGN(const auto another, is_another(*inode));
        inode->generation |= another ? generation_apart : 0;
    }
    if (inodes_.size() >= most_inodes_kept) {
        inodes_.clear();
    }
    inodes_.emplace(number, inode);
    return inode;
}

Result<Inode> Snapshot::need_inode(u64 number) {
    BTRKIT_TRY_ASSIGN(auto found, inode(number));
    if (!found && stands_in_) {
        find_losses();
        assumed_dirs_.insert(number);
        inodes_.erase(number);
        BTRKIT_TRY_ASSIGN(found, inode(number));
    }
    if (!found) {
        return std::unexpected(damaged({number, type::inode_item, 0}, "it is not there, but others refer to it"));
    }
    return *found;
}

Result<u64> Snapshot::generation_of(u64 number) {
    const auto found = need_inode(number);
    return found ? Result<u64>(found->generation) : std::unexpected(found.error());
}

Result<InodeName> Snapshot::with_generation(ParentName name) {
    const auto generation = generation_of(name.dir);
    return generation
               ? Result<InodeName>({.dir = name.dir, .dir_generation = *generation, .name = std::move(name.name)})
               : std::unexpected(generation.error());
}

Result<std::optional<InodeName>> Snapshot::first_name(u64 number) {
    auto first = view_.first_name(number);
    if (!first && may_stand_in(first.error())) {
        BTRKIT_TRY_ASSIGN(auto names, names_of_lost(number));
        return std::move(names.front());
    }
    if (!first || !*first) {
        return first ? Result<std::optional<InodeName>>(std::nullopt) : std::unexpected(first.error());
    }
    return with_generation(std::move(**first));
}

Result<InodeName> Snapshot::need_first_name(u64 number) {
    BTRKIT_TRY_ASSIGN(auto name, first_name(number));
    if (!name && stands_in_) {
        BTRKIT_TRY_ASSIGN(auto names, names_of_lost(number));
        return std::move(names.front());
    }
    if (!name) {
        return std::unexpected(damaged({number, type::inode_ref, 0}, "an inode without a name"));
    }
    return std::move(*name);
}

Result<std::string> Snapshot::path_of(u64 number) {
    auto path = view_.path_of(number);
    if (path || !may_stand_in(path.error())) {
        return path;
    }
    std::vector<std::string> names; // from the inode up
    while (number != btrfs::root_dir_inode && names.size() < most_path_levels) {
        BTRKIT_TRY_ASSIGN(auto name, need_first_name(number));
        names.push_back(std::move(name.name));
        number = name.dir;
    }
    return number == btrfs::root_dir_inode ? Result<std::string>(path_from(names)) : path;
}

/// References as far as they can be read, and what else tells of names.
std::vector<ParentName> Snapshot::known_names(u64 number, std::size_t most) {
    if (const auto* known = lost_ ? lost_->find(number) : nullptr; known != nullptr && !known->names.empty()) {
        return known->names;
    }
    std::vector<ParentName> names;
    auto refs = search();
    auto there = refs.seek({number, type::inode_ref, 0});
    for (; there && *there && is_inode_ref_of(refs.key(), number) && names.size() < most; there = refs.next()) {
        for_each_name(refs.key(), refs.data(), [&](const NameRecord& record, const btrfs::DirItem*) {
            names.push_back({.dir = record.parent, .name = std::string(as_text(record.name))});
        });
    }
    return names;
}

Result<std::vector<std::string>> Snapshot::paths_of(u64 number, std::size_t most) {
    std::vector<std::string> paths;
    for (const auto& name : known_names(number, most)) {
        BTRKIT_TRY_ASSIGN(const auto dir, path_of(name.dir));
        paths.push_back(dir.empty() ? name.name : dir + '/' + name.name);
    }
    if (paths.empty()) {
        BTRKIT_TRY_ASSIGN(auto path, path_of(number));
        paths.push_back(std::move(path));
    }
    return paths;
}

/// Where the item with the entry is lost, the directory's index may have it.
Result<std::optional<btrfs::Key>> Snapshot::entry(u64 dir, std::string_view name) {
    auto found = view_.find_entry(dir, name);
    return !found && may_stand_in(found.error()) ? find_losses().entry_by_index(dir, name) : found;
}

Result<std::optional<u64>> Snapshot::inode_of_entry(u64 dir, std::string_view name) {
    BTRKIT_TRY_ASSIGN(const auto location, entry(dir, name));
    if (!location || location->type == type::root_item) {
        return std::nullopt;
    }
    return location->objectid;
}

/// Whether dir is `from` or above it, along first names.
Result<bool> Snapshot::is_on_the_way_up(u64 dir, u64 dir_generation, u64 from, u64 from_generation) {
    if (dir == from) {
        return dir_generation == from_generation;
    }
    for (unsigned level = 0; from > btrfs::root_dir_inode; ++level) {
        if (level == most_path_levels) {
            return std::unexpected(damaged({from, type::inode_ref, 0}, "a directory that is within itself"));
        }
        BTRKIT_TRY_ASSIGN(const auto name, need_first_name(from));
        if (name.dir == dir) {
            return name.dir_generation == dir_generation;
        }
        from = name.dir;
    }
    return false;
}

Result<bool> Snapshot::is_above(u64 dir, u64 dir_generation, u64 number) {
    auto refs = search();
    auto there = refs.seek({number, type::inode_ref, 0});
    u64 last_parent = 0;
    for (; there && *there && is_inode_ref_of(refs.key(), number); there = refs.next()) {
        std::vector<u64> parents;
        for_each_name(refs.key(), refs.data(), [&](const NameRecord& record, const btrfs::DirItem*) {
            if (record.parent != last_parent) { // a file has most of its names in few directories
                parents.push_back(record.parent);
                last_parent = record.parent;
            }
        });
        for (const u64 parent : parents) {
            const auto generation = generation_of(parent);
            const auto above = generation ? is_on_the_way_up(dir, dir_generation, parent, *generation)
                                          : std::unexpected(generation.error());
            if (!above || *above) {
                return above;
            }
        }
    }
    return there ? Result<bool>(false) : std::unexpected(there.error());
}

} // namespace btrkit::send
