// SPDX-License-Identifier: MIT
// A file descriptor that closes itself.
#pragma once

#include <utility>

#include <unistd.h>

namespace btrkit {

class UniqueFd {
public:
    UniqueFd() = default;
    /// Takes fd over; negative for none, as open(2) returns where it fails.
    explicit UniqueFd(int fd) : fd_(fd) {}
    UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    UniqueFd& operator=(UniqueFd&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    UniqueFd(const UniqueFd&) = delete;
    UniqueFd& operator=(const UniqueFd&) = delete;
    ~UniqueFd() {
        if (fd_ >= 0) {
            ::close(fd_);
        }
    }

    explicit operator bool() const { return fd_ >= 0; }
    int get() const { return fd_; }
    /// Gives the descriptor away: it is the caller's to close.
    int release() { return std::exchange(fd_, -1); }

private:
    int fd_ = -1;
};

} // namespace btrkit
