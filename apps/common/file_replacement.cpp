// SPDX-License-Identifier: MIT
#include "apps/common/file_replacement.h"

#include "apps/common/fd_sink.h"
#include "libfs/base/names.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

namespace btrkit::apps {

namespace {

std::unexpected<Error> write_failure(const std::string& path) {
    return fail(ErrorKind::io, fmt::format("{}: cannot be written: {}", printable(path), std::strerror(errno)));
}

} // namespace

Result<FileReplacement> FileReplacement::make(const std::string& path, mode_t mode) {
    FileReplacement made(path);
    made.fd_ = UniqueFd(::mkstemp(made.temporary_.data()));
    if (made.fd_.get() < 0) {
        made.temporary_.clear();
        return write_failure(path);
    }
    if (::fchmod(made.fd_.get(), mode) != 0) {
        return write_failure(path);
    }
    return made;
}

FileReplacement::FileReplacement(FileReplacement&& other) noexcept
    : path_(std::move(other.path_)), temporary_(std::exchange(other.temporary_, {})), fd_(std::move(other.fd_)) {}

FileReplacement::~FileReplacement() {
    if (!temporary_.empty()) {
        ::unlink(temporary_.c_str());
    }
}

Result<void> FileReplacement::write(std::string_view text) {
    FdSink sink(fd_.get(), printable(path_));
    BTRKIT_TRY(sink.write(text));
    return replace();
}

Result<void> FileReplacement::replace() {
    if (::fsync(fd_.get()) != 0 || ::rename(temporary_.c_str(), path_.c_str()) != 0) {
        return write_failure(path_);
    }
    temporary_.clear();
    return {};
}

} // namespace btrkit::apps
