// SPDX-License-Identifier: MIT
#include "libfs/io/file_device.h"

#include "libfs/base/names.h"

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

std::unexpected<Error> system_failure(const std::string& path, std::string_view doing) {
    return fail(ErrorKind::io, fmt::format("{}: cannot {}: {}", printable(path), doing, std::strerror(errno)));
}

std::unexpected<Error> read_failure(const std::string& path, u64 offset, std::string_view why) {
    return fail(ErrorKind::io, fmt::format("{}: cannot read at offset {}: {}", printable(path), offset, why));
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

Result<std::unique_ptr<BlockDevice>> FileDevice::open(const std::string& path) {
    // O_NONBLOCK: opening a fifo must not wait for a writer.
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return system_failure(path, "open");
    }
    struct stat status{};
    if (::fstat(fd, &status) != 0) {
        const auto failure = system_failure(path, "stat");
        ::close(fd);
        return failure;
    }
    if (!S_ISREG(status.st_mode) && !S_ISBLK(status.st_mode)) {
        ::close(fd);
        return fail(ErrorKind::usage, fmt::format("{}: neither a regular file nor a block device", printable(path)));
    }
    const off_t size = ::lseek(fd, 0, SEEK_END);
    if (size < 0) {
        const auto failure = system_failure(path, "find the size");
        ::close(fd);
        return failure;
    }
    return std::unique_ptr<BlockDevice>(new FileDevice(path, fd, static_cast<u64>(size)));
}

FileDevice::~FileDevice() {
    ::close(fd_);
}

Result<void> FileDevice::read(u64 offset, MutableBytes out) const {
    return read_scattered(offset, std::span(&out, 1));
}

Result<void> FileDevice::read_scattered(u64 offset, std::span<const MutableBytes> outs) const {
    constexpr std::size_t most_buffers = 64;
    std::array<iovec, most_buffers> all_buffers{};
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
                return read_failure(path_, offset, "beyond the end");
            }
            const ssize_t got =
                ::preadv(fd_, buffers.data(), static_cast<int>(buffers.size()), static_cast<off_t>(offset));
            if (got < 0 && errno == EINTR) {
                continue;
            }
            if (got < 0) {
                return read_failure(path_, offset, std::strerror(errno));
            }
            if (got == 0) {
                return read_failure(path_, offset, "beyond the end");
            }
            offset += static_cast<u64>(got);
            drop_front(buffers, static_cast<std::size_t>(got));
        }
    }
    return {};
}

void FileDevice::prefetch(u64 offset, u64 length_bytes) const {
    static_cast<void>(
        ::posix_fadvise(fd_, static_cast<off_t>(offset), static_cast<off_t>(length_bytes), POSIX_FADV_WILLNEED));
}

} // namespace btrkit
