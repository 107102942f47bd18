// SPDX-License-Identifier: MIT
#include "libfs/ops/mkfs/files/inode_items.h"

#include "formats/btrfs/item_types.h"
#include "libfs/base/names.h"
#include "libfs/ops/mkfs/parameters.h"

#include <algorithm>

#include <fmt/format.h>
#include <sys/stat.h>

namespace btrkit::mkfs {

std::unexpected<Error> InodeItems::refuse(u32 source_inode, std::string_view what) const {
    return fail(ErrorKind::unsupported, fmt::format("{}: {}", printable(path_of(plan_->source(), source_inode)), what));
}

Result<void> InodeItems::add(ItemSink& sink, u32 source_inode, u64 nbytes) {
    const SourceInode& source = plan_->source().inodes[source_inode];
    const auto target_bytes = source.link_target.size();
    if (S_ISLNK(source.mode) && (target_bytes == 0 || target_bytes > max_link_target_bytes)) {
        return refuse(source_inode, fmt::format("is a symlink to a name of {} bytes; Linux allows 1 to {}",
                                                target_bytes, max_link_target_bytes));
    }
    gather_names(source_inode);
    gather_entries(source_inode);
    const auto added = add_inode_items(
        sink, *geometry_,
        {.inode = inode_of(source_inode, nbytes), .names = names_, .xattrs = source.xattrs, .entries = entries_});
    if (!added && added.error().kind == ErrorKind::unsupported) {
        return refuse(source_inode, added.error().message);
    }
    return added;
}

Inode InodeItems::inode_of(u32 source_inode, u64 nbytes) const {
    const SourceInode& source = plan_->source().inodes[source_inode];
    u64 size = S_ISLNK(source.mode) ? source.link_target.size() : source.size;
    if (S_ISDIR(source.mode)) {
        size = 0;
        for (const auto& entry : source.entries) {
            size += 2 * entry.name.size(); // once for each of the two kinds of entry items
        }
    }
    return {
        .number = plan_->inode_number(source_inode),
        .generation = first_generation,
        .transid = first_generation,
        .size = size,
        .nbytes = nbytes,
        .nlink = S_ISDIR(source.mode) ? 1 : static_cast<u32>(names_.size()),
        .uid = source.uid,
        .gid = source.gid,
        .mode = source.mode,
        .device_major = source.device_major,
        .device_minor = source.device_minor,
        .flags = source.flags,
        .atime = source.atime,
        .ctime = source.ctime,
        .mtime = source.mtime,
        .otime = source.otime,
    };
}

void InodeItems::gather_names(u32 source_inode) {
    names_.clear();
    if (plan_->inode_number(source_inode) == btrfs::root_dir_inode) {
        return;
    }
    for (const auto& place : plan_->names(source_inode)) {
        names_.push_back({.dir = plan_->inode_number(place.directory),
                          .index = btrfs::first_dir_index + place.entry,
                          .name = plan_->source().inodes[place.directory].entries[place.entry].name});
    }
    std::ranges::sort(names_, {}, [](const NewName& name) { return std::pair(name.dir, name.index); });
}

void InodeItems::gather_entries(u32 source_inode) {
    entries_.clear();
    const auto& entries = plan_->source().inodes[source_inode].entries;
    entries_.reserve(entries.size());
    for (std::size_t i = 0; i < entries.size(); ++i) {
        const SourceInode& target = plan_->source().inodes[entries[i].inode];
        entries_.push_back(
            {.index = btrfs::first_dir_index + i,
             .name = entries[i].name,
             .location =
                 target.subvolume != SubvolumeKind::none
                     ? btrfs::Key{plan_->tree_of_subvolume(entries[i].inode), btrfs::item_type::root_item, ~u64{0}}
                     : btrfs::Key{plan_->inode_number(entries[i].inode), btrfs::item_type::inode_item, 0},
             .type = file_type_of(target.mode)});
    }
}

} // namespace btrkit::mkfs
