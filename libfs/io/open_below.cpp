// SPDX-License-Identifier: MIT
#include "libfs/io/open_below.h"

#include <cerrno>
#include <climits>

#include <fcntl.h>

namespace btrkit {

UniqueFd open_below(int root, const std::string& path, int flags) {
    constexpr std::size_t longest = PATH_MAX - 1;
    UniqueFd on_the_way;
    int from = root;
    std::size_t begin = 0;
    while (path.size() - begin > longest) {
        const std::size_t slash = path.rfind('/', begin + longest);
        if (slash == std::string::npos || slash <= begin) {
            errno = ENAMETOOLONG;
            return {};
        }
        const std::string piece = path.substr(begin, slash - begin);
        on_the_way = UniqueFd(::openat(from, piece.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        if (!on_the_way) {
            return {};
        }
        from = on_the_way.get();
        begin = slash + 1;
    }
    // O_NONBLOCK: what is a file now may be a fifo by the time it is opened.
    flags |= O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    UniqueFd fd(::openat(from, path.c_str() + begin, flags | O_NOATIME));
    if (!fd && errno == EPERM) { // others' files, without the right to do as their owner does
        fd = UniqueFd(::openat(from, path.c_str() + begin, flags));
    }
    return fd;
}

} // namespace btrkit
