// SPDX-License-Identifier: MIT
#include "libfs/ops/mkfs/files/inode_items.h"

#include "formats/btrfs/item_types.h"
#include "libfs/base/checksum.h"
#include "libfs/base/names.h"
#include "libfs/ops/mkfs/parameters.h"
#include "libfs/tree/item_merger.h"

#include <algorithm>

#include <fmt/format.h>
#include <sys/stat.h>

namespace btrkit::mkfs {

namespace {

/// The kernel's bound on the names of one inode.
constexpr u64 max_links = 65535;
/// PATH_MAX without the terminator.
constexpr std::size_t max_link_target_bytes = 4095;

Bytes bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text));
}

} // namespace

btrfs::Timespec timespec_of(Time time) {
    return {.sec = static_cast<u64>(time.sec), .nsec = time.nsec};
}

std::unexpected<Error> InodeItems::refuse(u32 source_inode, std::string_view what) const {
    return fail(ErrorKind::unsupported, fmt::format("{}: {}", printable(path_of(plan_->source(), source_inode)), what));
}

Result<void> InodeItems::need_room(const Result<bool>& added, u32 source_inode, std::string_view what) const {
    if (!added) {
        return std::unexpected(added.error());
    }
    return *added ? Result<void>{} : refuse(source_inode, what);
}

btrfs::InodeItem InodeItems::inode_item(u32 source_inode, u64 nbytes, u64 link_count) const {
    const SourceInode& inode = plan_->source().inodes[source_inode];
    u64 size = S_ISLNK(inode.mode) ? inode.link_target.size() : inode.size;
    if (S_ISDIR(inode.mode)) {
        size = 0;
        for (const auto& entry : inode.entries) {
            size += 2 * entry.name.size(); // once for each of the two kinds of entry items
        }
    }
    return {
        .generation = first_generation,
        .transid = first_generation,
        .size = size,
        .nbytes = nbytes,
        .nlink = static_cast<u32>(link_count),
        .uid = inode.uid,
        .gid = inode.gid,
        .mode = inode.mode,
        .rdev = u64{inode.device_major} << btrfs::rdev_minor_bits | inode.device_minor,
        .flags = inode.flags,
        .atime = timespec_of(inode.atime),
        .ctime = timespec_of(inode.ctime),
        .mtime = timespec_of(inode.mtime),
        .otime = timespec_of(inode.otime),
    };
}

Result<void> InodeItems::add(TreeBuilder& tree, u32 source_inode, u64 nbytes) const {
    const u64 number = plan_->inode_number(source_inode);
    const SourceInode& inode = plan_->source().inodes[source_inode];
    const bool is_directory = S_ISDIR(inode.mode);
    const u64 link_count = is_directory ? 1 : plan_->names(source_inode).size();
    if (link_count > max_links) {
        return refuse(source_inode, fmt::format("has {} names; btrfs allows {}", link_count, max_links));
    }
    if (S_ISLNK(inode.mode) && (inode.link_target.empty() || inode.link_target.size() > max_link_target_bytes)) {
        return refuse(source_inode, fmt::format("is a symlink to a name of {} bytes; Linux allows 1 to {}",
                                                inode.link_target.size(), max_link_target_bytes));
    }
    const auto item = inode_item(source_inode, nbytes, link_count);
    BTRKIT_TRY(tree.add({number, btrfs::item_type::inode_item, 0}, as_bytes_of(item)));
    BTRKIT_TRY(add_references(tree, source_inode));
    BTRKIT_TRY(add_xattrs(tree, source_inode));
    return is_directory ? add_entries(tree, source_inode) : Result<void>{};
}

Result<void> InodeItems::add_references(TreeBuilder& tree, u32 source_inode) const {
    const u64 number = plan_->inode_number(source_inode);
    ItemBuffer body;
    if (number == btrfs::root_dir_inode) {
        body.add(btrfs::InodeRef{.index = 0, .name_len = 2}).add_text("..");
        return tree.add({number, btrfs::item_type::inode_ref, number}, body.bytes());
    }
    auto names = plan_->names(source_inode);
    const auto entry_of = [&](const NamePlace& place) -> const SourceEntry& {
        return plan_->source().inodes[place.directory].entries[place.entry];
    };
    std::ranges::sort(names, {}, [&](const NamePlace& place) {
        return std::pair(plan_->inode_number(place.directory), place.entry);
    });

    ItemMerger references(tree, btrfs::max_item_size(geometry_->nodesize));
    using Hashed = std::tuple<u64, u32, u32>; // hash, directory, entry
    std::vector<Hashed> overflow;             // references that are keyed by a hash
    for (const auto& place : names) {
        const auto& name = entry_of(place).name;
        const u64 parent = plan_->inode_number(place.directory);
        body.clear()
            .add(btrfs::InodeRef{.index = btrfs::first_dir_index + place.entry,
                                 .name_len = static_cast<u16>(name.size())})
            .add_text(name);
        BTRKIT_TRY_ASSIGN(const auto added,
                          references.add({number, btrfs::item_type::inode_ref, parent}, body.bytes()));
        if (!added) {
            overflow.emplace_back(extref_hash(parent, bytes_of(name)), place.directory, place.entry);
        }
    }
    BTRKIT_TRY(references.flush());
    if (!overflow.empty() && !geometry_->has_incompat(btrfs::incompat_extended_iref)) {
        return refuse(source_inode, "has too many names in one directory without the feature extref");
    }
    std::ranges::sort(overflow);
    for (const auto& [hash, directory, entry] : overflow) {
        const auto& name = entry_of({directory, entry}).name;
        body.clear()
            .add(btrfs::InodeExtref{.parent = plan_->inode_number(directory),
                                    .index = btrfs::first_dir_index + entry,
                                    .name_len = static_cast<u16>(name.size())})
            .add_text(name);
        const auto added = references.add({number, btrfs::item_type::inode_extref, hash}, body.bytes());
        BTRKIT_TRY(need_room(added, source_inode, "has too many names with the same hash"));
    }
    return references.flush();
}

Result<void> InodeItems::add_xattrs(TreeBuilder& tree, u32 source_inode) const {
    const u64 number = plan_->inode_number(source_inode);
    const auto& xattrs = plan_->source().inodes[source_inode].xattrs;
    std::vector<std::pair<u64, std::size_t>> by_hash;
    by_hash.reserve(xattrs.size());
    for (std::size_t i = 0; i < xattrs.size(); ++i) {
        by_hash.emplace_back(name_hash(bytes_of(xattrs[i].name)), i);
    }
    std::ranges::sort(by_hash);
    ItemMerger items(tree, btrfs::max_item_size(geometry_->nodesize));
    ItemBuffer body;
    for (const auto& [hash, i] : by_hash) {
        const Xattr* xattr = &xattrs[i];
        const std::size_t size = sizeof(btrfs::DirItem) + xattr->name.size() + xattr->value.size();
        const auto too_large = [&] {
            return refuse(source_inode,
                          fmt::format("extended attribute {} of {} bytes does not fit metadata blocks of {} bytes",
                                      printable(xattr->name), xattr->value.size(), geometry_->nodesize));
        };
        if (size > btrfs::max_item_size(geometry_->nodesize) || xattr->name.size() > btrfs::max_name_length) {
            return too_large();
        }
        body.clear()
            .add(btrfs::DirItem{.transid = first_generation,
                                .data_len = static_cast<u16>(xattr->value.size()),
                                .name_len = static_cast<u16>(xattr->name.size()),
                                .type = static_cast<u8>(btrfs::FileType::xattr)})
            .add_text(xattr->name)
            .add_text(xattr->value);
        BTRKIT_TRY_ASSIGN(const auto added, items.add({number, btrfs::item_type::xattr_item, hash}, body.bytes()));
        if (!added) {
            return too_large();
        }
    }
    return items.flush();
}

namespace {

void put_entry(ItemBuffer& body, const TreePlan& plan, const SourceEntry& entry) {
    const SourceInode& target = plan.source().inodes[entry.inode];
    const btrfs::Key location =
        target.subvolume != SubvolumeKind::none
            ? btrfs::Key{plan.tree_of_subvolume(entry.inode), btrfs::item_type::root_item, ~u64{0}}
            : btrfs::Key{plan.inode_number(entry.inode), btrfs::item_type::inode_item, 0};
    body.clear()
        .add(btrfs::DirItem{.location = btrfs::DiskKey::from(location),
                            .transid = first_generation,
                            .data_len = 0,
                            .name_len = static_cast<u16>(entry.name.size()),
                            .type = static_cast<u8>(file_type_of(target.mode))})
        .add_text(entry.name);
}

} // namespace

Result<void> InodeItems::add_entries(TreeBuilder& tree, u32 source_inode) const {
    BTRKIT_TRY(add_entries_by_hash(tree, source_inode));
    const auto& entries = plan_->source().inodes[source_inode].entries;
    ItemBuffer body;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        put_entry(body, *plan_, entries[i]);
        const btrfs::Key key = {plan_->inode_number(source_inode), btrfs::item_type::dir_index,
                                btrfs::first_dir_index + i};
        BTRKIT_TRY(tree.add(key, body.bytes()));
    }
    return {};
}

Result<void> InodeItems::add_entries_by_hash(TreeBuilder& tree, u32 source_inode) const {
    const auto& entries = plan_->source().inodes[source_inode].entries;
    std::vector<std::pair<u64, u32>> by_hash;
    by_hash.reserve(entries.size());
    for (u32 i = 0; i < entries.size(); ++i) {
        by_hash.emplace_back(name_hash(bytes_of(entries[i].name)), i);
    }
    std::ranges::sort(by_hash);
    ItemMerger items(tree, btrfs::max_item_size(geometry_->nodesize));
    ItemBuffer body;
    for (const auto& [hash, i] : by_hash) {
        put_entry(body, *plan_, entries[i]);
        const auto added =
            items.add({plan_->inode_number(source_inode), btrfs::item_type::dir_item, hash}, body.bytes());
        BTRKIT_TRY(need_room(added, source_inode, "holds too many names with the same hash"));
    }
    return items.flush();
}

} // namespace btrkit::mkfs
