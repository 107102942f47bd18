// SPDX-License-Identifier: MIT
#include "libfs/ops/send/snapshot.h"

#include "formats/btrfs/file_extent.h"
#include "libfs/fs/name_items.h"

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
    BTRKIT_TRY_ASSIGN(auto inode, view_.find_inode(number));
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
    if (!found) {
        return std::unexpected(damaged({number, type::inode_item, 0}, "it is not there, but others refer to it"));
    }
    return *found;
}

Result<u64> Snapshot::generation_of(u64 number) {
    const auto found = need_inode(number);
    return found ? Result<u64>(found->generation) : std::unexpected(found.error());
}

Result<std::optional<InodeName>> Snapshot::first_name(u64 number) {
    BTRKIT_TRY_ASSIGN(auto first, view_.first_name(number));
    if (!first) {
        return std::nullopt;
    }
    BTRKIT_TRY_ASSIGN(const auto generation, generation_of(first->dir));
    return InodeName{.dir = first->dir, .dir_generation = generation, .name = std::move(first->name)};
}

Result<InodeName> Snapshot::need_first_name(u64 number) {
    BTRKIT_TRY_ASSIGN(auto name, first_name(number));
    if (!name) {
        return std::unexpected(damaged({number, type::inode_ref, 0}, "an inode without a name"));
    }
    return std::move(*name);
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
