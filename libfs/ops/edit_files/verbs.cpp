// SPDX-License-Identifier: MIT
#include "libfs/ops/edit_files/verbs.h"

#include "formats/btrfs/item_types.h"
#include "libfs/base/names.h"
#include "libfs/edit/new_inode.h"
#include "libfs/fs/path_lookup.h"
#include "libfs/ops/edit_files/tree_putter.h"
#include "libfs/ops/source/directory_source.h"
#include "libfs/ops/source/tar_source.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>
#include <sys/stat.h>

namespace btrkit::edit_files {

namespace {

/// What an editor says, with the path that the user gave.
template <class T>
Result<T> about(const std::string& path, Result<T> result) {
    if (!result && result.error().message.find(printable(path)) == std::string::npos) {
        return fail(result.error().kind, fmt::format("path {}: {}", printable(path), result.error().message));
    }
    return result;
}

bool is_host_directory(const std::string& path) {
    struct stat status{};
    // Behind a slash a symlink is followed, as everywhere.
    return ::lstat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

/// What a directory's group bit asks for of what is made in it.
void inherit_group(const Inode& dir, NewFile& wanted) {
    if ((dir.mode & S_ISGID) != 0) {
        wanted.gid = dir.gid;
        wanted.mode |= S_ISDIR(wanted.mode) ? u32{S_ISGID} : 0;
    }
}

/// As the kernel has it, a new owner of a file does not get what the old one lent with it.
u32 without_lent_rights(u32 mode) {
    const bool is_group_lent = (mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP);
    return mode & 07777 & ~u32{S_ISUID} & ~(is_group_lent ? u32{S_ISGID} : 0);
}

} // namespace

Result<bool> Verbs::is_there(const NamedPlace& place) {
    BTRKIT_TRY_ASSIGN(const auto entry, files_.directories().find_entry(place.dir, place.name));
    return entry.has_value();
}

template <class Change>
Result<void> Verbs::for_each(const std::string& path, bool recursive, Change change) {
    BTRKIT_TRY_ASSIGN(const auto top, find(path));
    BTRKIT_TRY(about(path, change(top)));
    std::vector<PlaceInTree> waiting = {top};
    while (recursive && !waiting.empty()) {
        const auto dir = waiting.back();
        waiting.pop_back();
        BTRKIT_TRY_ASSIGN(const auto inode, inodes_.get(dir));
        for (u64 index = 0; S_ISDIR(inode.mode); ++index) {
            BTRKIT_TRY_ASSIGN(const auto entry, files_.next_entry(dir, index));
            if (!entry) {
                break;
            }
            if (!entry->is_subvolume()) {
                const auto place = entry->place(dir.tree);
                BTRKIT_TRY(about(path + "/.../" + entry->name, change(place)));
                waiting.push_back(place);
            }
            BTRKIT_TRY(inodes_.transaction().relieve());
        }
    }
    return {};
}

/// The directories on the way to the path's last name that are not there.
Result<void> Verbs::make_parents(const std::string& path) {
    const auto names = path_names(path);
    std::string way;
    for (std::size_t i = 0; i + 1 < names.size(); ++i) {
        way += '/';
        way += names[i];
        BTRKIT_TRY_ASSIGN(const auto place, find_parent(way));
        BTRKIT_TRY_ASSIGN(const bool was_there, is_there(place));
        if (!was_there) {
            BTRKIT_TRY(about(way, make(place, {.mode = S_IFDIR | 0755})));
        }
    }
    return {};
}

Result<PlaceInTree> Verbs::make(const NamedPlace& place, NewFile wanted) {
    BTRKIT_TRY_ASSIGN(const auto dir, inodes_.get(place.dir));
    inherit_group(dir, wanted);
    return files_.create(place, wanted);
}

Result<source::SourceTree> Verbs::read_source(const Put& put) const {
    const auto read = [&]() -> Result<source::SourceTree> {
        if (put.is_tar) {
            return source::read_tar(put.host, options_->spool_directory, options_->now);
        }
        return is_host_directory(put.host) ? source::read_directory(put.host, context_->parallelism)
                                           : source::read_file(put.host);
    };
    BTRKIT_TRY_ASSIGN(auto tree, read());
    BTRKIT_TRY(source::set_ownership(tree, put.ownership));
    if (options_->latest_mtime) {
        source::clamp_times(tree, *options_->latest_mtime);
    }
    for (auto& inode : tree.inodes) {
        for (const auto& xattr : put.xattrs) {
            std::erase_if(inode.xattrs, [&](const Xattr& old) { return old.name == xattr.name; });
            inode.xattrs.push_back(xattr);
        }
        std::ranges::sort(inode.xattrs);
    }
    return tree;
}

Result<void> Verbs::operator()(const Put& put) {
    if (put.with_parents) {
        BTRKIT_TRY(make_parents(put.path));
    }
    BTRKIT_TRY_ASSIGN(auto tree, read_source(put));
    TreePutter putter(inodes_, files_, tree, put.compression, *context_);
    const auto names = path_names(put.path);
    const bool is_folder = put.is_tar || is_host_directory(put.host);
    if (is_folder && names.empty()) {
        BTRKIT_TRY_ASSIGN(const auto top, find(put.path));
        BTRKIT_TRY(putter.put_entries(0, top, ""));
    } else {
        BTRKIT_TRY_ASSIGN(const auto place, find_parent(put.path));
        const u32 inode = is_folder ? 0 : 1;
        if (put.mode) {
            auto& mode = tree.inodes[inode].mode;
            mode = (mode & S_IFMT) | put.mode->apply(mode);
        }
        BTRKIT_TRY(about(put.path, putter.put(inode, place, put.path)));
    }
    return putter.write_data();
}

Result<void> Verbs::operator()(const MakeDirectory& wanted) {
    if (wanted.with_parents) {
        BTRKIT_TRY(make_parents(wanted.path));
    }
    BTRKIT_TRY_ASSIGN(const auto place, find_parent(wanted.path));
    BTRKIT_TRY_ASSIGN(const bool was_there, is_there(place));
    if (was_there && wanted.with_parents) {
        BTRKIT_TRY_ASSIGN(const auto old, find(wanted.path));
        BTRKIT_TRY_ASSIGN(const auto inode, inodes_.get(old));
        if (S_ISDIR(inode.mode)) {
            return {};
        }
    }
    const u32 mode = S_IFDIR | (wanted.mode ? wanted.mode->apply(S_IFDIR | 0777) : 0755);
    BTRKIT_TRY(about(wanted.path, make(place, {.mode = mode})));
    return {};
}

Result<void> Verbs::operator()(const Remove& wanted) {
    const auto place = find_parent(wanted.path);
    const auto was_there = place ? is_there(*place) : std::unexpected(place.error());
    const bool is_missing = was_there ? !*was_there : was_there.error().kind == ErrorKind::not_found;
    if (is_missing && wanted.may_be_missing) {
        return {};
    }
    BTRKIT_TRY(was_there);
    return about(wanted.path, wanted.recursive ? files_.remove_tree(*place, context_->stop) : files_.unlink(*place));
}

Result<void> Verbs::operator()(const Move& move) {
    BTRKIT_TRY_ASSIGN(const auto from, find_parent(move.from));
    BTRKIT_TRY_ASSIGN(const auto to, find_parent(move.to));
    return about(move.from + " to " + move.to, files_.rename(from, to));
}

Result<void> Verbs::operator()(const Link& link) {
    BTRKIT_TRY_ASSIGN(const auto place, find_parent(link.path));
    if (link.is_symbolic) {
        BTRKIT_TRY(about(link.path, make(place, {.mode = S_IFLNK | 0777, .link_target = link.target})));
        return {};
    }
    BTRKIT_TRY_ASSIGN(const auto target, find(link.target));
    return about(link.path, files_.link(target, place));
}

Result<void> Verbs::operator()(const ChangeMode& change) {
    return for_each(change.path, change.recursive, [&](const PlaceInTree& place) -> Result<void> {
        BTRKIT_TRY_ASSIGN(const auto inode, inodes_.get(place));
        if (S_ISLNK(inode.mode)) {
            // Nobody looks at their mode.
            return change.recursive ? Result<void>() : fail(ErrorKind::refused, "is a symbolic link: it has no mode");
        }
        return files_.set_attributes(place, {.permissions = change.mode.apply(inode.mode)});
    });
}

Result<void> Verbs::operator()(const ChangeOwner& change) {
    return for_each(change.path, change.recursive, [&](const PlaceInTree& place) -> Result<void> {
        BTRKIT_TRY_ASSIGN(const auto inode, inodes_.get(place));
        AttributeChange attributes = {.uid = change.uid, .gid = change.gid};
        if (!S_ISDIR(inode.mode)) {
            attributes.permissions = without_lent_rights(inode.mode);
            BTRKIT_TRY_ASSIGN(const auto xattrs, files_.xattrs(place));
            if (std::ranges::find(xattrs, "security.capability", &Xattr::name) != xattrs.end()) {
                BTRKIT_TRY(files_.remove_xattr(place, "security.capability"));
            }
        }
        return files_.set_attributes(place, attributes);
    });
}

Result<void> Verbs::operator()(const Touch& touch) {
    BTRKIT_TRY_ASSIGN(const auto place, find_parent(touch.path));
    BTRKIT_TRY_ASSIGN(const bool was_there, is_there(place));
    if (!was_there && !touch.makes_file) {
        return {};
    }
    if (!was_there) {
        BTRKIT_TRY(about(touch.path, make(place, {.mode = S_IFREG | 0644})));
    }
    BTRKIT_TRY_ASSIGN(const auto file, find(touch.path));
    const Time time = touch.time.value_or(options_->now);
    return about(touch.path,
                 files_.set_attributes(file, {.atime = touch.sets_atime ? std::optional(time) : std::nullopt,
                                              .mtime = touch.sets_mtime ? std::optional(time) : std::nullopt}));
}

Result<void> Verbs::operator()(const Truncate& truncate) {
    BTRKIT_TRY_ASSIGN(const auto file, find(truncate.path));
    return about(truncate.path, data_.resize(file, truncate.size));
}

Result<void> Verbs::operator()(const SetXattr& set) {
    BTRKIT_TRY_ASSIGN(const auto file, find(set.path));
    return about(set.path, files_.set_xattr(file, set.xattr));
}

Result<void> Verbs::operator()(const RemoveXattr& remove) {
    BTRKIT_TRY_ASSIGN(const auto file, find(remove.path));
    auto removed = files_.remove_xattr(file, remove.name);
    const bool was_missing = !removed && removed.error().kind == ErrorKind::not_found;
    return was_missing && remove.may_be_missing ? Result<void>() : about(remove.path, std::move(removed));
}

Result<void> Verbs::operator()(const MakeNode& wanted) {
    BTRKIT_TRY_ASSIGN(const auto place, find_parent(wanted.path));
    const u32 mode = wanted.type | (wanted.mode ? wanted.mode->apply(wanted.type | 0666) : 0644);
    BTRKIT_TRY(
        about(wanted.path,
              make(place, {.mode = mode, .device_major = wanted.device_major, .device_minor = wanted.device_minor})));
    return {};
}

Result<void> Verbs::operator()(const ChangeFlags& change) {
    return for_each(change.path, change.recursive, [&](const PlaceInTree& place) -> Result<void> {
        BTRKIT_TRY_ASSIGN(const auto inode, inodes_.get(place));
        if (!S_ISREG(inode.mode) && !S_ISDIR(inode.mode)) {
            return change.recursive ? Result<void>()
                                    : fail(ErrorKind::refused, "is neither file nor directory: it has no flags");
        }
        return files_.change_flags(place, change.set, change.clear);
    });
}

/// A file or an empty directory of the same kind, with the same attributes and data.
Result<PlaceInTree> Verbs::copy_entry(const PlaceInTree& from, const NamedPlace& to) {
    BTRKIT_TRY_ASSIGN(const auto inode, inodes_.get(from));
    BTRKIT_TRY_ASSIGN(const auto xattrs, files_.xattrs(from));
    std::string target(S_ISLNK(inode.mode) ? inode.size : 0, '\0');
    BTRKIT_TRY(data_.read(from, 0, std::as_writable_bytes(std::span(target))));
    BTRKIT_TRY_ASSIGN(const auto made,
                      files_.create(to, {.mode = inode.mode,
                                         .uid = inode.uid,
                                         .gid = inode.gid,
                                         .device_major = inode.device_major,
                                         .device_minor = inode.device_minor,
                                         .flags = inode.flags & ~(btrfs::inode_immutable | btrfs::inode_append |
                                                                  btrfs::inode_ro_verity | btrfs::inode_prealloc),
                                         .atime = inode.atime,
                                         .mtime = inode.mtime,
                                         .xattrs = xattrs,
                                         .link_target = target}));
    if (S_ISREG(inode.mode) && inode.size > 0) {
        BTRKIT_TRY(data_.clone(from, {0, inode.size}, made, 0));
        BTRKIT_TRY(inodes_.change(made, [&](btrfs::InodeItem& item) { item.mtime = timespec_of(inode.mtime); }));
    }
    return made;
}

/// The same, where the file may have been copied under another name of it already: that is linked then.
Result<PlaceInTree> Verbs::copy_name(const PlaceInTree& from, const NamedPlace& to,
                                     std::map<u64, PlaceInTree>& linked) {
    if (const auto found = linked.find(from.inode); found != linked.end()) {
        BTRKIT_TRY(files_.link(found->second, to));
        return found->second;
    }
    BTRKIT_TRY_ASSIGN(const auto inode, inodes_.get(from));
    BTRKIT_TRY_ASSIGN(const auto made, copy_entry(from, to));
    if (inode.nlink > 1 && !S_ISDIR(inode.mode)) {
        linked.emplace(from.inode, made);
    }
    return made;
}

Result<void> Verbs::copy(const PlaceInTree& top, const NamedPlace& to, bool recursive) {
    BTRKIT_TRY_ASSIGN(const auto made, copy_entry(top, to));
    struct Pair {
        PlaceInTree from;
        PlaceInTree to;
    };
    std::vector<Pair> waiting = {{top, made}};
    std::map<u64, PlaceInTree> linked; // by inode: what has several names, once it is copied
    while (recursive && !waiting.empty()) {
        const auto [from, into] = waiting.back();
        waiting.pop_back();
        BTRKIT_TRY_ASSIGN(const auto dir, inodes_.get(from));
        for (u64 index = 0; S_ISDIR(dir.mode); ++index) {
            BTRKIT_TRY_ASSIGN(const auto entry, files_.next_entry(from, index));
            if (!entry) {
                BTRKIT_TRY(inodes_.change(into, [&](btrfs::InodeItem& item) { item.mtime = timespec_of(dir.mtime); }));
                break;
            }
            const auto source = entry->place(from.tree);
            if (entry->is_subvolume() || (source.tree == made.tree && source.inode == made.inode)) {
                continue; // other subvolumes stay out; and what is copied into itself would have no end
            }
            const NamedPlace place = {.dir = into, .name = entry->name};
            BTRKIT_TRY_ASSIGN(const auto copied, about("/.../" + entry->name, copy_name(source, place, linked)));
            waiting.push_back({source, copied});
            BTRKIT_TRY(inodes_.transaction().relieve());
        }
    }
    return {};
}

Result<void> Verbs::operator()(const Copy& wanted) {
    BTRKIT_TRY_ASSIGN(const auto from, find(wanted.from));
    BTRKIT_TRY_ASSIGN(const auto to, find_parent(wanted.to));
    BTRKIT_TRY_ASSIGN(const auto inode, inodes_.get(from));
    if (S_ISDIR(inode.mode) && !wanted.recursive) {
        return fail(ErrorKind::refused, fmt::format("path {}: is a directory (cp -r)", printable(wanted.from)));
    }
    BTRKIT_TRY_ASSIGN(const bool was_there, is_there(to));
    if (was_there && !S_ISDIR(inode.mode)) {
        BTRKIT_TRY_ASSIGN(const auto old, find(wanted.to));
        if (old.tree == from.tree && old.inode == from.inode) {
            return fail(ErrorKind::refused, fmt::format("path {}: is the same file", printable(wanted.to)));
        }
        BTRKIT_TRY(about(wanted.to, files_.unlink(to)));
    }
    return about(wanted.from + " to " + wanted.to, copy(from, to, wanted.recursive));
}

} // namespace btrkit::edit_files
