// SPDX-License-Identifier: MIT
// Everything that send-history can do. What can't be done (no space, wrong kind of file) is passed over.
#pragma once

#include "tests/send/places.h"

#include <span>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace btrkit::history {

struct Change {
    unsigned weight;
    void (*make)(Places& places);
};

std::span<const Change> content_changes();
std::span<const Change> name_changes();
std::span<const Change> attribute_changes();

/// Creates a file or something else but a directory; whether nothing was there.
bool create_file(Places& places, const std::string& path);
bool create_special(Places& places, const std::string& path);

class File {
public:
    File(const std::string& path, int flags)
        : fd_(open(path.c_str(), flags | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW, 0644)) {}
    ~File() {
        if (fd_ >= 0) {
            close(fd_);
        }
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;

    int fd() const { return fd_; }

private:
    int fd_;
};

} // namespace btrkit::history
