// SPDX-License-Identifier: MIT
// An open file or block device of the host: what read-only and writable devices have in common.
#pragma once

#include "libfs/base/bytes.h"
#include "libfs/base/error.h"

#include <string>

namespace btrkit {

class HostFile {
public:
    /// flags: O_RDONLY or O_RDWR, and what else open() takes; O_EXCL counts for block devices alone.
    /// Fails with ErrorKind::io where path can't be opened, and with ErrorKind::usage where it is neither a regular
    /// file nor a block device (also "-", which means a stream elsewhere), or is a block device that O_EXCL finds in
    /// use.
    static Result<HostFile> open(const std::string& path, int flags);
    /// A new regular file, empty and writable. Fails with ErrorKind::usage where something is at path already,
    /// or no file may be made there (new_file_place.h).
    static Result<HostFile> create(const std::string& path);

    HostFile(HostFile&& other) noexcept;
    HostFile& operator=(HostFile&&) = delete;
    HostFile(const HostFile&) = delete;
    HostFile& operator=(const HostFile&) = delete;
    ~HostFile();

    const std::string& path() const { return path_; }
    int fd() const { return fd_; }
    bool is_block_device() const { return is_block_device_; }
    u64 size_bytes() const { return size_bytes_; }
    /// For who has changed the file's size.
    void set_size_bytes(u64 size_bytes) { size_bytes_ = size_bytes; }

    /// As BlockDevice promises them.
    Result<void> read_scattered(u64 offset, std::span<const MutableBytes> outs) const;
    void prefetch(u64 offset, u64 length_bytes) const;

    /// "PATH: cannot DOING: why" as ErrorKind::io.
    std::unexpected<Error> failure(std::string_view doing, std::string_view why) const;
    /// The same with errno's text.
    std::unexpected<Error> failure(std::string_view doing) const;

private:
    HostFile(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
    Result<void> look_at();

    std::string path_;
    int fd_;
    bool is_block_device_ = false;
    u64 size_bytes_ = 0;
};

} // namespace btrkit
