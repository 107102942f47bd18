// SPDX-License-Identifier: MIT
// What /proc and /sys tell of block devices and mounts. Whatever can't be read is not there.
#pragma once

#include "libfs/io/in_use.h"

#include <filesystem>
#include <vector>

namespace btrkit {

struct Mount {
    BlockNumber number; ///< btrfs has one of its own here, that is no device's
    std::string filesystem;
    std::string source;
    std::string target;
};

/// Which file or block device somebody means, whatever path leads there.
struct FileIdentity {
    bool is_block_device;
    BlockNumber device; ///< of a block device its own number, else that of the filesystem on which the file lies
    unsigned long inode;

    friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

/// nullopt where nothing is, or something else than a regular file or a block device.
std::optional<FileIdentity> identity_of(const std::string& path);

class HostTables {
public:
    explicit HostTables(std::filesystem::path root) : root_(std::move(root)) {}

    std::vector<Mount> mounts() const;
    /// Paths of files and devices.
    std::vector<std::string> swap_areas() const;

    /// The folder of a block device in /sys, all links followed; empty where it is not there.
    std::filesystem::path folder_of(BlockNumber number) const;
    /// The "dev" file of such a folder.
    static std::optional<BlockNumber> number_in(const std::filesystem::path& folder);
    /// By a path in /dev, or by its last part in /sys.
    std::optional<BlockNumber> number_of(const std::string& path) const;

    /// Folders in /sys of loop devices that have a backing file.
    std::vector<std::filesystem::path> loops() const;
    /// Folders of mounted btrfs filesystems, by any mount namespace: each has a folder devices/.
    std::vector<std::filesystem::path> btrfs_filesystems() const;

    /// The first line of a file.
    static std::string line_of(const std::filesystem::path& file);
    static std::vector<std::filesystem::path> entries_of(const std::filesystem::path& folder);

private:
    std::filesystem::path root_;
};

} // namespace btrkit
