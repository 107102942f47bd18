// SPDX-License-Identifier: MIT
#include "libfs/io/temporary_file.h"

#include "libfs/base/names.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>

namespace btrkit {

namespace {

std::unexpected<Error> failure(const std::string& directory, std::string_view doing, int error) {
    return fail(ErrorKind::io, fmt::format("{}: cannot {}: {}", printable(directory), doing, std::strerror(error)));
}

UniqueFd open_nameless(const std::string& directory) {
    UniqueFd fd(::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600));
    if (fd || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)) {
        return fd;
    }
    std::string path = directory + "/btrkit-spool-XXXXXX"; // a filesystem that has only files with names
    fd = UniqueFd(::mkostemp(path.data(), O_CLOEXEC));
    if (fd) {
        ::unlink(path.c_str());
    }
    return fd;
}

} // namespace

Result<TemporaryFile> TemporaryFile::make(const std::string& directory) {
    UniqueFd fd = open_nameless(directory);
    if (!fd) {
        return failure(directory, "make a temporary file there", errno);
    }
    return TemporaryFile(std::move(fd), directory);
}

Result<void> TemporaryFile::write(u64 offset, Bytes bytes) {
    while (!bytes.empty()) {
        const ssize_t done = ::pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            return failure(directory_, "write a temporary file there", done < 0 ? errno : ENOSPC);
        }
        offset += static_cast<u64>(done);
        bytes = bytes.subspan(static_cast<std::size_t>(done));
    }
    return {};
}

Result<void> TemporaryFile::read(u64 offset, MutableBytes out) const {
    while (!out.empty()) {
        const ssize_t got = ::pread(fd_.get(), out.data(), out.size(), static_cast<off_t>(offset));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return failure(directory_, "read the temporary file there", got < 0 ? errno : EIO);
        }
        offset += static_cast<u64>(got);
        out = out.subspan(static_cast<std::size_t>(got));
    }
    return {};
}

} // namespace btrkit
