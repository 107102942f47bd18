// SPDX-License-Identifier: MIT
// Compares two images like cmp(1), but reads only what is no hole in at least one of them: images of tests are
// gigabytes of nothing. Status 0: the same bytes; 1: not, and the first difference is printed; 2: can't be read.
//
//   same-image ONE OTHER
#include "libfs/base/unique_fd.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

using btrkit::UniqueFd;

[[noreturn]] void give_up(const char* path) {
    std::perror(path);
    std::exit(2);
}

struct Image {
    explicit Image(const char* path_) : path(path_), fd(::open(path_, O_RDONLY | O_CLOEXEC)) {
        struct stat status = {};
        if (!fd || ::fstat(fd.get(), &status) != 0) {
            give_up(path);
        }
        size_bytes = status.st_size;
    }

    /// Where the next data begins, from `at` on; the end where there is none.
    off_t next_data(off_t at) const {
        const off_t data = ::lseek(fd.get(), at, SEEK_DATA);
        return data < 0 ? size_bytes : data;
    }
    void read(off_t at, std::vector<char>& out) const {
        std::size_t done = 0;
        while (done < out.size()) {
            const ssize_t got = ::pread(fd.get(), out.data() + done, out.size() - done, at + static_cast<off_t>(done));
            if (got <= 0) {
                give_up(path);
            }
            done += static_cast<std::size_t>(got);
        }
    }

    const char* path;
    UniqueFd fd;
    off_t size_bytes = 0;
};

constexpr off_t piece_bytes = off_t{256} * 1024;

std::optional<off_t> first_difference(const Image& one, const Image& other) {
    std::vector<char> left;
    std::vector<char> right;
    off_t at = 0;
    while ((at = std::min(one.next_data(at), other.next_data(at))) < one.size_bytes) {
        const auto length = static_cast<std::size_t>(std::min(piece_bytes, one.size_bytes - at));
        left.resize(length);
        right.resize(length);
        one.read(at, left);
        other.read(at, right);
        const auto [here, there] = std::ranges::mismatch(left, right);
        if (here != left.end()) {
            return at + (here - left.begin());
        }
        at += static_cast<off_t>(length);
    }
    return std::nullopt;
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        std::fputs("usage: same-image ONE OTHER\n", stderr);
        return 2;
    }
    const Image one(argv[1]);
    const Image other(argv[2]);
    if (one.size_bytes != other.size_bytes) {
        std::printf("%s has %jd bytes, %s has %jd\n", one.path, static_cast<std::intmax_t>(one.size_bytes), other.path,
                    static_cast<std::intmax_t>(other.size_bytes));
        return 1;
    }
    if (const auto place = first_difference(one, other)) {
        std::printf("%s and %s differ from byte %jd on\n", one.path, other.path, static_cast<std::intmax_t>(*place));
        return 1;
    }
    return 0;
}
