// SPDX-License-Identifier: MIT
// An inode as its item tells of it.
#pragma once

#include "formats/btrfs/dir.h"
#include "libfs/fs/path_lookup.h"

namespace btrkit {

struct Time {
    std::int64_t sec = 0; ///< since 1970
    u32 nsec = 0;

    friend auto operator<=>(const Time&, const Time&) = default;
};

struct Inode {
    u64 number = 0;
    u64 generation = 0; ///< in which it was made
    u64 transid = 0;    ///< in which it was changed last
    u64 size = 0;       ///< bytes; of a directory, twice the lengths of its names
    u64 nbytes = 0;
    u32 nlink = 0;
    u32 uid = 0;
    u32 gid = 0;
    u32 mode = 0; ///< type and permissions, as in stat(2)
    u32 device_major = 0;
    u32 device_minor = 0;
    u64 flags = 0; ///< btrfs::inode_*
    u64 sequence = 0;
    Time atime = {};
    Time ctime = {};
    Time mtime = {};
    Time otime = {};

    u32 type() const; ///< S_IFREG, S_IFDIR, ...
    bool has_checksums() const { return (flags & btrfs::inode_nodatasum) == 0; }

    friend bool operator==(const Inode&, const Inode&) = default;
};

/// The type that directory entries give to an inode of that mode; unknown where the mode has no type.
btrfs::FileType file_type_of(u32 mode);

Time parse_time(const btrfs::Timespec& time);
Inode parse_inode(u64 number, const btrfs::InodeItem& item);

/// Fails with not_found, or with damaged where the item is too short or the tree can't be read there.
Result<Inode> read_inode(const Filesystem& filesystem, const InodePlace& place);

} // namespace btrkit
