// SPDX-License-Identifier: MIT
#include "apps/common/fd_sink.h"

#include <cerrno>
#include <cstring>

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

namespace btrkit::apps {

namespace {

/// For a descriptor that somebody else made non-blocking: waits until it takes more.
void wait_until_writable(int fd) {
    pollfd waited{.fd = fd, .events = POLLOUT, .revents = 0};
    static_cast<void>(::poll(&waited, 1, -1));
}

} // namespace

Result<void> FdSink::write(std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(fd_, text.data(), text.size());
        if (written >= 0) {
            text.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            wait_until_writable(fd_);
        } else if (errno != EINTR) {
            return fail(ErrorKind::io, fmt::format("{}: {}", name_, std::strerror(errno)));
        }
    }
    return {};
}

} // namespace btrkit::apps
