// SPDX-License-Identifier: MIT
#include "libfs/io/in_use.h"

#include "formats/btrfs/superblock.h"
#include "libfs/base/names.h"
#include "libfs/io/file_device.h"
#include "libfs/io/host_tables.h"
#include "libfs/io/partitions.h"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace btrkit {

namespace fs = std::filesystem;

namespace {

using Reason = std::optional<std::string>;

std::string name_of(const fs::path& folder) {
    return printable(folder.filename().string());
}

/// "dm-0 (root)"
std::string holder_text(const fs::path& holder) {
    const auto given = HostTables::line_of(holder / "dm/name");
    return given.empty() ? name_of(holder) : fmt::format("{} ({})", name_of(holder), printable(given));
}

/// What a loop device's backing file is, asked of the device: its path in /sys may be that of another mount namespace.
std::optional<FileIdentity> backing_by_ioctl(const std::string& device) {
    const int fd = ::open(device.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return std::nullopt;
    }
    loop_info64 info{};
    const bool is_known = ::ioctl(fd, LOOP_GET_STATUS64, &info) == 0;
    ::close(fd);
    if (!is_known) {
        return std::nullopt;
    }
    const bool is_block = info.lo_rdevice != 0;
    const dev_t number = is_block ? info.lo_rdevice : info.lo_device;
    return FileIdentity{.is_block_device = is_block,
                        .device = {::gnu_dev_major(number), ::gnu_dev_minor(number)},
                        .inode = is_block ? 0 : info.lo_inode};
}

/// One look at the host, for one question.
class Detective {
public:
    explicit Detective(const std::string& root) : tables_(root), root_(root), mounts_(tables_.mounts()) {}

    Reason block_device(BlockNumber number, int depth = 0) const {
        if (auto reason = itself(number)) {
            return reason;
        }
        const fs::path folder = tables_.folder_of(number);
        if (auto reason = partitions(folder)) {
            return reason;
        }
        if (auto reason = whole_disk(folder)) {
            return reason;
        }
        return loop_over({.is_block_device = true, .device = number, .inode = 0}, depth);
    }

    Reason regular_file(const ImagePlace& place, const FileIdentity& file) const {
        if (is_swap(file)) {
            return "is in use as swap";
        }
        if (auto reason = loop_over(file, 0)) {
            return reason;
        }
        std::vector<u64> offsets = {0, place.offset};
        for (const auto& partition : read_partitions(place.path).value_or(std::vector<Partition>())) {
            offsets.push_back(partition.offset);
        }
        for (const u64 offset : offsets) {
            if (auto reason = hidden_btrfs(place.path, offset)) {
                return reason;
            }
        }
        return std::nullopt;
    }

private:
    /// Mounted, swap or held, without regard to partitions and the like.
    Reason itself(BlockNumber number) const {
        for (const auto& mount : mounts_) {
            const bool is_it =
                mount.number == number || (mount.source.starts_with('/') && tables_.number_of(mount.source) == number);
            if (is_it) {
                return "is mounted at " + printable(mount.target);
            }
        }
        if (auto reason = btrfs_member(number)) {
            return reason;
        }
        if (is_swap({.is_block_device = true, .device = number, .inode = 0})) {
            return "is in use as swap";
        }
        const fs::path folder = tables_.folder_of(number);
        const auto holders = folder.empty() ? std::vector<fs::path>() : HostTables::entries_of(folder / "holders");
        return holders.empty() ? std::nullopt : Reason("is held by " + holder_text(holders.front()));
    }

    /// Also where the mount is in another namespace, or shown with another of its devices.
    Reason btrfs_member(BlockNumber number) const {
        for (const auto& filesystem : tables_.btrfs_filesystems()) {
            const auto devices = HostTables::entries_of(filesystem / "devices");
            if (std::ranges::none_of(devices, [&](const auto& it) { return HostTables::number_in(it) == number; })) {
                continue;
            }
            for (const auto& mount : mounts_) {
                const auto shown = mount.filesystem == "btrfs" ? tables_.number_of(mount.source) : std::nullopt;
                if (shown &&
                    std::ranges::any_of(devices, [&](const auto& it) { return HostTables::number_in(it) == shown; })) {
                    return fmt::format("is part of the btrfs filesystem that is mounted at {}",
                                       printable(mount.target));
                }
            }
            return fmt::format("is part of the btrfs filesystem {}, which is mounted, perhaps in another mount "
                               "namespace",
                               name_of(filesystem));
        }
        return std::nullopt;
    }

    bool is_swap(const FileIdentity& identity) const {
        return std::ranges::any_of(tables_.swap_areas(), [&](const std::string& path) {
            if (identity.is_block_device) {
                return tables_.number_of(path) == identity.device;
            }
            return identity_of(path) == identity;
        });
    }

    Reason partitions(const fs::path& folder) const {
        if (folder.empty()) {
            return std::nullopt;
        }
        std::error_code error;
        for (const auto& entry : HostTables::entries_of(folder)) {
            const auto number = HostTables::number_in(entry);
            if (!number || !fs::exists(entry / "partition", error)) {
                continue;
            }
            if (const auto reason = itself(*number)) {
                return fmt::format("has a partition {}, which {}", name_of(entry), *reason);
            }
        }
        return std::nullopt;
    }

    Reason whole_disk(const fs::path& folder) const {
        std::error_code error;
        if (folder.empty() || !fs::exists(folder / "partition", error)) {
            return std::nullopt;
        }
        const auto number = HostTables::number_in(folder.parent_path());
        const auto reason = number ? itself(*number) : std::nullopt;
        return reason ? Reason(fmt::format("is a partition of {}, which {}", name_of(folder.parent_path()), *reason))
                      : std::nullopt;
    }

    std::optional<FileIdentity> backing_of(const fs::path& loop) const {
        if (auto identity = backing_by_ioctl(root_ / "dev" / loop.filename())) {
            return identity;
        }
        return identity_of(HostTables::line_of(loop / "loop/backing_file"));
    }

    Reason loop_over(const FileIdentity& identity, int depth) const {
        constexpr int deepest = 8;
        for (const auto& loop : tables_.loops()) {
            if (backing_of(loop) != identity) {
                continue;
            }
            auto text = fmt::format("is the backing file of /dev/{}", name_of(loop));
            const auto number = HostTables::number_in(loop);
            if (const auto more = number && depth < deepest ? block_device(*number, depth + 1) : std::nullopt) {
                text += ", which " + *more;
            }
            return text;
        }
        return std::nullopt;
    }

    /// A file with a filesystem at offset that is mounted through a loop device of which nobody can tell us the backing
    /// file.
    Reason hidden_btrfs(const std::string& path, u64 offset) const {
        const auto device = FileDevice::open(path);
        btrfs::Superblock super;
        if (!device ||
            !(*device)->read(offset + btrfs::superblock_offsets[0], std::as_writable_bytes(std::span(&super, 1))) ||
            super.magic != btrfs::superblock_magic) {
            return std::nullopt;
        }
        for (const auto& filesystem : tables_.btrfs_filesystems()) {
            if (filesystem.filename() != uuid_text(super.fsid)) {
                continue;
            }
            for (const auto& member : HostTables::entries_of(filesystem / "devices")) {
                std::error_code error;
                const bool is_partition = fs::exists(member / "partition", error);
                const auto loop = is_partition ? fs::canonical(member, error).parent_path() : member;
                if (fs::exists(loop / "loop/backing_file", error) && !backing_of(loop)) {
                    return fmt::format("may be mounted: its filesystem is, through /dev/{}, whose backing file "
                                       "cannot be found here",
                                       name_of(member));
                }
            }
        }
        return std::nullopt;
    }

    HostTables tables_;
    fs::path root_;
    std::vector<Mount> mounts_;
};

/// Whether the kernel or another process has the block device for itself.
bool is_held_exclusively(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_EXCL | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return errno == EBUSY;
    }
    ::close(fd);
    return false;
}

} // namespace

std::optional<std::string> why_in_use(const std::string& path, const std::string& root) {
    return why_in_use(ImagePlace::whole(path), root);
}

std::optional<std::string> why_in_use(const ImagePlace& place, const std::string& root) {
    const auto identity = identity_of(place.path);
    if (!identity) {
        return std::nullopt;
    }
    if (!identity->is_block_device) {
        return Detective(root).regular_file(place, *identity);
    }
    if (auto reason = why_in_use(identity->device, root)) {
        return reason;
    }
    return is_held_exclusively(place.path) ? std::optional<std::string>("is held by the kernel or another process")
                                           : std::nullopt;
}

std::optional<std::string> why_in_use(BlockNumber number, const std::string& root) {
    return Detective(root).block_device(number);
}

} // namespace btrkit
