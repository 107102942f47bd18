// SPDX-License-Identifier: MIT
#include "apps/resize/image_files.h"

#include "libfs/volume/superblock_copies.h"

#include <algorithm>

namespace btrkit::apps {

namespace {

/// Whether the image is all of a regular file.
bool is_file(const WritableImage& image) {
    return !image.file().is_block_device() && image.window().offset == 0 &&
           image.window().length_bytes == image.file().size_bytes();
}

bool is_device(const WritableImage& image, std::optional<u64> devid) {
    if (!devid) {
        return true;
    }
    const auto super = read_superblock(image.device(), btrfs::superblock_offsets.front(), 0);
    return super && super->super.dev_item.devid == *devid;
}

} // namespace

GrownFile::~GrownFile() {
    if (!path_.empty()) {
        std::error_code error;
        std::filesystem::resize_file(path_, *old_bytes_, error);
    }
}

Result<void> GrownFile::grow(std::span<WritableImage> images, const resize::Grow& grow, bool is_dry_run) {
    for (auto& image : images) {
        const u64 old_bytes = image.file().size_bytes();
        if (!grow.size_bytes || !is_file(image) || *grow.size_bytes <= old_bytes || !is_device(image, grow.devid)) {
            continue;
        }
        if (!is_dry_run) {
            const std::filesystem::path path = image.file().path();
            BTRKIT_TRY(image.resize(*grow.size_bytes));
            path_ = path;
        }
        old_bytes_ = old_bytes;
        return {};
    }
    return {};
}

Result<void> cut_files(std::span<WritableImage> images, std::span<const std::optional<u64>> devids,
                       std::span<const resize::DeviceSize> sizes) {
    for (std::size_t i = 0; i < images.size(); ++i) {
        const auto size =
            std::ranges::find_if(sizes, [&](const resize::DeviceSize& each) { return each.devid == devids[i]; });
        if (size != sizes.end() && is_file(images[i]) && size->new_bytes < images[i].file().size_bytes()) {
            BTRKIT_TRY(images[i].resize(size->new_bytes));
        }
    }
    return {};
}

} // namespace btrkit::apps
