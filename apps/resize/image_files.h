// SPDX-License-Identifier: MIT
// Regular files that follow the size of the filesystem in them.
#pragma once

#include "libfs/io/image.h"
#include "libfs/ops/resize/resize.h"

#include <filesystem>
#include <optional>

namespace btrkit::apps {

/// A file that was made larger. It gets its old size back when this ends, unless it is to be kept.
class GrownFile {
public:
    GrownFile() = default;
    GrownFile(const GrownFile&) = delete;
    GrownFile& operator=(const GrownFile&) = delete;
    ~GrownFile();

    /// Makes the image of that device (or the only one) as large as it is going to be, if it is a whole regular file
    /// that is smaller. Fails as WritableImage::resize().
    Result<void> grow(std::span<WritableImage> images, const resize::Grow& grow);
    void keep() { path_.clear(); }

private:
    std::filesystem::path path_;
    u64 old_bytes_ = 0;
};

/// Cuts the whole regular files among the images to what their filesystem has of them; devids: of each image. Fails as
/// WritableImage::resize().
Result<void> cut_files(std::span<WritableImage> images, std::span<const std::optional<u64>> devids,
                       std::span<const resize::DeviceSize> sizes);

} // namespace btrkit::apps
