// SPDX-License-Identifier: MIT
#include "apps/common/fd_sink.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>

#include <fmt/format.h>
#include <poll.h>
#include <sys/uio.h>
#include <unistd.h>

namespace btrkit::apps {

namespace {

constexpr std::size_t most_parts_at_once = 256;
static_assert(most_parts_at_once <= IOV_MAX);

/// For a descriptor that somebody else made non-blocking: waits until it takes more.
void wait_until_writable(int fd) {
    pollfd waited{.fd = fd, .events = POLLOUT, .revents = 0};
    static_cast<void>(::poll(&waited, 1, -1));
}

} // namespace

/// After a write that failed: nothing where it can be tried again.
Result<void> FdSink::recover() {
    const int failure = errno;
    if (failure == EAGAIN || failure == EWOULDBLOCK) {
        wait_until_writable(fd_);
    } else if (failure != EINTR) {
        auto text = fmt::format("{}: {}", name_, std::strerror(failure));
        if (failure == EPIPE) {
            closed_pipe_ = text;
        }
        return fail(ErrorKind::io, std::move(text));
    }
    return {};
}

Result<void> FdSink::write(std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(fd_, text.data(), text.size());
        if (written >= 0) {
            text.remove_prefix(static_cast<std::size_t>(written));
        } else {
            BTRKIT_TRY(recover());
        }
    }
    return {};
}

Result<void> FdSink::write_all(std::span<const std::string_view> parts) {
    std::array<iovec, most_parts_at_once> vectors{};
    std::size_t into_first = 0; // bytes of parts.front() that were written
    while (!parts.empty()) {
        const std::size_t count = std::min(parts.size(), vectors.size());
        for (std::size_t i = 0; i < count; ++i) {
            const auto part = parts[i].substr(i == 0 ? into_first : 0);
            vectors[i] = {const_cast<char*>(part.data()), part.size()}; // writev(2) does not change it
        }
        const ssize_t written = ::writev(fd_, vectors.data(), static_cast<int>(count));
        if (written < 0) {
            BTRKIT_TRY(recover());
            continue;
        }
        into_first += static_cast<std::size_t>(written);
        while (!parts.empty() && into_first >= parts.front().size()) {
            into_first -= parts.front().size();
            parts = parts.subspan(1);
        }
    }
    return {};
}

} // namespace btrkit::apps
