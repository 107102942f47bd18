// SPDX-License-Identifier: MIT
#include "libfs/ops/extract/host_attributes.h"

#include "formats/btrfs/flags.h"
#include "libfs/base/names.h"

#include <array>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace btrkit::extract {

namespace {

struct FlagPair {
    u64 in_image;
    int on_host;
};
constexpr auto early_flags = std::to_array<FlagPair>({
    {btrfs::inode_nodatacow, FS_NOCOW_FL},
    {btrfs::inode_compress, FS_COMPR_FL},
    {btrfs::inode_nocompress, FS_NOCOMP_FL},
});
constexpr auto late_flags = std::to_array<FlagPair>({
    {btrfs::inode_sync, FS_SYNC_FL},
    {btrfs::inode_immutable, FS_IMMUTABLE_FL},
    {btrfs::inode_append, FS_APPEND_FL},
    {btrfs::inode_nodump, FS_NODUMP_FL},
    {btrfs::inode_noatime, FS_NOATIME_FL},
    {btrfs::inode_dirsync, FS_DIRSYNC_FL},
});

int host_flags(u64 flags, std::span<const FlagPair> pairs) {
    int host = 0;
    for (const auto& pair : pairs) {
        host |= (flags & pair.in_image) != 0 ? pair.on_host : 0;
    }
    return host;
}

bool add_flags(int fd, int flags) {
    int old = 0;
    if (::ioctl(fd, FS_IOC_GETFLAGS, &old) != 0) {
        return false;
    }
    const int wanted = old | flags;
    return wanted == old || ::ioctl(fd, FS_IOC_SETFLAGS, &wanted) == 0;
}

std::array<timespec, 2> host_times(const Inode& inode) {
    const auto time = [](Time from) {
        return timespec{.tv_sec = from.sec, .tv_nsec = static_cast<long>(std::min(from.nsec, 999'999'999U))};
    };
    return {time(inode.atime), time(inode.mtime)};
}

/// An immutable file can't get another name.
bool may_be_linked(const Member& member) {
    return member.kind != MemberKind::leave && member.inode.nlink > 1;
}

} // namespace

void NotSet::add(const Member& member, const std::string& what, int error) {
    const std::lock_guard lock(mutex_);
    if (count_++ == 0) {
        first_ = fmt::format("{}: {}: {}", printable(member.path), printable(what), std::strerror(error));
    }
}

void set_flags_of_empty(int fd, const Inode& inode) {
    if (const int flags = host_flags(inode.flags, early_flags); flags != 0) {
        add_flags(fd, flags); // how it is stored, not what: most filesystems don't know of it
    }
}

void set_attributes(int fd, const Member& member, const AttributeOptions& options, bool is_owned, NotSet& not_set) {
    const auto& inode = member.inode;
    bool has_owner = is_owned;
    if (!has_owner && options.with_owners && options.is_root) {
        has_owner = ::fchown(fd, inode.uid, inode.gid) == 0;
        if (!has_owner) {
            not_set.add(member, "owner", errno);
        }
    }
    // Rights of an owner are nobody else's.
    if (::fchmod(fd, inode.mode & (has_owner ? 07777 : 01777)) != 0) {
        not_set.add(member, "permissions", errno);
    }
    for (const auto& xattr : member.xattrs) {
        if (xattr.name.starts_with("btrfs.")) {
            continue; // properties: ioctls set them where the target is a btrfs
        }
        if (::fsetxattr(fd, xattr.name.c_str(), xattr.value.data(), xattr.value.size(), 0) != 0) {
            not_set.add(member, xattr.name, errno);
        }
    }
    const auto times = host_times(inode);
    if (::futimens(fd, times.data()) != 0) {
        not_set.add(member, "times", errno);
    }
    int flags = options.with_flags ? host_flags(inode.flags, late_flags) : 0;
    if (may_be_linked(member)) {
        flags &= ~(FS_IMMUTABLE_FL | FS_APPEND_FL);
    }
    if (flags != 0 && !add_flags(fd, flags)) {
        not_set.add(member, "flags", errno);
    }
}

void set_attributes_of_name(int directory, const std::string& name, const Member& member,
                            const AttributeOptions& options, NotSet& not_set) {
    const auto& inode = member.inode;
    if (options.with_owners && options.is_root &&
        ::fchownat(directory, name.c_str(), inode.uid, inode.gid, AT_SYMLINK_NOFOLLOW) != 0) {
        not_set.add(member, "owner", errno);
    }
    if (member.kind == MemberKind::special && ::fchmodat(directory, name.c_str(), inode.mode & 07777, 0) != 0) {
        not_set.add(member, "permissions", errno);
    }
    if (!member.xattrs.empty()) {
        // There is no lsetxattrat: through the descriptor's name, whose last part is not followed.
        const auto path = fmt::format("/proc/self/fd/{}/{}", directory, name);
        for (const auto& xattr : member.xattrs) {
            if (::lsetxattr(path.c_str(), xattr.name.c_str(), xattr.value.data(), xattr.value.size(), 0) != 0) {
                not_set.add(member, xattr.name, errno);
            }
        }
    }
    const auto times = host_times(inode);
    if (::utimensat(directory, name.c_str(), times.data(), AT_SYMLINK_NOFOLLOW) != 0) {
        not_set.add(member, "times", errno);
    }
}

} // namespace btrkit::extract
