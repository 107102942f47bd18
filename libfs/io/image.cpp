// SPDX-License-Identifier: MIT
#include "libfs/io/image.h"

#include "libfs/base/names.h"
#include "libfs/io/file_device.h"
#include "libfs/io/host_tables.h"

#include <algorithm>

#include <fmt/format.h>

namespace btrkit {

Result<std::unique_ptr<BlockDevice>> open_image(const ImagePlace& place) {
    BTRKIT_TRY_ASSIGN(auto device, FileDevice::open(place.path));
    if (place.is_whole()) {
        return device;
    }
    BTRKIT_TRY_ASSIGN(const auto length_bytes, length_in(place, device->size_bytes()));
    const Window window{.offset = place.offset, .length_bytes = length_bytes};
    return std::make_unique<WindowDevice>(place.name, window, std::move(device));
}

WritableImage::WritableImage(std::shared_ptr<WritableFile> file)
    : file_(std::move(file)), is_whole_(true), window_{.offset = 0, .length_bytes = file_->size_bytes()},
      device_(std::make_unique<WritableWindow>(file_->name(), window_, file_)) {}

WritableImage::WritableImage(std::shared_ptr<WritableFile> file, std::string name, Window window)
    : file_(std::move(file)), is_whole_(false), window_(window),
      device_(std::make_unique<WritableWindow>(std::move(name), window_, file_)) {}

Result<void> WritableImage::resize(u64 size_bytes) {
    if (!is_whole_) {
        return fail(ErrorKind::usage, fmt::format("{}: a part of {} cannot be resized", printable(device_->name()),
                                                  printable(file_->name())));
    }
    BTRKIT_TRY(file_->resize(size_bytes));
    *this = WritableImage(file_);
    return {};
}

Result<WritableImage> ImageWriter::open(const ImagePlace& place) {
    const auto identity = identity_of(place.path);
    auto known = std::ranges::find_if(
        files_, [&](const auto& file) { return identity && identity_of(file->name()) == identity; });
    if (known == files_.end()) {
        BTRKIT_TRY_ASSIGN(auto opened, WritableFile::open(place.path));
        known = files_.insert(files_.end(), std::move(opened));
    }
    if (place.is_whole()) {
        return WritableImage(*known);
    }
    BTRKIT_TRY_ASSIGN(const auto length_bytes, length_in(place, (*known)->size_bytes()));
    return WritableImage(*known, place.name, {.offset = place.offset, .length_bytes = length_bytes});
}

} // namespace btrkit
