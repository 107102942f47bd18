// SPDX-License-Identifier: MIT
#include "libfs/ops/source/tar_entry.h"

#include "libfs/base/names.h"
#include "libfs/edit/inode_flags.h"
#include "libfs/ops/source/host_ids.h"
#include "libfs/ops/source/posix_acl.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <limits>
#include <map>
#include <vector>

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>
#include <linux/limits.h>
#include <sys/stat.h>

namespace btrkit::source {

namespace {

/// Time stamps before 1970 come as the digits stand in the archive: -1.25 as -1 and 250,000,000, but it is -2 and
/// 750,000,000.
Time time_of_member(std::int64_t sec, long nsec) {
    constexpr long second = 1'000'000'000;
    if (sec < 0 && nsec > 0) {
        return {.sec = sec - 1, .nsec = static_cast<u32>(second - nsec)};
    }
    return {.sec = sec, .nsec = static_cast<u32>(nsec)};
}

void read_times(archive_entry* entry, SourceInode& inode) {
    inode.mtime = time_of_member(archive_entry_mtime(entry), archive_entry_mtime_nsec(entry));
    inode.atime = inode.ctime = inode.otime = inode.mtime; // unless the archive has them
    if (archive_entry_atime_is_set(entry) != 0) {
        inode.atime = time_of_member(archive_entry_atime(entry), archive_entry_atime_nsec(entry));
    }
    if (archive_entry_ctime_is_set(entry) != 0) {
        inode.ctime = time_of_member(archive_entry_ctime(entry), archive_entry_ctime_nsec(entry));
    }
    if (archive_entry_birthtime_is_set(entry) != 0) {
        inode.otime = time_of_member(archive_entry_birthtime(entry), archive_entry_birthtime_nsec(entry));
    }
}

Result<u32> as_id(std::int64_t id, std::string_view kind) {
    if (id < 0 || id >= std::numeric_limits<u32>::max()) {
        return fail(ErrorKind::damaged, fmt::format("{} {} is out of range", kind, id));
    }
    return static_cast<u32>(id);
}

Result<void> read_owner(archive_entry* entry, SourceInode& inode) {
    const Result<u32> uid = as_id(archive_entry_uid(entry), "uid");
    const Result<u32> gid = as_id(archive_entry_gid(entry), "gid");
    if (!uid || !gid) {
        return std::unexpected(uid ? gid.error() : uid.error());
    }
    inode.uid = *uid;
    inode.gid = *gid;
    return {};
}

Result<void> read_device(archive_entry* entry, SourceInode& inode) {
    constexpr u64 major_end = u64{1} << 12; // of Linux
    constexpr u64 minor_end = u64{1} << 20;
    const u64 major = archive_entry_rdevmajor(entry);
    const u64 minor = archive_entry_rdevminor(entry);
    if (major >= major_end || minor >= minor_end) {
        return fail(ErrorKind::damaged, fmt::format("device number {}:{} is out of range", major, minor));
    }
    inode.device_major = static_cast<u32>(major);
    inode.device_minor = static_cast<u32>(minor);
    return {};
}

Result<void> read_xattrs(archive_entry* entry, SourceInode& inode) {
    const char* name = nullptr;
    const void* value = nullptr;
    std::size_t size = 0;
    archive_entry_xattr_reset(entry);
    while (archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK) {
        const std::string_view name_text = name != nullptr ? name : "";
        if (name_text.empty() || name_text.size() > XATTR_NAME_MAX || size > XATTR_SIZE_MAX) {
            return fail(ErrorKind::damaged,
                        fmt::format("extended attribute {} has {} bytes in its name and {} in its "
                                    "value, but {} and {} are the most",
                                    printable(name_text), name_text.size(), size, XATTR_NAME_MAX, XATTR_SIZE_MAX));
        }
        inode.xattrs.push_back({.name = std::string(name_text), .value = {}});
        if (size != 0) {
            inode.xattrs.back().value.assign(static_cast<const char*>(value), size);
        }
    }
    return {};
}

struct TagPair {
    int in_archive;
    AclTag tag;
};
constexpr auto acl_tags = std::to_array<TagPair>({
    {ARCHIVE_ENTRY_ACL_USER_OBJ, AclTag::user_obj},
    {ARCHIVE_ENTRY_ACL_USER, AclTag::user},
    {ARCHIVE_ENTRY_ACL_GROUP_OBJ, AclTag::group_obj},
    {ARCHIVE_ENTRY_ACL_GROUP, AclTag::group},
    {ARCHIVE_ENTRY_ACL_MASK, AclTag::mask},
    {ARCHIVE_ENTRY_ACL_OTHER, AclTag::other},
});

Result<AclEntry> acl_entry_of(int tag, int permissions, int id, const char* name) {
    constexpr int rwx = ARCHIVE_ENTRY_ACL_READ | ARCHIVE_ENTRY_ACL_WRITE | ARCHIVE_ENTRY_ACL_EXECUTE;
    static_assert(rwx == 07);
    const auto pair = std::ranges::find(acl_tags, tag, &TagPair::in_archive);
    if (pair == acl_tags.end()) {
        return fail(ErrorKind::damaged, "has an access control list with an unknown kind of entry");
    }
    AclEntry made{.tag = pair->tag, .permissions = static_cast<u16>(permissions & rwx)};
    if (made.tag != AclTag::user && made.tag != AclTag::group) {
        return made;
    }
    const std::string text = name != nullptr ? name : "";
    // What has a name alone: what the host says, as with tar(1).
    std::optional<u32> found = id >= 0 ? std::optional(static_cast<u32>(id)) : std::nullopt;
    if (!found) {
        found = made.tag == AclTag::group ? host_group_id(text) : host_user_id(text);
    }
    if (!found) {
        return fail(ErrorKind::damaged, fmt::format("has an access control list for {}, whom this host doesn't know, "
                                                    "and no number for that name",
                                                    printable(text)));
    }
    made.id = *found;
    return made;
}

Result<Acl> read_acl(archive_entry* entry, int type) {
    Acl acl;
    archive_entry_acl_reset(entry, type);
    int entry_type = 0;
    int permissions = 0;
    int tag = 0;
    int id = 0;
    const char* name = nullptr;
    while (archive_entry_acl_next(entry, type, &entry_type, &permissions, &tag, &id, &name) == ARCHIVE_OK) {
        BTRKIT_TRY_ASSIGN(const AclEntry made, acl_entry_of(tag, permissions, id, name));
        acl.push_back(made);
    }
    return complete_acl(std::move(acl));
}

/// Only ACLs that the archive has as such; as an extended attribute it has them in their last form already.
Result<void> read_acls(archive_entry* entry, SourceInode& inode) {
    const int types = archive_entry_acl_types(entry);
    if ((types & ARCHIVE_ENTRY_ACL_TYPE_NFS4) != 0) {
        return fail(ErrorKind::unsupported, "has an NFSv4 access control list");
    }
    struct Kind {
        int type;
        std::string_view xattr;
    };
    for (const Kind& kind : {Kind{ARCHIVE_ENTRY_ACL_TYPE_ACCESS, acl_access_xattr},
                             Kind{ARCHIVE_ENTRY_ACL_TYPE_DEFAULT, acl_default_xattr}}) {
        const bool is_access = kind.type == ARCHIVE_ENTRY_ACL_TYPE_ACCESS;
        if ((types & kind.type) == 0 || S_ISLNK(inode.mode) || (!is_access && !S_ISDIR(inode.mode))) {
            continue;
        }
        BTRKIT_TRY_ASSIGN(const Acl acl, read_acl(entry, kind.type));
        if (is_access) {
            inode.mode = mode_of_acl(acl, inode.mode);
        }
        inode.xattrs.push_back({.name = std::string(kind.xattr), .value = acl_xattr_value(acl)});
    }
    return {};
}

Result<void> read_by_type(archive_entry* entry, SourceInode& inode) {
    switch (inode.mode & S_IFMT) {
    case S_IFREG: {
        const std::int64_t size = archive_entry_size(entry);
        if (size < 0) {
            return fail(ErrorKind::damaged, fmt::format("has {} bytes", size));
        }
        inode.size = static_cast<u64>(size);
        return {};
    }
    case S_IFLNK: {
        const char* target = archive_entry_symlink(entry);
        if (target == nullptr || *target == '\0') {
            return fail(ErrorKind::damaged, "is a symbolic link to nothing");
        }
        inode.link_target = target;
        return {};
    }
    case S_IFCHR:
    case S_IFBLK: return read_device(entry, inode);
    case S_IFDIR:
    case S_IFIFO:
    case S_IFSOCK: return {};
    default: return fail(ErrorKind::unsupported, "is of an unknown type");
    }
}

/// Sorts. Of those that come twice the first holds: the archive's last, or what was an extended attribute from the
/// outset.
void put_in_order(std::vector<Xattr>& xattrs) {
    std::map<std::string, std::string> by_name;
    for (Xattr& xattr : xattrs) {
        by_name.try_emplace(std::move(xattr.name), std::move(xattr.value));
    }
    xattrs.clear();
    for (auto& [name, value] : by_name) {
        xattrs.push_back({.name = name, .value = std::move(value)});
    }
}

} // namespace

Result<SourceInode> read_tar_entry(archive_entry* entry) {
    SourceInode inode;
    inode.mode = archive_entry_mode(entry);
    read_times(entry, inode);
    for (const auto read : {read_by_type, read_owner, read_xattrs, read_acls}) {
        BTRKIT_TRY(read(entry, inode));
    }
    put_in_order(inode.xattrs);
    unsigned long set = 0;
    unsigned long clear = 0;
    archive_entry_fflags(entry, &set, &clear);
    inode.flags = inode_flags_of_linux(set, inode.mode);
    return inode;
}

} // namespace btrkit::source
