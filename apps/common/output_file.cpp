// SPDX-License-Identifier: MIT
#include "apps/common/output_file.h"

#include "libfs/base/names.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>

namespace btrkit::apps {

namespace {

std::unexpected<Error> failure(const std::string& path, std::string_view doing) {
    return fail(ErrorKind::io, fmt::format("{}: cannot be {}: {}", printable(path), doing, std::strerror(errno)));
}

} // namespace

Result<std::unique_ptr<OutputFile>> OutputFile::open(const std::string& path, bool overwrite) {
    auto made = std::make_unique<OutputFile>();
    made->path_ = path;
    struct stat status{};
    const bool is_there = ::stat(path.c_str(), &status) == 0;
    if (is_there && S_ISREG(status.st_mode) && !overwrite) {
        return fail(ErrorKind::refused, fmt::format("{}: is there already (--overwrite replaces it)", printable(path)));
    }
    if (is_there && S_ISBLK(status.st_mode)) {
        return fail(ErrorKind::refused, fmt::format("{}: is a block device", printable(path)));
    }
    int fd = -1;
    if (is_there && !S_ISREG(status.st_mode)) {
        made->fd_ = UniqueFd(::open(path.c_str(), O_WRONLY | O_NOCTTY | O_CLOEXEC));
        if (!made->fd_) {
            return failure(path, "opened");
        }
        fd = made->fd_.get();
    } else {
        BTRKIT_TRY_ASSIGN(auto file, FileReplacement::make(path));
        made->file_.emplace(std::move(file));
        fd = made->file_->fd();
    }
    made->sink_.emplace(fd, printable(path));
    return made;
}

Result<void> OutputFile::finish() {
    if (file_) {
        return file_->replace();
    }
    return ::close(fd_.release()) == 0 ? Result<void>() : failure(path_, "written");
}

} // namespace btrkit::apps
