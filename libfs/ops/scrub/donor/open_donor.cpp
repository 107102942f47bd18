// SPDX-License-Identifier: MIT
#include "libfs/base/names.h"
#include "libfs/io/image.h"
#include "libfs/ops/scrub/donor/file_donor.h"
#include "libfs/ops/scrub/donor/folder_donor.h"
#include "libfs/ops/scrub/donor/image_donor.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

namespace btrkit::scrub {

namespace {

Result<std::unique_ptr<Donor>> open_folder(const std::string& path) {
    UniqueFd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder) {
        return fail(ErrorKind::io, fmt::format("{}: cannot open: {}", printable(path), std::strerror(errno)));
    }
    return std::make_unique<FolderDonor>(path, std::move(folder));
}

/// Nothing where there is no filesystem on it that could be opened.
std::optional<Filesystem> open_filesystem_at(const ImagePlace& place) {
    auto device = open_image(place);
    if (!device) {
        return std::nullopt;
    }
    std::vector<std::unique_ptr<BlockDevice>> devices;
    devices.push_back(std::move(*device));
    auto filesystem = Filesystem::open(std::move(devices), {}, [](const Problem&) {});
    return filesystem ? std::optional(std::move(*filesystem)) : std::nullopt;
}

} // namespace

Result<std::unique_ptr<Donor>> open_donor(const ImagePlace& place) {
    struct stat status{};
    if (::stat(place.path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) {
        return open_folder(place.path);
    }
    BTRKIT_TRY_ASSIGN(auto file, HostFile::open(place.path, O_RDONLY));
    if (auto filesystem = open_filesystem_at(place)) {
        return std::make_unique<ImageDonor>(std::move(*filesystem), std::move(file));
    }
    if (!place.is_whole()) {
        return fail(ErrorKind::usage, fmt::format("{}: no btrfs that could be opened", printable(place.name)));
    }
    return std::make_unique<FileDonor>(std::move(file));
}

} // namespace btrkit::scrub
