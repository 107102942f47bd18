// SPDX-License-Identifier: MIT
#include "libfs/edit/file_editor.h"

#include "formats/btrfs/item_types.h"
#include "libfs/base/names.h"
#include "libfs/edit/compression_property.h"
#include "libfs/edit/dir_item_list.h"
#include "libfs/edit/file_item_writer.h"
#include "libfs/edit/inode_flags.h"
#include "libfs/edit/inode_refs.h"
#include "libfs/edit/xattr_items.h"
#include "libfs/fs/subvolume_view.h"

#include <algorithm>

#include <fmt/format.h>
#include <sys/stat.h>

namespace btrkit {

namespace {

namespace type = btrfs::item_type;

std::unexpected<Error> refused(std::string why) {
    return fail(ErrorKind::refused, std::move(why));
}

std::unexpected<Error> refused_name(const NamedPlace& place, std::string_view why) {
    return refused(fmt::format("\"{}\" {}", printable(place.name), why));
}

/// What inodes have of the directory that they are made in.
u64 inherited_flags(u64 dir_flags, u32 mode) {
    if (!S_ISREG(mode) && !S_ISDIR(mode)) {
        return 0;
    }
    const bool is_never_packed = (dir_flags & btrfs::inode_nocompress) != 0;
    return dir_flags & ((is_never_packed ? btrfs::inode_nocompress : btrfs::inode_compress) | btrfs::inode_nodatacow);
}

/// What is wrong with it whatever the filesystem holds.
Result<void> check_can_be_made(const NewFile& wanted) {
    const auto target_bytes = wanted.link_target.size();
    if (S_ISLNK(wanted.mode) && (target_bytes == 0 || target_bytes > max_link_target_bytes)) {
        return fail(ErrorKind::unsupported, fmt::format("a symbolic link to a name of {} bytes; Linux allows 1 to {}",
                                                        target_bytes, max_link_target_bytes));
    }
    return {};
}

} // namespace

Result<void> check_name(std::string_view name) {
    const bool is_possible = !name.empty() && name != "." && name != ".." && name.size() <= btrfs::max_name_length &&
                             name.find('/') == std::string_view::npos && name.find('\0') == std::string_view::npos;
    return is_possible ? Result<void>()
                       : fail(ErrorKind::usage, fmt::format("no file can be called \"{}\"", printable(name)));
}

bool FileEditor::Entry::is_subvolume() const {
    return location.type == type::root_item;
}

PlaceInTree FileEditor::Entry::place(u64 tree_of_dir) const {
    return is_subvolume() ? PlaceInTree{.tree = location.objectid, .inode = btrfs::root_dir_inode}
                          : PlaceInTree{.tree = tree_of_dir, .inode = location.objectid};
}

Result<std::optional<FileEditor::Entry>> FileEditor::next_entry(const PlaceInTree& dir, u64& index) {
    BTRKIT_TRY_ASSIGN(auto* tree, inodes_->transaction().tree(dir.tree));
    BTRKIT_TRY_ASSIGN(const auto item,
                      tree->first_from({dir.inode, type::dir_index, index}, {dir.inode, type::dir_index, ~u64{0}}));
    if (!item) {
        return std::optional<Entry>();
    }
    const auto* stored = view_at<btrfs::DirItem>(item->body);
    if (stored == nullptr) {
        return fail(ErrorKind::damaged,
                    fmt::format("entry {} of directory {} in tree {} is too short; run btrkit-check", item->key.offset,
                                dir.inode, dir.tree));
    }
    index = item->key.offset;
    return std::optional(
        Entry{.location = stored->location.to_key(),
              .name = std::string(as_text(clipped(Bytes(item->body), sizeof(*stored), stored->name_len)))});
}

Result<btrfs::Key> FileEditor::entry(const NamedPlace& place) {
    BTRKIT_TRY_ASSIGN(const auto location, directories_.find_entry(place.dir, place.name));
    if (!location) {
        return fail(ErrorKind::not_found, fmt::format("there is no \"{}\"", printable(place.name)));
    }
    return *location;
}

Result<Inode> FileEditor::changeable(const PlaceInTree& file) {
    BTRKIT_TRY_ASSIGN(auto inode, inodes_->get(file));
    if (inodes_->is_protected(inode, btrfs::inode_immutable | btrfs::inode_append)) {
        return refused("it is immutable or append-only (chattr -ia first)");
    }
    return inode;
}

Result<void> FileEditor::check_takes_entry(const NamedPlace& place) {
    BTRKIT_TRY(check_name(place.name));
    BTRKIT_TRY(inodes_->writable_tree(place.dir.tree));
    BTRKIT_TRY_ASSIGN(const auto dir, inodes_->get(place.dir));
    if (!S_ISDIR(dir.mode)) {
        return refused_name(place, "can only stand in a directory");
    }
    return !inodes_->is_protected(dir, btrfs::inode_immutable)
               ? Result<void>()
               : refused_name(place, "would stand in a directory that is immutable (chattr -i it first)");
}

Result<void> FileEditor::check_gives_entry(const NamedPlace& place) {
    BTRKIT_TRY(inodes_->writable_tree(place.dir.tree));
    BTRKIT_TRY_ASSIGN(const auto dir, inodes_->get(place.dir));
    return !inodes_->is_protected(dir, btrfs::inode_immutable | btrfs::inode_append)
               ? Result<void>()
               : refused_name(place, "stands in a directory that is immutable or append-only (chattr -ia it first)");
}

Result<PlaceInTree> FileEditor::create(const NamedPlace& place, const NewFile& wanted) {
    BTRKIT_TRY(check_takes_entry(place));
    BTRKIT_TRY_ASSIGN(const auto free, directories_.find_free(place));
    return make_file(free, wanted);
}

Result<PlaceInTree> FileEditor::create_at(const FreeName& name, const NewFile& wanted) {
    BTRKIT_TRY(check_takes_entry(name.place));
    return make_file(name, wanted);
}

Result<PlaceInTree> FileEditor::make_file(const FreeName& free, const NewFile& wanted) {
    const auto& place = free.place;
    BTRKIT_TRY(check_can_be_made(wanted));
    NewInode made;
    made.inode.mode = wanted.mode;
    made.inode.flags = wanted.flags;
    std::vector<Xattr> xattrs(wanted.xattrs.begin(), wanted.xattrs.end());
    if (wanted.inherits) {
        BTRKIT_TRY(inherit(place.dir, made, xattrs));
    }
    made.inode.flags = consistent_inode_flags(made.inode.flags, wanted.mode);
    made.xattrs = xattrs;
    BTRKIT_TRY_ASSIGN(made.inode.number,
                      wanted.number ? Result<u64>(*wanted.number) : inodes_->new_number(place.dir.tree));
    BTRKIT_TRY_ASSIGN(const u64 index, directories_.add_entry(free, {made.inode.number, type::inode_item, 0},
                                                              file_type_of(wanted.mode)));
    made.inode.nlink = 1;
    const NewName name = {.dir = place.dir.inode, .index = index, .name = place.name};
    made.names = std::span(&name, 1);
    return make_inode(place.dir.tree, wanted, made);
}

/// What the kernel lets new inodes have of their directory.
Result<void> FileEditor::inherit(const PlaceInTree& dir, NewInode& made, std::vector<Xattr>& xattrs) {
    BTRKIT_TRY_ASSIGN(auto* tree, inodes_->writable_tree(dir.tree));
    BTRKIT_TRY_ASSIGN(const auto parent, inodes_->get(dir));
    made.inode.flags =
        consistent_inode_flags(made.inode.flags | inherited_flags(parent.flags, made.inode.mode), made.inode.mode);
    BTRKIT_TRY_ASSIGN(const auto compression, find_xattr(*tree, dir.inode, compression_xattr));
    if (compression && is_inherited_property(*compression) && takes_compression(made.inode) &&
        std::ranges::find(xattrs, compression_xattr, &Xattr::name) == xattrs.end()) {
        xattrs.push_back({std::string(compression_xattr), *compression});
    }
    return {};
}

/// Puts its items, once it is known which one it is, what it is called, and what flags and attributes it has.
Result<PlaceInTree> FileEditor::make_inode(u64 tree_id, const NewFile& wanted, NewInode& made) {
    auto& transaction = inodes_->transaction();
    BTRKIT_TRY_ASSIGN(auto* tree, inodes_->writable_tree(tree_id));
    for (const auto& xattr : made.xattrs) {
        if (xattr.name == compression_xattr) {
            made.inode.flags = flags_with_compression(made.inode.flags, xattr.value);
        }
    }
    made.inode.generation = made.inode.transid = transaction.generation();
    made.inode.uid = wanted.uid;
    made.inode.gid = wanted.gid;
    made.inode.device_major = wanted.device_major;
    made.inode.device_minor = wanted.device_minor;
    made.inode.atime = wanted.atime.value_or(inodes_->now());
    made.inode.mtime = wanted.mtime.value_or(inodes_->now());
    made.inode.ctime = wanted.ctime.value_or(inodes_->now());
    made.inode.otime = wanted.otime.value_or(inodes_->now());
    const auto target_bytes = wanted.link_target.size();
    made.inode.size = S_ISLNK(wanted.mode) ? target_bytes : wanted.size;
    made.inode.nbytes = S_ISLNK(wanted.mode) ? target_bytes : wanted.nbytes;
    BTRKIT_TRY(add_inode_items(*tree, transaction.geometry(), made));
    if (S_ISLNK(wanted.mode)) {
        std::vector<DataExtent> none;
        FileItemWriter data(*tree, transaction.geometry(), tree_id, transaction.generation(), none);
        BTRKIT_TRY(data.begin_inode(made.inode.number));
        BTRKIT_TRY(
            data.add_inline(std::as_bytes(std::span(wanted.link_target)), target_bytes, btrfs::Compression::none));
    }
    return PlaceInTree{.tree = tree_id, .inode = made.inode.number};
}

/// Takes a name of an inode out.
Result<void> FileEditor::detach(const NamedPlace& place, u64 inode) {
    BTRKIT_TRY_ASSIGN(auto* tree, inodes_->writable_tree(place.dir.tree));
    BTRKIT_TRY_ASSIGN(const auto index, take_inode_ref(*tree, inode, place.dir.inode, place.name));
    if (!index) {
        return fail(ErrorKind::damaged,
                    fmt::format("inode {} of tree {} does not know its name \"{}\"; run btrkit-check", inode,
                                place.dir.tree, printable(place.name)));
    }
    return directories_.remove_entry(place.dir, place.name, *index);
}

Result<void> FileEditor::attach(const NamedPlace& place, const Inode& inode) {
    BTRKIT_TRY_ASSIGN(auto* tree, inodes_->writable_tree(place.dir.tree));
    BTRKIT_TRY_ASSIGN(const u64 index,
                      directories_.add_entry(place, {inode.number, type::inode_item, 0}, file_type_of(inode.mode)));
    return add_inode_ref(*tree, inodes_->transaction().geometry(), inode.number,
                         {.dir = place.dir.inode, .index = index, .name = place.name});
}

Result<void> FileEditor::link(const PlaceInTree& file, const NamedPlace& place) {
    BTRKIT_TRY(check_takes_entry(place));
    if (file.tree != place.dir.tree) {
        return refused_name(place, "would be a name in another subvolume: hard links don't cross them");
    }
    BTRKIT_TRY_ASSIGN(const auto inode, changeable(file));
    if (S_ISDIR(inode.mode)) {
        return refused_name(place, "would be a second name of a directory");
    }
    if (inode.nlink >= max_links) {
        return refused_name(
            place, fmt::format("would be name {} of a file; btrfs allows {}", inode.nlink + u64{1}, max_links));
    }
    BTRKIT_TRY(attach(place, inode));
    return inodes_->change(file, [&](btrfs::InodeItem& item) {
        item.nlink = item.nlink + 1;
        item.ctime = timespec_of(inodes_->now());
    });
}

Result<void> FileEditor::unlink(const NamedPlace& place) {
    BTRKIT_TRY(check_gives_entry(place));
    BTRKIT_TRY_ASSIGN(const auto location, entry(place));
    if (location.type == type::root_item) {
        return refused_name(place, "is a subvolume (btrkit-subvolume delete)");
    }
    const PlaceInTree file = {.tree = place.dir.tree, .inode = location.objectid};
    BTRKIT_TRY_ASSIGN(const auto inode, changeable(file));
    if (S_ISDIR(inode.mode)) {
        return refused_name(place, "is a directory");
    }
    BTRKIT_TRY(detach(place, file.inode));
    return lose_name(file, inode);
}

/// One that is taken out already; with the last one goes the file.
Result<void> FileEditor::lose_name(const PlaceInTree& file, const Inode& inode) {
    if (inode.nlink <= 1) {
        return inodes_->remove_items(file);
    }
    return inodes_->change(file, [&](btrfs::InodeItem& item) {
        item.nlink = item.nlink - 1;
        item.ctime = timespec_of(inodes_->now());
    });
}

/// What an entry of a directory leads to that goes as a whole: nobody will look the entry up any more.
Result<void> FileEditor::remove_inside(const PlaceInTree& dir, const Entry& entry,
                                       std::vector<PlaceInTree>& directories) {
    if (entry.is_subvolume()) {
        BTRKIT_TRY_ASSIGN(const bool stands_here, has_subvolume(dir.tree, entry.location.objectid));
        return stands_here ? refused(fmt::format("\"{}\" in it is a subvolume (btrkit-subvolume delete)",
                                                 printable(entry.name)))
                           : Result<void>();
    }
    const auto file = entry.place(dir.tree);
    BTRKIT_TRY_ASSIGN(const auto inode, changeable(file));
    if (S_ISDIR(inode.mode)) {
        directories.push_back(file);
        return {};
    }
    if (inode.nlink > 1) {
        BTRKIT_TRY_ASSIGN(auto* tree, inodes_->writable_tree(dir.tree));
        BTRKIT_TRY(take_inode_ref(*tree, file.inode, dir.inode, entry.name));
    }
    return lose_name(file, inode);
}

Result<void> FileEditor::remove_entries(const PlaceInTree& dir, std::vector<PlaceInTree>& directories,
                                        const StopToken& stop) {
    for (u64 index = 0;; ++index) {
        if (stop.stop_requested()) {
            return fail(ErrorKind::cancelled, "stopped; nothing was changed");
        }
        BTRKIT_TRY_ASSIGN(const auto entry, next_entry(dir, index));
        if (!entry) {
            return {};
        }
        BTRKIT_TRY(remove_inside(dir, *entry, directories));
        BTRKIT_TRY(inodes_->transaction().relieve());
    }
}

Result<void> FileEditor::remove_tree(const NamedPlace& place, const StopToken& stop) {
    BTRKIT_TRY(check_gives_entry(place));
    BTRKIT_TRY_ASSIGN(const auto location, entry(place));
    if (location.type == type::root_item) {
        return remove_leftover(place, location.objectid);
    }
    const PlaceInTree top = {.tree = place.dir.tree, .inode = location.objectid};
    BTRKIT_TRY_ASSIGN(const auto inode, changeable(top));
    if (!S_ISDIR(inode.mode)) {
        return unlink(place);
    }
    BTRKIT_TRY(detach(place, top.inode));
    std::vector<PlaceInTree> directories = {top};
    while (!directories.empty()) {
        const auto dir = directories.back();
        directories.pop_back();
        BTRKIT_TRY(remove_entries(dir, directories, stop));
        BTRKIT_TRY(inodes_->remove_items(dir));
        BTRKIT_TRY(inodes_->transaction().relieve());
    }
    return {};
}

Result<bool> FileEditor::has_subvolume(u64 tree, u64 subvolume) {
    BTRKIT_TRY_ASSIGN(auto* roots, inodes_->transaction().tree(btrfs::root_tree_id));
    BTRKIT_TRY_ASSIGN(const auto ref, roots->find({tree, type::root_ref, subvolume}));
    return ref.has_value();
}

Result<void> FileEditor::remove_directory(const NamedPlace& place) {
    BTRKIT_TRY(check_gives_entry(place));
    BTRKIT_TRY_ASSIGN(const auto location, entry(place));
    if (location.type == type::root_item) {
        return remove_leftover(place, location.objectid);
    }
    const PlaceInTree dir = {.tree = place.dir.tree, .inode = location.objectid};
    BTRKIT_TRY_ASSIGN(const auto inode, changeable(dir));
    if (!S_ISDIR(inode.mode)) {
        return refused_name(place, "is no directory");
    }
    u64 first = 0;
    BTRKIT_TRY_ASSIGN(const auto held, next_entry(dir, first));
    if (held || inode.size != 0) {
        return refused_name(place, "is not empty");
    }
    BTRKIT_TRY(detach(place, dir.inode));
    return inodes_->remove_items(dir);
}

/// A snapshot of what another subvolume stands in has its entry, but not the subvolume.
Result<void> FileEditor::remove_leftover(const NamedPlace& place, u64 subvolume) {
    BTRKIT_TRY_ASSIGN(const bool stands_here, has_subvolume(place.dir.tree, subvolume));
    if (stands_here) {
        return refused_name(place, "is a subvolume (btrkit-subvolume delete)");
    }
    u64 index = 0;
    for (;; ++index) {
        BTRKIT_TRY_ASSIGN(const auto entry, next_entry(place.dir, index));
        if (!entry || entry->name == place.name) {
            break;
        }
    }
    return directories_.remove_entry(place.dir, place.name, index);
}

/// What has the name goes.
Result<void> FileEditor::make_way(const NamedPlace& place, const btrfs::Key& location, bool for_directory) {
    if (location.type == type::root_item) {
        return refused_name(place, "is a subvolume, which does not give way");
    }
    BTRKIT_TRY_ASSIGN(const auto inode, inodes_->get({.tree = place.dir.tree, .inode = location.objectid}));
    const bool is_directory = S_ISDIR(inode.mode);
    if (is_directory != for_directory) {
        return refused_name(place, is_directory ? "is a directory" : "is no directory");
    }
    return is_directory ? remove_directory(place) : unlink(place);
}

/// A directory would hold itself.
Result<void> FileEditor::check_no_loop(const PlaceInTree& moved, const PlaceInTree& into) {
    BTRKIT_TRY_ASSIGN(auto* tree, inodes_->transaction().tree(into.tree));
    u64 inode = into.inode;
    for (unsigned level = 0; level < most_path_levels; ++level) {
        if (inode == moved.inode) {
            return refused("a directory can't be moved into itself");
        }
        if (inode == btrfs::root_dir_inode) {
            return {};
        }
        BTRKIT_TRY_ASSIGN(const auto name, first_inode_name(*tree, inode));
        inode = name ? name->dir : btrfs::root_dir_inode;
    }
    return fail(ErrorKind::damaged, fmt::format("directory {} of tree {} is no end below the top; run btrkit-check",
                                                into.inode, into.tree));
}

Result<void> FileEditor::rename(const NamedPlace& from, const NamedPlace& to) {
    BTRKIT_TRY(check_gives_entry(from));
    BTRKIT_TRY(check_takes_entry(to));
    BTRKIT_TRY_ASSIGN(const auto location, entry(from));
    if (location.type == type::root_item) {
        return refused_name(from, "is a subvolume, which can't be renamed yet");
    }
    if (from.dir.tree != to.dir.tree) {
        return refused_name(to, "would be in another subvolume: copy it (cp) and remove it here");
    }
    const PlaceInTree file = {.tree = from.dir.tree, .inode = location.objectid};
    BTRKIT_TRY_ASSIGN(const auto inode, changeable(file));
    BTRKIT_TRY_ASSIGN(const auto taken, directories_.find_entry(to.dir, to.name));
    if (taken == location) {
        return {}; // both names are of the same file: as rename(2) has it, both stay
    }
    if (S_ISDIR(inode.mode)) {
        BTRKIT_TRY(check_no_loop(file, to.dir));
    }
    if (taken) {
        BTRKIT_TRY(make_way(to, *taken, S_ISDIR(inode.mode)));
    }
    BTRKIT_TRY(detach(from, file.inode));
    BTRKIT_TRY(attach(to, inode));
    return touch(file);
}

Result<void> FileEditor::touch(const PlaceInTree& file) {
    return inodes_->change(file, [&](btrfs::InodeItem& item) { item.ctime = timespec_of(inodes_->now()); });
}

Result<void> FileEditor::set_attributes(const PlaceInTree& file, const AttributeChange& change) {
    BTRKIT_TRY(changeable(file));
    return inodes_->change(file, [&](btrfs::InodeItem& item) {
        if (change.permissions) {
            item.mode = (item.mode & S_IFMT) | (*change.permissions & ~u32{S_IFMT});
        }
        item.uid = change.uid.value_or(item.uid);
        item.gid = change.gid.value_or(item.gid);
        const auto set_time = [](btrfs::Timespec& stored, const std::optional<Time>& time) {
            stored = time ? timespec_of(*time) : stored;
        };
        set_time(item.atime, change.atime);
        set_time(item.mtime, change.mtime);
        set_time(item.otime, change.otime);
        item.ctime = timespec_of(change.ctime.value_or(inodes_->now()));
    });
}

Result<void> FileEditor::set_xattr(const PlaceInTree& file, const Xattr& xattr) {
    BTRKIT_TRY_ASSIGN(const auto inode, changeable(file));
    BTRKIT_TRY_ASSIGN(auto* tree, inodes_->writable_tree(file.tree));
    u64 flags = inode.flags;
    if (xattr.name == compression_xattr) {
        if (!takes_compression(inode)) {
            return refused("what is overwritten in place, or no file or directory, can't be compressed");
        }
        if (!is_compression_property(xattr.value)) {
            return fail(ErrorKind::usage,
                        fmt::format("\"{}\" is no compression: zlib, lzo, zstd or none", printable(xattr.value)));
        }
        flags = flags_with_compression(flags, xattr.value);
    }
    BTRKIT_TRY(btrkit::set_xattr(*tree, inodes_->transaction().geometry(), file.inode, xattr));
    return inodes_->change(file, [&](btrfs::InodeItem& item) {
        item.flags = flags;
        item.ctime = timespec_of(inodes_->now());
    });
}

Result<void> FileEditor::remove_xattr(const PlaceInTree& file, std::string_view name) {
    BTRKIT_TRY(changeable(file));
    BTRKIT_TRY_ASSIGN(auto* tree, inodes_->writable_tree(file.tree));
    BTRKIT_TRY_ASSIGN(const bool was_there, btrkit::remove_xattr(*tree, file.inode, name));
    if (!was_there) {
        return fail(ErrorKind::not_found, fmt::format("has no attribute \"{}\"", printable(name)));
    }
    return inodes_->change(file, [&](btrfs::InodeItem& item) {
        if (name == compression_xattr) {
            item.flags = item.flags & ~(btrfs::inode_compress | btrfs::inode_nocompress);
        }
        item.ctime = timespec_of(inodes_->now());
    });
}

Result<std::vector<Xattr>> FileEditor::xattrs(const PlaceInTree& file) {
    BTRKIT_TRY_ASSIGN(auto* tree, inodes_->transaction().tree(file.tree));
    return all_xattrs(*tree, file.inode);
}

Result<void> FileEditor::change_flags(const PlaceInTree& file, u64 set, u64 clear) {
    BTRKIT_TRY_ASSIGN(const auto inode, inodes_->get(file));
    BTRKIT_TRY_ASSIGN(auto* tree, inodes_->writable_tree(file.tree));
    // Of directories alone; elsewhere kernels pass over it, and so chattr -R does.
    const u64 set_here = S_ISDIR(inode.mode) ? set : set & ~btrfs::inode_dirsync;
    const u64 flags = (inode.flags & ~clear) | set_here;
    if ((flags & btrfs::inode_compress) != 0 && (flags & (btrfs::inode_nocompress | btrfs::inode_nodatacow)) != 0) {
        return refused("what is compressed is neither overwritten in place nor never compressed: c excludes C and m");
    }
    const bool changes_cow = ((flags ^ inode.flags) & btrfs::inode_nodatacow) != 0;
    if (changes_cow && S_ISREG(inode.mode) && inode.size != 0) {
        return refused("whether a file is overwritten in place (C) can only be changed while it is empty");
    }
    u64 wanted = flags;
    if (changes_cow && S_ISREG(inode.mode)) {
        wanted =
            (flags & btrfs::inode_nodatacow) != 0 ? flags | btrfs::inode_nodatasum : flags & ~btrfs::inode_nodatasum;
    }
    // As in the kernel the property follows the flags.
    if ((wanted & btrfs::inode_compress) == 0) {
        BTRKIT_TRY(btrkit::remove_xattr(*tree, file.inode, compression_xattr));
    } else if ((inode.flags & btrfs::inode_compress) == 0) {
        BTRKIT_TRY(btrkit::set_xattr(*tree, inodes_->transaction().geometry(), file.inode,
                                     {std::string(compression_xattr), "zlib"}));
    }
    return inodes_->change(file, [&](btrfs::InodeItem& item) {
        item.flags = wanted;
        item.ctime = timespec_of(inodes_->now());
    });
}

} // namespace btrkit
