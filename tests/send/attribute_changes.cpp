// SPDX-License-Identifier: MIT
#include "tests/send/changes.h"

#include <array>
#include <cstring>
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>

namespace btrkit::history {

namespace {

std::string xattr_name(Random& random) {
    const auto number = std::to_string(random.below(12));
    return (random.one_in(3) ? "trusted.t" : "user.u") + number + (random.one_in(6) ? std::string(180, 'n') : "");
}

/// User's attributes are for files and directories only.
void set_xattr(Places& places) {
    auto& random = places.random();
    const auto path = random.one_in(4) ? places.directory() : places.leaf();
    const auto value = random.bytes(random.one_in(8) ? random.below(3500) : random.below(100));
    lsetxattr(path.c_str(), xattr_name(random).c_str(), value.data(), value.size(), 0);
}
void remove_xattr(Places& places) {
    auto& random = places.random();
    const auto path = random.one_in(3) ? places.directory() : places.leaf();
    std::array<char, 4096> names = {};
    const auto length = llistxattr(path.c_str(), names.data(), names.size());
    for (auto name = names.begin(); name < names.begin() + length; name += std::strlen(&*name) + 1) {
        if (random.one_in(2)) {
            lremovexattr(path.c_str(), &*name);
        }
    }
}

void set_capability(Places& places) {
    auto& random = places.random();
    vfs_cap_data value = {};
    value.magic_etc = VFS_CAP_REVISION_2 | (random.one_in(2) ? VFS_CAP_FLAGS_EFFECTIVE : 0U);
    value.data[0].permitted = static_cast<unsigned>(random.between(1, 0xffff));
    setxattr(places.file().c_str(), "security.capability", &value, XATTR_CAPS_SZ_2, 0);
}

void set_acl(Places& places) {
    auto& random = places.random();
    const bool is_default = random.one_in(2);
    // None that are inherited on the top: a receiver creates everything there, whoever sends.
    const auto path = is_default ? places.lower_directory() : random.one_in(3) ? places.directory() : places.file();
    struct {
        posix_acl_xattr_header header = {POSIX_ACL_XATTR_VERSION};
        std::array<posix_acl_xattr_entry, 5> entries = {};
    } acl;
    const auto permissions = [&random] { return static_cast<std::uint16_t>(random.below(8)); };
    const auto named = static_cast<std::uint32_t>(random.between(1, 3000));
    acl.entries = {{{ACL_USER_OBJ, permissions(), 0xffffffff},
                    {ACL_USER, permissions(), named},
                    {ACL_GROUP_OBJ, permissions(), 0xffffffff},
                    {ACL_MASK, permissions(), 0xffffffff},
                    {ACL_OTHER, permissions(), 0xffffffff}}};
    setxattr(path.c_str(), is_default ? "system.posix_acl_default" : "system.posix_acl_access", &acl, sizeof(acl), 0);
}

std::string anything(Places& places) {
    return places.random().one_in(4) ? places.directory() : places.leaf();
}

void set_owner(Places& places) {
    auto& random = places.random();
    const auto path = anything(places);
    const auto keeps_group = random.one_in(3);
    if (lchown(path.c_str(), static_cast<uid_t>(random.one_in(10) ? 0xfffffff0 : random.below(3000)),
               keeps_group ? static_cast<gid_t>(-1) : static_cast<gid_t>(random.below(3000))) != 0) {
        return;
    }
}
void set_mode(Places& places) {
    const auto path = anything(places);
    struct stat stat = {};
    if (lstat(path.c_str(), &stat) == 0 && !S_ISLNK(stat.st_mode)) { // chmod goes through symlinks
        chmod(path.c_str(), static_cast<mode_t>(places.random().below(010000)));
    }
}

timespec some_time(Random& random) {
    constexpr std::int64_t far = 8'000'000'000;
    const auto nanoseconds = random.one_in(3) ? 0 : random.below(1'000'000'000);
    const auto seconds = static_cast<std::int64_t>(random.below(2 * far)) - far;
    return {.tv_sec = random.one_in(5) ? 0 : seconds, .tv_nsec = static_cast<long>(nanoseconds)};
}
void set_times(Places& places) {
    std::array<timespec, 2> times = {some_time(places.random()), some_time(places.random())};
    if (places.random().one_in(3)) {
        times[0].tv_nsec = UTIME_OMIT;
    }
    utimensat(AT_FDCWD, anything(places).c_str(), times.data(), AT_SYMLINK_NOFOLLOW);
}

void set_flags(Places& places) {
    static constexpr std::array all = {FS_NOCOW_FL, FS_COMPR_FL, FS_NODUMP_FL, FS_NOCOMP_FL};
    const File file(places.random().one_in(2) ? places.lower_directory() : places.file(), O_RDONLY);
    int flags = 0;
    if (ioctl(file.fd(), FS_IOC_GETFLAGS, &flags) == 0) {
        flags ^= places.random().one_of(all);
        ioctl(file.fd(), FS_IOC_SETFLAGS, &flags);
    }
}

} // namespace

std::span<const Change> attribute_changes() {
    static constexpr std::array all = std::to_array<Change>({
        {5, set_xattr},
        {3, remove_xattr},
        {2, set_capability},
        {2, set_acl},
        {3, set_owner},
        {4, set_mode},
        {3, set_times},
        {1, set_flags},
    });
    return all;
}

} // namespace btrkit::history
