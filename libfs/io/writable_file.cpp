// SPDX-License-Identifier: MIT
#include "libfs/io/writable_file.h"

#include "libfs/base/names.h"
#include "libfs/io/caller_lock.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <limits>
#include <thread>

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace btrkit {

namespace {

bool is_host_refusal(int error) {
    return error == EOPNOTSUPP || error == ENOSYS || error == ENOTTY || error == EINVAL || error == EPERM;
}

std::string write_failure_text(int error) {
    const bool is_full = error == ENOSPC || error == EDQUOT;
    return fmt::format("{}{}", is_full ? "the disk below is full: " : "", std::strerror(error));
}

bool is_lock_of_another(int error) {
    return error == EWOULDBLOCK || error == EAGAIN || error == EACCES;
}

/// 0, or errno of what failed. The OFD lock keeps out virtual machines and others that lock ranges, and of ours those
/// whose callers hold the other one: flock() keeps out those who write as we do and udev's probing.
int try_lock(int fd) {
    struct flock whole{};
    whole.l_type = F_WRLCK;
    whole.l_whence = SEEK_SET;
    int error = ::fcntl(fd, F_OFD_SETLK, &whole) == 0 ? 0 : errno;
    if (error != 0 && !(is_lock_of_another(error) && is_lock_of_caller(fd, ofd_lock_kind))) {
        return error;
    }
    error = ::flock(fd, LOCK_EX | LOCK_NB) == 0 ? 0 : errno;
    return is_lock_of_another(error) && is_lock_of_caller(fd, flock_kind) ? 0 : error;
}

Result<void> lock(const HostFile& file) {
    using namespace std::chrono_literals;
    // udev holds its lock for moments whenever a writer has closed a block device: two commands in a row meet it.
    int attempts = file.is_block_device() ? 20 : 1;
    int error = try_lock(file.fd());
    while (is_lock_of_another(error) && --attempts > 0) {
        std::this_thread::sleep_for(50ms);
        error = try_lock(file.fd());
    }
    if (is_lock_of_another(error)) {
        return fail(ErrorKind::refused, printable(file.path()) + ": in use by another process");
    }
    if (error != 0) {
        return file.failure("lock", std::strerror(error));
    }
    return {};
}

/// The kernel reads a mounted filesystem past the block device's own cache, which must hold nothing old. Needs
/// privileges that not every writer has; then there is nothing to be done.
void drop_block_cache(const HostFile& file) {
    if (file.is_block_device()) {
        static_cast<void>(::ioctl(file.fd(), BLKFLSBUF, 0));
    }
}

/// Opening one for writing succeeds; every write would fail.
bool is_read_only_device(const HostFile& file) {
    int is_read_only = 0;
    return file.is_block_device() && ::ioctl(file.fd(), BLKROGET, &is_read_only) == 0 && is_read_only != 0;
}

int discard_blocks(int fd, u64 offset, u64 length_bytes) {
    // Whole sectors of the largest size there is, inside the range.
    constexpr u64 sector_bytes = 4096;
    const u64 begin = round_up(offset, sector_bytes);
    const u64 end = round_down(offset + length_bytes, sector_bytes);
    if (begin >= end) {
        return 0;
    }
    const std::array<u64, 2> range = {begin, end - begin};
    return ::ioctl(fd, BLKDISCARD, range.data());
}

} // namespace

Result<std::unique_ptr<WritableFile>> WritableFile::open(const std::string& path) {
    BTRKIT_TRY_ASSIGN(auto file, HostFile::open(path, O_RDWR | O_EXCL));
    if (is_read_only_device(file)) {
        return fail(ErrorKind::io, printable(path) +
                                       ": can't be written: the device is read-only (blockdev --setrw, or "
                                       "its switch)");
    }
    BTRKIT_TRY(lock(file));
    drop_block_cache(file);
    return std::unique_ptr<WritableFile>(new WritableFile(std::move(file)));
}

Result<std::unique_ptr<WritableFile>> WritableFile::create(const std::string& path, u64 size_bytes) {
    BTRKIT_TRY_ASSIGN(auto file, HostFile::create(path));
    std::unique_ptr<WritableFile> made(new WritableFile(std::move(file)));
    auto done = lock(made->file_);
    if (done) {
        done = made->resize(size_bytes);
    }
    if (!done) {
        ::unlink(path.c_str());
        return std::unexpected(std::move(done.error()));
    }
    return made;
}

Result<void> WritableFile::resize(u64 size_bytes) {
    if (file_.is_block_device()) {
        return fail(ErrorKind::usage, printable(name()) + ": a block device cannot be resized");
    }
    const auto doing = fmt::format("resize to {} bytes", size_bytes);
    if (size_bytes > static_cast<u64>(std::numeric_limits<off_t>::max())) {
        return file_.failure(doing, std::strerror(EFBIG));
    }
    int result = 0;
    do {
        result = ::ftruncate(file_.fd(), static_cast<off_t>(size_bytes));
    } while (result != 0 && errno == EINTR);
    if (result != 0) {
        return file_.failure(doing, write_failure_text(errno));
    }
    file_.set_size_bytes(size_bytes);
    return {};
}

Result<void> WritableFile::read(u64 offset, MutableBytes out) const {
    return file_.read_scattered(offset, std::span(&out, 1));
}

Result<void> WritableFile::read_scattered(u64 offset, std::span<const MutableBytes> outs) const {
    return file_.read_scattered(offset, outs);
}

Result<void> WritableFile::write(u64 offset, Bytes bytes) {
    BTRKIT_TRY(check_range("write", offset, bytes.size()));
    while (!bytes.empty()) {
        const ssize_t written = ::pwrite(file_.fd(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            // A write of nothing is no answer that the host may give; take it as the end of the device.
            return file_.failure(fmt::format("write at offset {}", offset),
                                 write_failure_text(written < 0 ? errno : ENOSPC));
        }
        offset += static_cast<u64>(written);
        bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    return {};
}

Result<void> WritableFile::discard(u64 offset, u64 length_bytes) {
    if (auto inside = check_range("discard", offset, length_bytes); !inside || length_bytes == 0) {
        return inside;
    }
    int result = 0;
    do {
        result = file_.is_block_device() ? discard_blocks(file_.fd(), offset, length_bytes)
                                         : ::fallocate(file_.fd(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                                                       static_cast<off_t>(offset), static_cast<off_t>(length_bytes));
    } while (result != 0 && errno == EINTR);
    if (result != 0 && !is_host_refusal(errno)) {
        return file_.failure(fmt::format("discard at offset {}", offset), write_failure_text(errno));
    }
    return {};
}

Result<void> WritableFile::clone(int source, u64 source_offset, u64 length_bytes, u64 offset) {
    if (auto inside = check_range("clone", offset, length_bytes); !inside || length_bytes == 0) {
        return inside;
    }
    const struct file_clone_range range = {
        .src_fd = source, .src_offset = source_offset, .src_length = length_bytes, .dest_offset = offset};
    int result = 0;
    do {
        result = ::ioctl(file_.fd(), FICLONERANGE, &range);
    } while (result != 0 && errno == EINTR);
    if (result == 0) {
        return {};
    }
    auto failure = file_.failure(fmt::format("share blocks at offset {}", offset), write_failure_text(errno));
    if (errno == EOPNOTSUPP || errno == EXDEV || errno == EINVAL || errno == ENOTTY) {
        failure.error().kind = ErrorKind::unsupported;
    }
    return failure;
}

void WritableFile::begin_flush(u64 offset, u64 length_bytes) {
    static_cast<void>(::sync_file_range(file_.fd(), static_cast<off_t>(offset), static_cast<off_t>(length_bytes),
                                        SYNC_FILE_RANGE_WRITE));
}

Result<void> WritableFile::flush() {
    // The kernel forgets a failed write-back once it has told of it: a second fsync() would succeed over lost bytes.
    if (flush_failed_) {
        return file_.failure("flush", "an earlier flush failed");
    }
    int result = 0;
    do {
        result = ::fsync(file_.fd());
    } while (result != 0 && errno == EINTR);
    if (result != 0) {
        flush_failed_ = true;
        return file_.failure("flush", write_failure_text(errno));
    }
    drop_block_cache(file_);
    return {};
}

} // namespace btrkit
