// SPDX-License-Identifier: MIT
// What is to be changed about files: one value a change, from the command line or from a line of a script.
//
// Paths are those in the image, from its top, through subvolumes; symlinks are not followed. They mean what is there
// when the commands before have been done.
#pragma once

#include "libfs/fs/compression.h"
#include "libfs/fs/inode.h"
#include "libfs/fs/xattrs.h"
#include "libfs/ops/edit_files/mode_change.h"
#include "libfs/ops/source/adjust.h"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace btrkit::edit_files {

/// A file or folder of the host, or what is in a tar archive, as the path. A folder is merged into a directory that is
/// there, which stays what it is; a file takes the place of a file.
struct Put {
    std::string host;
    std::string path;
    bool is_tar = false;       ///< host is an archive ("-": standard input), whose top is put as the path
    bool with_parents = false; ///< directories on the way to it are made where they are missing
    source::Ownership ownership = {};
    std::optional<ModeChange> mode = {}; ///< of a single file
    CompressionMethod compression = {};  ///< where the image does not say another one
    std::vector<Xattr> xattrs = {};      ///< for all of it, over what it has
};

struct MakeDirectory {
    std::string path;
    bool with_parents = false; ///< those on the way, too; and it may be there
    std::optional<ModeChange> mode = {};
};

struct Remove {
    std::string path;
    bool recursive = false;
    bool may_be_missing = false;
};

struct Move {
    std::string from;
    std::string to;
};

struct Link {
    std::string target; ///< of a symlink: whatever it is to say
    std::string path;
    bool is_symbolic = false;
};

struct ChangeMode {
    std::string path;
    ModeChange mode;
    bool recursive = false;
};

struct ChangeOwner {
    std::string path;
    std::optional<u32> uid = {};
    std::optional<u32> gid = {};
    bool recursive = false;
};

struct Touch {
    std::string path;
    std::optional<Time> time = {}; ///< nothing: now
    bool sets_atime = true;
    bool sets_mtime = true;
    bool makes_file = true; ///< where nothing is there
};

struct Truncate {
    std::string path;
    u64 size = 0;
};

struct SetXattr {
    std::string path;
    Xattr xattr;
};

struct RemoveXattr {
    std::string path;
    std::string name;
    bool may_be_missing = false;
};

struct MakeNode {
    std::string path;
    u32 type = 0; ///< S_IFCHR, S_IFBLK, S_IFIFO or S_IFSOCK
    u32 device_major = 0;
    u32 device_minor = 0;
    std::optional<ModeChange> mode = {};
};

/// Flags are btrfs::inode_*.
struct ChangeFlags {
    std::string path;
    u64 set = 0;
    u64 clear = 0;
    bool recursive = false;
};

/// A file or folder once more, sharing all its data.
struct Copy {
    std::string from;
    std::string to;
    bool recursive = false;
};

using Change = std::variant<Put, MakeDirectory, Remove, Move, Link, ChangeMode, ChangeOwner, Touch, Truncate, SetXattr,
                            RemoveXattr, MakeNode, ChangeFlags, Copy>;

struct Command {
    Change change;
    u64 line = 0; ///< of the script; 0: from the command line
};

} // namespace btrkit::edit_files
