// SPDX-License-Identifier: MIT
#include "libfs/ops/send/names/make_inode.h"

#include "formats/btrfs/item_types.h"

#include <sys/stat.h>

namespace btrkit::send {

namespace {

namespace type = btrfs::item_type;

constexpr std::size_t most_dirs_kept = 4096;

} // namespace

InodeMaker::InodeMaker(const Filesystem& filesystem, const Snapshots& snapshots, const CurrentInode& current,
                       Commands& commands, Paths& paths)
    : snapshots_(snapshots), current_(current), commands_(commands), paths_(paths), symlinks_(filesystem) {}

Result<void> InodeMaker::make(const Inode& inode) {
    BTRKIT_TRY_ASSIGN(const auto name, paths_.temporary_name(inode.number, inode.generation));
    if (inode.type() != S_IFLNK) {
        return commands_.make(name, inode, {});
    }
    const InodePlace place{.tree = snapshots_.sent->subvolume().tree, .inode = inode.number};
    const auto target = read_symlink(symlinks_, place, inode);
    return target ? commands_.make(name, inode, *target) : std::unexpected(target.error());
}

void InodeMaker::remember(u64 dir) {
    // Entries tell only where they can be read.
    if (made_dirs_.size() >= most_dirs_kept && !snapshots_.sent->stands_in()) {
        made_dirs_.clear();
    }
    made_dirs_.insert(dir);
}

/// A directory that was made before its turn was made for an entry whose turn had come.
Result<bool> InodeMaker::was_made(u64 dir) {
    if (made_dirs_.contains(dir) || snapshots_.sent->stands_in()) {
        return made_dirs_.contains(dir);
    }
    auto entries = snapshots_.sent->search();
    auto there = entries.seek({dir, type::dir_index, 0});
    for (; there && *there; there = entries.next()) {
        const auto key = entries.key();
        if (key.objectid != dir || key.type != type::dir_index) {
            return false;
        }
        const auto* entry = view_at<btrfs::DirItem>(entries.data());
        if (entry != nullptr && entry->location.type != type::root_item &&
            entry->location.objectid < current_.names_done_below) {
            remember(dir);
            return true;
        }
    }
    return there ? Result<bool>(false) : std::unexpected(there.error());
}

Result<void> InodeMaker::make_dir_once(const Inode& inode) {
    const auto made = was_made(inode.number);
    if (!made) {
        return std::unexpected(made.error());
    }
    const auto done = *made ? Result<void>() : make(inode);
    if (inode.number == current_.number && snapshots_.sent->stands_in()) {
        made_dirs_.erase(inode.number); // nobody asks again
    } else if (done) {
        remember(inode.number);
    }
    return done;
}

Result<void> InodeMaker::make_dir_once(u64 dir) {
    const auto inode = snapshots_.sent->need_inode(dir);
    return inode ? make_dir_once(*inode) : std::unexpected(inode.error());
}

} // namespace btrkit::send
