// SPDX-License-Identifier: MIT
#include "libfs/ops/source/host_inode.h"

#include "libfs/edit/inode_flags.h"
#include "libfs/io/open_below.h"
#include "libfs/ops/source/host_failure.h"
#include "libfs/ops/source/host_xattrs.h"

#include <algorithm>
#include <cerrno>
#include <climits>

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>

namespace btrkit::source {

namespace {

/// Files above this are always looked through for holes; below it only those that occupy nothing.
constexpr u64 small_file_bytes = 4096;

Time time_of_host(const timespec& time) {
    return {.sec = time.tv_sec, .nsec = static_cast<u32>(time.tv_nsec)};
}

/// When the inode was made; what it was modified last where the filesystem does not know.
Time birth_of(const HostDirectory& directory, const std::string& name, Time mtime) {
    struct statx status{};
    if (::statx(directory.fd.get(), name.c_str(), AT_SYMLINK_NOFOLLOW, STATX_BTIME, &status) != 0 ||
        (status.stx_mask & STATX_BTIME) == 0) {
        return mtime;
    }
    return {.sec = status.stx_btime.tv_sec, .nsec = status.stx_btime.tv_nsec};
}

Result<std::string> read_link(const HostDirectory& directory, const std::string& name) {
    std::string target(PATH_MAX, '\0');
    while (true) {
        const ssize_t got = ::readlinkat(directory.fd.get(), name.c_str(), target.data(), target.size());
        if (got < 0) {
            return host_failure(name, "read the symbolic link");
        }
        if (static_cast<std::size_t>(got) < target.size()) {
            target.resize(static_cast<std::size_t>(got));
            return target;
        }
        target.resize(target.size() * 2);
    }
}

/// Where the file has data; all of it where the filesystem does not say.
Result<std::vector<DataRange>> read_data_ranges(int fd, u64 size, const std::string& path) {
    std::vector<DataRange> ranges;
    const auto seek = [&](u64 offset, int whence) { return ::lseek(fd, static_cast<off_t>(offset), whence); };
    u64 at = 0;
    while (at < size) {
        const off_t data = seek(at, SEEK_DATA);
        if (data < 0 && errno == ENXIO) {
            break; // nothing but a hole from here on
        }
        const off_t hole = data < 0 ? data : seek(static_cast<u64>(data), SEEK_HOLE);
        if (hole < 0 && errno != ENXIO) {
            if (errno != EINVAL && errno != EOPNOTSUPP) {
                return host_failure(path, "look for holes");
            }
            return std::vector<DataRange>{{.offset = 0, .length = size}};
        }
        const u64 begin = static_cast<u64>(data);
        const u64 end = hole < 0 ? size : std::min(static_cast<u64>(hole), size);
        if (begin >= size || end <= begin) {
            break; // it grew or shrank meanwhile, which reading it will find
        }
        ranges.push_back({.offset = begin, .length = end - begin});
        at = end;
    }
    return ranges;
}

Result<void> read_regular(const HostDirectory& directory, const std::string& name, bool occupies_space,
                          SourceInode& inode) {
    const UniqueFd fd = open_below(directory.fd.get(), name, 0);
    if (!fd) {
        return host_failure(name, "open");
    }
    BTRKIT_TRY_ASSIGN(const u64 flags, read_host_flags(fd.get(), inode.mode, name));
    inode.flags = flags;
    if (inode.size == 0) {
        return {};
    }
    if (inode.size <= small_file_bytes && occupies_space) {
        inode.data = {{.offset = 0, .length = inode.size}};
        return {};
    }
    BTRKIT_TRY_ASSIGN(inode.data, read_data_ranges(fd.get(), inode.size, name));
    return {};
}

} // namespace

FileIdentity identity_of(const struct stat& status) {
    return {.device = status.st_dev,
            .inode = status.st_ino,
            .size = static_cast<u64>(status.st_size),
            .mtime = time_of_host(status.st_mtim),
            .ctime = time_of_host(status.st_ctim)};
}

Result<u64> read_host_flags(int fd, u32 mode, const std::string& path) {
    u64 flags = 0; // the kernel writes 32 bits, some filesystems of user space 64
    if (::ioctl(fd, FS_IOC_GETFLAGS, &flags) != 0) {
        if (errno == ENOTTY || errno == EOPNOTSUPP || errno == ENOSYS || errno == EINVAL) {
            return 0; // has none
        }
        return host_failure(path, "read the inode flags");
    }
    return inode_flags_of_linux(static_cast<u32>(flags), mode);
}

Result<HostInode> read_host_inode(const HostDirectory& directory, const std::string& name) {
    // stat(2)'s family, and not statx(2): the former is what fakeroot has always known
    struct stat status{};
    if (::fstatat(directory.fd.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
        return host_failure(name, "stat");
    }
    HostInode found{.inode = {}, .identity = identity_of(status), .nlink = status.st_nlink};
    SourceInode& inode = found.inode;
    inode.mode = status.st_mode;
    inode.uid = status.st_uid;
    inode.gid = status.st_gid;
    inode.atime = time_of_host(status.st_atim);
    inode.ctime = time_of_host(status.st_ctim);
    inode.mtime = time_of_host(status.st_mtim);
    inode.otime = birth_of(directory, name, inode.mtime);
    BTRKIT_TRY_ASSIGN(inode.xattrs, read_host_xattrs(directory.xattr_path + name, name));
    if (S_ISREG(inode.mode)) {
        inode.size = found.identity.size;
        BTRKIT_TRY(read_regular(directory, name, status.st_blocks != 0, inode));
    } else if (S_ISLNK(inode.mode)) {
        BTRKIT_TRY_ASSIGN(inode.link_target, read_link(directory, name));
    } else if (S_ISCHR(inode.mode) || S_ISBLK(inode.mode)) {
        inode.device_major = major(status.st_rdev);
        inode.device_minor = minor(status.st_rdev);
    }
    return found;
}

} // namespace btrkit::source
