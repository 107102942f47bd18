// SPDX-License-Identifier: MIT
// A host whose files can't grow any more, for a while.
#pragma once

#include <csignal>

#include <sys/resource.h>

namespace btrkit::test {

/// Lets no file of this process grow past a size.
class FileSizeLimit {
public:
    explicit FileSizeLimit(rlim_t most_bytes) {
        ::getrlimit(RLIMIT_FSIZE, &before_);
        handler_ = std::signal(SIGXFSZ, SIG_IGN);
        const rlimit now{.rlim_cur = most_bytes, .rlim_max = before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &now);
    }
    ~FileSizeLimit() {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, handler_);
    }
    FileSizeLimit(const FileSizeLimit&) = delete;
    FileSizeLimit& operator=(const FileSizeLimit&) = delete;

private:
    rlimit before_{};
    void (*handler_)(int) = SIG_DFL;
};

} // namespace btrkit::test
