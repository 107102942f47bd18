// SPDX-License-Identifier: MIT
#include "libfs/io/host_file.h"

#include "libfs/base/names.h"
#include "libfs/io/new_file_place.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <limits>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

namespace btrkit {

namespace {

std::unexpected<Error> open_failure(const std::string& path, std::string_view doing, int why) {
    if (why == EROFS) {
        return fail(ErrorKind::io, printable(path) + ": can't be written: it lies on a read-only filesystem; make that "
                                                     "writable, or work on a copy");
    }
    // EBUSY: O_EXCL on a block device that is mounted, or held by the kernel or another process.
    const bool is_usage = why == EEXIST || why == EBUSY;
    return fail(is_usage ? ErrorKind::usage : ErrorKind::io,
                fmt::format("{}: cannot {}: {}", printable(path), doing, std::strerror(why)));
}

std::unexpected<Error> wrong_kind(const std::string& path) {
    return fail(ErrorKind::usage, fmt::format("{}: neither a regular file nor a block device", printable(path)));
}

/// Drops the first done bytes of the buffers.
void drop_front(std::span<iovec>& buffers, std::size_t done) {
    while (!buffers.empty() && done >= buffers.front().iov_len) {
        done -= buffers.front().iov_len;
        buffers = buffers.subspan(1);
    }
    if (!buffers.empty()) {
        buffers.front().iov_base = static_cast<char*>(buffers.front().iov_base) + done;
        buffers.front().iov_len -= done;
    }
}

} // namespace

Result<HostFile> HostFile::open(const std::string& path, int flags) {
    // Before opening: O_EXCL is for block devices, and opening other kinds for writing has effects of its own.
    BTRKIT_TRY(check_no_stream(path));
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) {
        return open_failure(path, "open", errno);
    }
    if (!S_ISREG(status.st_mode) && !S_ISBLK(status.st_mode)) {
        return wrong_kind(path);
    }
    if (!S_ISBLK(status.st_mode)) {
        flags &= ~O_EXCL;
    }
    // O_NONBLOCK: should path have become a fifo, opening it must not wait.
    const int fd = ::open(path.c_str(), flags | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return open_failure(path, "open", errno);
    }
    HostFile file(path, fd);
    BTRKIT_TRY(file.look_at());
    return file;
}

Result<HostFile> HostFile::create(const std::string& path) {
    BTRKIT_TRY(check_new_file_place(path));
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0) {
        return open_failure(path, "create", errno);
    }
    return HostFile(path, fd);
}

HostFile::HostFile(HostFile&& other) noexcept
    : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)), is_block_device_(other.is_block_device_),
      size_bytes_(other.size_bytes_) {}

HostFile::~HostFile() {
    if (fd_ >= 0) {
        ::close(fd_);
    }
}

Result<void> HostFile::look_at() {
    struct stat status{};
    if (::fstat(fd_, &status) != 0) {
        return failure("stat");
    }
    if (!S_ISREG(status.st_mode) && !S_ISBLK(status.st_mode)) {
        return wrong_kind(path_);
    }
    is_block_device_ = S_ISBLK(status.st_mode);
    const off_t size = ::lseek(fd_, 0, SEEK_END);
    if (size < 0) {
        return failure("find the size");
    }
    size_bytes_ = static_cast<u64>(size);
    return {};
}

Result<void> HostFile::read_scattered(u64 offset, std::span<const MutableBytes> outs) const {
    constexpr std::size_t most_buffers = 64;
    std::array<iovec, most_buffers> all_buffers{};
    const auto read_failure = [&](std::string_view why) {
        return failure(fmt::format("read at offset {}", offset), why);
    };
    while (!outs.empty()) {
        const auto now = outs.first(std::min(outs.size(), most_buffers));
        outs = outs.subspan(now.size());
        for (std::size_t i = 0; i < now.size(); ++i) {
            all_buffers[i] = {now[i].data(), now[i].size()};
        }
        std::span<iovec> buffers(all_buffers.data(), now.size());
        drop_front(buffers, 0);
        while (!buffers.empty()) {
            if (offset > static_cast<u64>(std::numeric_limits<off_t>::max())) {
                return read_failure("beyond the end");
            }
            const ssize_t got =
                ::preadv(fd_, buffers.data(), static_cast<int>(buffers.size()), static_cast<off_t>(offset));
            if (got < 0 && errno == EINTR) {
                continue;
            }
            if (got < 0) {
                return read_failure(std::strerror(errno));
            }
            if (got == 0) {
                return read_failure("beyond the end");
            }
            offset += static_cast<u64>(got);
            drop_front(buffers, static_cast<std::size_t>(got));
        }
    }
    return {};
}

void HostFile::prefetch(u64 offset, u64 length_bytes) const {
    static_cast<void>(
        ::posix_fadvise(fd_, static_cast<off_t>(offset), static_cast<off_t>(length_bytes), POSIX_FADV_WILLNEED));
}

std::unexpected<Error> HostFile::failure(std::string_view doing, std::string_view why) const {
    return fail(ErrorKind::io, fmt::format("{}: cannot {}: {}", printable(path_), doing, why));
}

std::unexpected<Error> HostFile::failure(std::string_view doing) const {
    return failure(doing, std::strerror(errno));
}

} // namespace btrkit
