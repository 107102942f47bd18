// SPDX-License-Identifier: MIT
// From a place on the host to a device.
#pragma once

#include "libfs/io/image_place.h"
#include "libfs/io/window_device.h"
#include "libfs/io/writable_file.h"

#include <memory>

namespace btrkit {

/// Opens it read-only. Fails as FileDevice::open() and length_in() do.
Result<std::unique_ptr<BlockDevice>> open_image(const ImagePlace& place);

/// An image open for writing.
class WritableImage {
public:
    /// All of the file.
    explicit WritableImage(std::shared_ptr<WritableFile> file);
    /// window: inside of the file.
    WritableImage(std::shared_ptr<WritableFile> file, std::string name, Window window);

    WritableDevice& device() const { return *device_; }
    /// Where in the file it lies; the file's bytes are written through device() alone.
    const Window& window() const { return window_; }
    const HostFile& file() const { return file_->file(); }

    /// As WritableFile::resize(); ErrorKind::usage for a range. device() is another one afterwards.
    Result<void> resize(u64 size_bytes);
    /// The device alone, which keeps the file open and locked.
    std::unique_ptr<WritableDevice> take_device() && { return std::move(device_); }

private:
    std::shared_ptr<WritableFile> file_;
    bool is_whole_;
    Window window_;
    std::unique_ptr<WritableDevice> device_;
};

/// Opens images for writing; a file that several lie in is opened, and locked, once.
class ImageWriter {
public:
    /// Fails as WritableFile::open() and length_in() do.
    Result<WritableImage> open(const ImagePlace& place);

private:
    std::vector<std::shared_ptr<WritableFile>> files_;
};

} // namespace btrkit
