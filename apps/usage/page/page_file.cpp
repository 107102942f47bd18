// SPDX-License-Identifier: MIT
#include "apps/usage/page/page_file.h"

#include "apps/common/file_replacement.h"
#include "libfs/base/names.h"
#include "libfs/io/new_file_place.h"

#include <fmt/format.h>

namespace btrkit::apps {

namespace {

/// Whether the operand names that file or a place in it ("disk.img@1M", "disk.img:p2").
bool is_image(const std::string& operand, const struct stat& file) {
    std::string path = operand;
    while (!path.empty()) {
        struct stat found{};
        if (::stat(path.c_str(), &found) == 0 && found.st_dev == file.st_dev && found.st_ino == file.st_ino) {
            return true;
        }
        const auto end = path.find_last_of("@:");
        path.resize(end == std::string::npos ? 0 : end);
    }
    return false;
}

} // namespace

Result<void> check_page_place(const std::string& path, std::span<const std::string> images) {
    struct stat there{};
    if (::stat(path.c_str(), &there) != 0) {
        return check_new_file_place(path);
    }
    if (!S_ISREG(there.st_mode)) {
        return fail(ErrorKind::usage, fmt::format("{}: is no regular file: no page is written to it", printable(path)));
    }
    for (const auto& image : images) {
        if (is_image(image, there)) {
            return fail(ErrorKind::usage,
                        fmt::format("{}: is the image that is read: nothing is written to it", printable(path)));
        }
    }
    return {};
}

Result<void> write_page(const std::string& path, std::string_view text, std::span<const std::string> images) {
    BTRKIT_TRY(check_page_place(path, images));
    const mode_t mask = ::umask(0);
    ::umask(mask);
    BTRKIT_TRY_ASSIGN(auto file, FileReplacement::make(path, 0666 & ~mask));
    return file.write(text);
}

} // namespace btrkit::apps
