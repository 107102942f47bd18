// SPDX-License-Identifier: MIT
#include "apps/streams/stream_input.h"

#include "libfs/base/names.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace btrkit::apps {

namespace {

std::unexpected<Error> input_failure(const std::string& name, std::string_view doing) {
    return fail(ErrorKind::io, fmt::format("{}: cannot {}: {}", printable(name), doing, std::strerror(errno)));
}

} // namespace

Result<StreamInput> StreamInput::open(const std::string& path) {
    const bool is_stdin = path == "-";
    StreamInput input(is_stdin ? "standard input" : path,
                      UniqueFd(is_stdin ? -1 : ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY)), 0);
    if (!is_stdin && !input.file_) {
        return input_failure(path, "open");
    }
    if (::isatty(input.fd()) == 1) {
        return fail(ErrorKind::usage, fmt::format("{}: is a terminal: give a FILE, or a pipe", printable(input.name_)));
    }
    struct stat status{};
    if (::fstat(input.fd(), &status) != 0) {
        return input_failure(input.name_, "be looked at");
    }
    if (S_ISREG(status.st_mode)) {
        input.size_bytes_ = static_cast<u64>(status.st_size);
    }
    return input;
}

int StreamInput::fd() const {
    return file_ ? file_.get() : STDIN_FILENO;
}

ByteSource StreamInput::source(StopToken stop) const {
    return [this, stop](MutableBytes room) -> Result<std::size_t> {
        for (;;) {
            if (stop.stop_requested()) {
                return fail(ErrorKind::cancelled, "stopped");
            }
            const auto got = ::read(fd(), room.data(), room.size());
            if (got >= 0) {
                return static_cast<std::size_t>(got);
            }
            // A signal that asked for no stop; one that did is seen above.
            if (errno != EINTR) {
                return input_failure(name_, "read");
            }
        }
    };
}

} // namespace btrkit::apps
