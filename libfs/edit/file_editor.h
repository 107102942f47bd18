// SPDX-License-Identifier: MIT
// Files made, named, renamed and removed in subvolumes that are there, in the terms of the VFS. DIR_ITEM, DIR_INDEX and
// the inode's reference always change together; a file whose last name goes is gone with all that only it has.
//
// Knows nothing of where files come from. What is in them is the matter of file_data_editor.h. Where something fails,
// the transaction is of no use any more.
#pragma once

#include "libfs/base/stop.h"
#include "libfs/edit/inode_editor.h"
#include "libfs/edit/new_inode.h"
#include "libfs/fs/xattrs.h"

namespace btrkit {

struct NewFile {
    u32 mode = 0; ///< type and permissions, as in stat(2)
    u32 uid = 0;
    u32 gid = 0;
    u32 device_major = 0;
    u32 device_minor = 0;
    u64 flags = 0;                      ///< btrfs::inode_*, beside those that it inherits
    std::optional<Time> atime = {};     ///< nothing: now
    std::optional<Time> mtime = {};     ///< nothing: now
    std::optional<Time> ctime = {};     ///< nothing: now
    std::optional<Time> otime = {};     ///< nothing: now
    std::span<const Xattr> xattrs = {}; ///< beside the compression that it inherits
    std::string_view link_target = {};  ///< of a symlink
    bool inherits = true;               ///< from its directory
    std::optional<u64> number = {};     ///< that InodeEditor has given out; nothing: a new one
    // Of data of that inode that stands in the tree already (FileDataWriter).
    u64 size = 0;
    u64 nbytes = 0;
};

/// What is set of an inode; nothing: it stays.
struct AttributeChange {
    std::optional<u32> permissions = {}; ///< of the mode; the type stays
    std::optional<u32> uid = {};
    std::optional<u32> gid = {};
    std::optional<Time> atime = {};
    std::optional<Time> mtime = {};
    std::optional<Time> ctime = {}; ///< nothing: now
    std::optional<Time> otime = {};
};

class FileEditor {
public:
    /// inodes must outlive it.
    explicit FileEditor(InodeEditor& inodes) : inodes_(&inodes), directories_(inodes.transaction(), inodes.now()) {}

    /// For looking up.
    DirectoryEditor& directories() { return directories_; }

    // All fail with not_found where what is named is not there; with usage where a name is impossible; with refused
    // where the VFS would refuse it: what is read-only or immutable, names that are taken, other subvolumes.

    /// A new inode. It inherits from its directory what the kernel lets it inherit: flags about
    /// compression and overwriting in place, and the compression property. Fails with unsupported where it does not fit
    /// the format.
    Result<PlaceInTree> create(const NamedPlace& place, const NewFile& wanted);
    /// The same where it is known already that the name is free.
    Result<PlaceInTree> create_at(const FreeName& name, const NewFile& wanted);

    /// One more name for what is no directory.
    Result<void> link(const PlaceInTree& file, const NamedPlace& place);

    /// Of what is no directory.
    Result<void> unlink(const NamedPlace& place);
    /// Of an empty directory; or of what a snapshot has left of a subvolume that is not in it.
    Result<void> remove_directory(const NamedPlace& place);

    /// Of anything, with all that is in it. Other subvolumes in it are refused. Fails with cancelled, too.
    Result<void> remove_tree(const NamedPlace& place, const StopToken& stop);

    /// As rename(2): what has the new name gives way if it can.
    Result<void> rename(const NamedPlace& from, const NamedPlace& to);

    Result<void> set_attributes(const PlaceInTree& file, const AttributeChange& change);

    /// btrfs.compression is understood: it sets how what is written is to be compressed.
    Result<void> set_xattr(const PlaceInTree& file, const Xattr& xattr);
    /// Fails with not_found where there is none of that name.
    Result<void> remove_xattr(const PlaceInTree& file, std::string_view name);
    Result<std::vector<Xattr>> xattrs(const PlaceInTree& file);

    /// Sets and clears flags (btrfs::inode_*) as chattr(1) may: of what excludes each other only one, in-place
    /// overwriting only of files that are empty.
    Result<void> change_flags(const PlaceInTree& file, u64 set, u64 clear);

    struct Entry {
        btrfs::Key location;
        std::string name;
        bool is_subvolume() const;
        PlaceInTree place(u64 tree_of_dir) const;
    };
    /// The first entry of a directory from that index on, and its index: all of them by calling it again and again,
    /// while they may be removed. Nothing behind the last.
    Result<std::optional<Entry>> next_entry(const PlaceInTree& dir, u64& index);

private:
    Result<btrfs::Key> entry(const NamedPlace& place);
    Result<Inode> changeable(const PlaceInTree& file);
    Result<void> inherit(const PlaceInTree& dir, NewInode& made, std::vector<Xattr>& xattrs);
    Result<PlaceInTree> make_file(const FreeName& free, const NewFile& wanted);
    Result<PlaceInTree> make_inode(u64 tree, const NewFile& wanted, NewInode& made);
    Result<void> check_takes_entry(const NamedPlace& place);
    Result<void> check_gives_entry(const NamedPlace& place);
    Result<void> remove_entries(const PlaceInTree& dir, std::vector<PlaceInTree>& directories, const StopToken& stop);
    Result<void> remove_inside(const PlaceInTree& dir, const Entry& entry, std::vector<PlaceInTree>& directories);
    Result<bool> has_subvolume(u64 tree, u64 subvolume);
    Result<void> lose_name(const PlaceInTree& file, const Inode& inode);
    Result<void> detach(const NamedPlace& place, u64 inode);
    Result<void> attach(const NamedPlace& place, const Inode& inode);
    Result<void> remove_leftover(const NamedPlace& place, u64 subvolume);
    Result<void> make_way(const NamedPlace& place, const btrfs::Key& location, bool for_directory);
    Result<void> check_no_loop(const PlaceInTree& moved, const PlaceInTree& into);
    Result<void> touch(const PlaceInTree& file);

    InodeEditor* inodes_;
    DirectoryEditor directories_;
};

/// Fails with usage where no entry can have that name.
Result<void> check_name(std::string_view name);

} // namespace btrkit
