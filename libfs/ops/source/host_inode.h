// SPDX-License-Identifier: MIT
// One inode of the host, with all that it carries but its data and its entries.
#pragma once

#include "libfs/base/unique_fd.h"
#include "libfs/ops/source/source_tree.h"

#include <string>

#include <sys/stat.h>

namespace btrkit::source {

/// What tells a file from another, and from what it was before.
struct FileIdentity {
    u64 device = 0;
    u64 inode = 0;
    u64 size = 0;
    Time mtime, ctime;

    friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};
FileIdentity identity_of(const struct stat& status);

/// An open directory.
struct HostDirectory {
    UniqueFd fd;
    std::string xattr_path; ///< a path of this directory, ending with '/', for the calls that know no descriptors
};

struct HostInode {
    SourceInode inode; ///< a directory's without its flags: see read_host_flags()
    FileIdentity identity;
    u64 nlink = 1;
};

/// The inode that has this name in the directory; "." is the directory itself. Regular files are opened, and nothing
/// else. Errors name it by this name alone.
Result<HostInode> read_host_inode(const HostDirectory& directory, const std::string& name);

/// The flags of an open file or directory.
Result<u64> read_host_flags(int fd, u32 mode, const std::string& path);

} // namespace btrkit::source
