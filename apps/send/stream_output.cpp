// SPDX-License-Identifier: MIT
#include "apps/send/stream_output.h"

#include "libfs/base/names.h"
#include "libfs/io/in_use.h"
#include "libfs/io/new_file_place.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace btrkit::apps {

namespace {

std::unexpected<Error> host_failure(const std::string& path, std::string_view doing) {
    return fail(ErrorKind::io, fmt::format("{}: cannot {}: {}", printable(path), doing, std::strerror(errno)));
}

bool is_same_file(const struct stat& a, const struct stat& b) {
    const bool are_devices = S_ISBLK(a.st_mode) && S_ISBLK(b.st_mode);
    return are_devices ? a.st_rdev == b.st_rdev : a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

} // namespace

StreamFile::StreamFile(std::string path, UniqueFd fd, bool was_made)
    : path_(std::move(path)), fd_(std::move(fd)), sink_(fd_.get(), printable(path_)), was_made_(was_made) {}

StreamFile::~StreamFile() {
    if (was_made_ && !has_begun_) {
        ::unlink(path_.c_str());
    }
}

Result<std::unique_ptr<StreamFile>> StreamFile::open(const std::string& path, std::span<const ImagePlace> images) {
    constexpr int flags = O_WRONLY | O_CLOEXEC | O_NOCTTY;
    constexpr mode_t mode = S_IRUSR | S_IWUSR;
    struct stat there{};
    if (::stat(path.c_str(), &there) != 0 && errno == ENOENT) {
        BTRKIT_TRY(check_new_file_place(path));
    }
    UniqueFd fd(::open(path.c_str(), flags | O_CREAT | O_EXCL, mode));
    const bool was_made = static_cast<bool>(fd);
    if (!was_made && errno == EEXIST) {
        // Again with O_CREAT, for links to what is not there.
        fd = UniqueFd(::open(path.c_str(), flags | O_CREAT, mode));
    }
    if (!fd) {
        return host_failure(path, "be opened for writing");
    }
    std::unique_ptr<StreamFile> file(new StreamFile(path, std::move(fd), was_made));
    BTRKIT_TRY(file->check(images));
    return file;
}

Result<void> StreamFile::check(std::span<const ImagePlace> images) const {
    if (::isatty(fd_.get()) == 1) {
        return fail(ErrorKind::usage, fmt::format("{}: is a terminal: streams are not for eyes (use -f FILE or a pipe)",
                                                  printable(path_)));
    }
    struct stat own{};
    if (::fstat(fd_.get(), &own) != 0) {
        return host_failure(path_, "be looked at");
    }
    for (const auto& image : images) {
        struct stat other{};
        if (::stat(image.path.c_str(), &other) == 0 && is_same_file(own, other)) {
            return fail(ErrorKind::usage,
                        fmt::format("{}: is the image that is read: nothing is written to it", printable(path_)));
        }
    }
    if (const auto why = S_ISBLK(own.st_mode) ? why_in_use(path_) : std::nullopt) {
        return fail(ErrorKind::refused, fmt::format("{}: {}; nothing is written to it", printable(path_), *why));
    }
    return {};
}

/// What was in the file goes when the stream comes, and not before: a send that is refused changes nothing.
Result<void> StreamFile::begin() {
    if (has_begun_) {
        return {};
    }
    struct stat status{};
    if (::fstat(fd_.get(), &status) != 0) {
        return host_failure(path_, "be looked at");
    }
    if (S_ISREG(status.st_mode) && ::ftruncate(fd_.get(), 0) != 0) {
        return host_failure(path_, "be truncated");
    }
    has_begun_ = true;
    return {};
}

Result<void> StreamFile::write(std::string_view text) {
    auto begun = begin();
    return begun ? sink_.write(text) : begun;
}

Result<void> StreamFile::write_all(std::span<const std::string_view> parts) {
    auto begun = begin();
    return begun ? sink_.write_all(parts) : begun;
}

Result<void> StreamFile::close() {
    if (::close(fd_.release()) != 0) {
        return host_failure(path_, "be closed");
    }
    return {};
}

Result<void> WatchedSink::watch(Result<void> written) {
    has_begun_ = true;
    if (!written) {
        failure_ = written.error();
    }
    return written;
}

} // namespace btrkit::apps
