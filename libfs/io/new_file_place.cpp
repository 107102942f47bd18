// SPDX-License-Identifier: MIT
#include "libfs/io/new_file_place.h"

#include "libfs/base/names.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

namespace btrkit {

namespace fs = std::filesystem;

namespace {

bool is_inside(const fs::path& path, const fs::path& folder) {
    return std::ranges::mismatch(folder, path).in1 == folder.end();
}

} // namespace

Result<void> check_no_stream(const std::string& path) {
    if (path == "-") {
        return fail(ErrorKind::usage, "-: no stream can be used here, only a file or device (./- is a file named so)");
    }
    return {};
}

Result<void> check_new_file_place(const std::string& path) {
    BTRKIT_TRY(check_no_stream(path));
    std::error_code error;
    const fs::path given = fs::path(path).lexically_normal();
    const fs::path folder = fs::weakly_canonical(given.has_parent_path() ? given.parent_path() : ".", error);
    if (!error && is_inside(folder, "/dev") && !is_inside(folder, "/dev/shm")) {
        return fail(ErrorKind::usage,
                    fmt::format("{}: there is no such device, and no file is made in its place", printable(path)));
    }
    return {};
}

} // namespace btrkit
