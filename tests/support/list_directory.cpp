// SPDX-License-Identifier: MIT
// The listing of a directory of the host, by system calls. Names of inodes are looked up by path: nothing may change
// meanwhile.
#include "formats/btrfs/item_types.h"
#include "tests/support/content_hash.h"
#include "tests/support/tree_listing.h"

#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <linux/btrfs.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <map>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace btrkit::test {

namespace {

using InodeId = std::pair<u64, u64>; ///< device and inode

struct Flag {
    int shown;
    u64 stored;
};
constexpr std::array flags_by_chattr = std::to_array<Flag>({
    {FS_SYNC_FL, btrfs::inode_sync},
    {FS_IMMUTABLE_FL, btrfs::inode_immutable},
    {FS_APPEND_FL, btrfs::inode_append},
    {FS_NODUMP_FL, btrfs::inode_nodump},
    {FS_NOATIME_FL, btrfs::inode_noatime},
    {FS_DIRSYNC_FL, btrfs::inode_dirsync},
    {FS_NOCOW_FL, btrfs::inode_nodatacow},
    {FS_NOCOMP_FL, btrfs::inode_nocompress},
    {FS_COMPR_FL, btrfs::inode_compress},
});

std::unexpected<Error> system_error(const std::string& path, const char* what) {
    return fail(ErrorKind::io, path + ": " + what + ": " + std::strerror(errno));
}

class OpenFile {
public:
    explicit OpenFile(const std::string& path)
        : fd_(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_NOATIME | O_CLOEXEC)) {
        if (fd_ < 0 && errno == EPERM) { // O_NOATIME is for owners
            fd_ = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
        }
    }
    ~OpenFile() {
        if (fd_ >= 0) {
            ::close(fd_);
        }
    }
    OpenFile(const OpenFile&) = delete;
    OpenFile& operator=(const OpenFile&) = delete;

    int fd() const { return fd_; }

private:
    int fd_;
};

Time time_of(const struct statx_timestamp& time) {
    return {.sec = time.tv_sec, .nsec = time.tv_nsec};
}

Result<std::vector<Xattr>> xattrs_of(const std::string& path) {
    std::vector<char> names(XATTR_LIST_MAX);
    const auto length = ::llistxattr(path.c_str(), names.data(), names.size());
    if (length < 0) {
        return errno == ENOTSUP ? Result<std::vector<Xattr>>() : system_error(path, "llistxattr");
    }
    std::vector<Xattr> all;
    std::string value(XATTR_SIZE_MAX, '\0');
    for (const char* name = names.data(); name < names.data() + length; name += std::strlen(name) + 1) {
        const auto size = ::lgetxattr(path.c_str(), name, value.data(), value.size());
        if (size < 0) {
            return system_error(path, "lgetxattr");
        }
        all.push_back({name, value.substr(0, static_cast<std::size_t>(size))});
    }
    std::ranges::sort(all);
    return all;
}

Result<void> add_data(int fd, const std::string& path, TreeRecord& record) {
    ContentHash hash;
    std::vector<std::byte> buffer(std::size_t{1} << 20);
    off_t end = 0;
    while (true) {
        const off_t begin = ::lseek(fd, end, SEEK_DATA);
        if (begin < 0) {
            record.content = hash.text();
            return errno == ENXIO ? Result<void>() : system_error(path, "SEEK_DATA");
        }
        end = ::lseek(fd, begin, SEEK_HOLE);
        if (end < 0) {
            return system_error(path, "SEEK_HOLE");
        }
        add_range(record.ranges, static_cast<u64>(begin), static_cast<u64>(end));
        for (off_t at = begin; at < end;) {
            const auto wanted = std::min<std::size_t>(buffer.size(), static_cast<std::size_t>(end - at));
            const auto got = ::pread(fd, buffer.data(), wanted, at);
            if (got != static_cast<ssize_t>(wanted)) {
                return system_error(path, "pread");
            }
            hash.add(static_cast<u64>(at), Bytes(buffer).first(wanted));
            at += got;
        }
    }
}

Result<void> add_content(const std::string& path, TreeRecord& record) {
    if (S_ISLNK(record.mode)) {
        record.target.resize(PATH_MAX);
        const auto length = ::readlink(path.c_str(), record.target.data(), record.target.size());
        if (length < 0) {
            return system_error(path, "readlink");
        }
        record.target.resize(static_cast<std::size_t>(length));
    }
    if (!S_ISREG(record.mode) && !S_ISDIR(record.mode)) {
        return {};
    }
    const OpenFile file(path);
    if (file.fd() < 0) {
        return system_error(path, "open");
    }
    int shown = 0;
    if (::ioctl(file.fd(), FS_IOC_GETFLAGS, &shown) == 0) {
        for (const auto& flag : flags_by_chattr) {
            record.flags |= (shown & flag.shown) != 0 ? flag.stored : 0;
        }
    }
    return S_ISREG(record.mode) ? add_data(file.fd(), path, record) : Result<void>();
}

/// The root directory of a subvolume has always the same number.
Result<void> add_subvolume(const std::string& path, u64 inode, TreeRecord& record) {
    struct statfs host{};
    if (inode != btrfs::root_dir_inode || ::statfs(path.c_str(), &host) != 0 || host.f_type != BTRFS_SUPER_MAGIC) {
        return {};
    }
    const OpenFile file(path);
    u64 flags = 0;
    if (::ioctl(file.fd(), BTRFS_IOC_SUBVOL_GETFLAGS, &flags) != 0) {
        return system_error(path, "BTRFS_IOC_SUBVOL_GETFLAGS");
    }
    record.is_subvolume = true;
    record.is_read_only = (flags & BTRFS_SUBVOL_RDONLY) != 0;
    return {};
}

TreeRecord facts_of(const struct statx& stat) {
    TreeRecord record;
    record.mode = stat.stx_mode;
    record.uid = stat.stx_uid;
    record.gid = stat.stx_gid;
    record.device_major = stat.stx_rdev_major;
    record.device_minor = stat.stx_rdev_minor;
    record.atime = time_of(stat.stx_atime);
    record.mtime = time_of(stat.stx_mtime);
    record.ctime = time_of(stat.stx_ctime);
    record.otime = time_of(stat.stx_btime);
    if (!S_ISDIR(record.mode)) {
        record.size = stat.stx_size;
        record.nlink = stat.stx_nlink;
    }
    return record;
}

class DirectoryLister {
public:
    explicit DirectoryLister(std::string top) : top_(std::move(top)) {}

    Result<TreeListing> list() {
        waiting_.push_back(".");
        while (!waiting_.empty()) {
            const auto path = std::move(waiting_.back());
            waiting_.pop_back();
            BTRKIT_TRY(list_one(path));
        }
        TreeListing listing;
        settle(records_, listing);
        return listing;
    }

private:
    Result<void> list_one(const std::string& path) {
        const auto full = top_ + "/" + path;
        struct statx stat{};
        if (::statx(AT_FDCWD, full.c_str(), AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS | STATX_BTIME, &stat) != 0) {
            return system_error(full, "statx");
        }
        const InodeId id{::makedev(stat.stx_dev_major, stat.stx_dev_minor), stat.stx_ino};
        if (S_ISDIR(stat.stx_mode) && stat.stx_ino == btrfs::empty_subvol_dir_objectid) {
            records_.push_back({TreeRecord{.path = path, .is_placeholder = true}, {0, records_.size()}});
            return {};
        }
        auto record = facts_of(stat);
        record.path = path;
        BTRKIT_TRY_ASSIGN(record.xattrs, xattrs_of(full));
        auto done = add_content(full, record);
        if (done && S_ISDIR(record.mode) && path != ".") {
            done = add_subvolume(full, stat.stx_ino, record);
        }
        if (done && S_ISDIR(record.mode)) {
            done = wait_for_entries(path);
        }
        records_.emplace_back(std::move(record), id);
        return done;
    }

    Result<void> wait_for_entries(const std::string& path) {
        const auto full = top_ + "/" + path;
        DIR* directory = ::opendir(full.c_str());
        if (directory == nullptr) {
            return system_error(full, "opendir");
        }
        while (const auto* entry = ::readdir(directory)) {
            const std::string name = entry->d_name;
            if (name != "." && name != "..") {
                waiting_.push_back(path == "." ? name : path + "/" + name);
            }
        }
        ::closedir(directory);
        return {};
    }

    std::string top_;
    std::vector<std::string> waiting_;
    std::vector<std::pair<TreeRecord, InodeId>> records_;
};

} // namespace

Result<TreeListing> list_directory(const std::string& directory) {
    return DirectoryLister(directory).list();
}

} // namespace btrkit::test
