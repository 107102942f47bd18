// SPDX-License-Identifier: MIT
// The data of files that lie in a directory of the host.
#pragma once

#include "libfs/ops/source/host_inode.h"

#include <memory>
#include <mutex>

namespace btrkit::source {

class HostContent final : public Content {
public:
    static constexpr u32 no_folder = ~u32{0}; ///< the top directory's parent

    /// root is the open top directory, path its name for messages.
    HostContent(UniqueFd root, std::string path) : root_(std::move(root)), root_path_(std::move(path)) {}

    /// A directory; its number is how many were added before. The first is the top.
    u32 add_folder(u32 parent, std::string name);
    /// A regular file; returns what read() knows it as.
    u32 add_file(u32 folder, std::string name, const FileIdentity& identity);

    Result<void> read(u32 content, u64 offset, MutableBytes out) const override;
    Result<void> with_file(u32 content, const std::function<Result<void>(int fd)>& use) const override;

private:
    struct Folder {
        u32 parent;
        std::string name;
    };
    struct File {
        u32 folder;
        std::string name;
        FileIdentity identity;
    };
    using SharedFd = std::shared_ptr<const UniqueFd>;

    std::string path_of(const File& file) const; ///< from the top directory
    std::string shown_path(const File& file) const { return root_path_ + '/' + path_of(file); }
    Result<UniqueFd> open(const File& file) const;
    Result<SharedFd> open_shared(u32 content) const;
    static bool is_unchanged(int fd, const File& file);
    Result<void> read_open(int fd, const File& file, u64 offset, MutableBytes out) const;

    UniqueFd root_;
    std::string root_path_;
    std::vector<Folder> folders_;
    std::vector<File> files_;

    /// Large files are read in pieces: the last few stay open, the latest used last.
    struct Cached {
        u32 content;
        SharedFd fd;
    };
    mutable std::mutex mutex_;
    mutable std::vector<Cached> open_files_;
};

} // namespace btrkit::source
