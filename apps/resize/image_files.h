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
    /// that is smaller; in a dry run only notes that. Fails as WritableImage::resize().
    Result<void> grow(std::span<WritableImage> images, const resize::Grow& grow, bool is_dry_run);
    void keep() { path_.clear(); }
    /// How large it was, where it was made larger or would be.
    std::optional<u64> old_bytes() const { return old_bytes_; }

private:
    std::filesystem::path path_; ///< empty: it stays as it is
    std::optional<u64> old_bytes_;
};

/// Cuts the whole regular files among the images to what their filesystem has of them; devids: of each image. Fails as
/// WritableImage::resize().
Result<void> cut_files(std::span<WritableImage> images, std::span<const std::optional<u64>> devids,
                       std::span<const resize::DeviceSize> sizes);

} // namespace btrkit::apps
