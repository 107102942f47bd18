// SPDX-License-Identifier: MIT
#include "apps/created/created_image.h"

#include "apps/common/fresh_values.h"
#include "libfs/base/names.h"
#include "libfs/io/new_file_place.h"
#include "libfs/io/writable_file.h"
#include "libfs/ops/mkfs/mkfs.h"
#include "libfs/ops/verify_stream/verify_stream.h"

#include <filesystem>

#include <fmt/format.h>

namespace btrkit::apps {

namespace {

/// What a command takes at most beside its data: an inode, names, the rest of a sector.
constexpr u64 command_bytes = 1024;
constexpr u64 least_free_bytes = 256 * mib;

Result<std::unique_ptr<WritableFile>> open_or_make(const std::string& path, bool is_there, u64 size_bytes) {
    if (!is_there) {
        BTRKIT_TRY(check_new_file_place(path));
        return WritableFile::create(path, size_bytes);
    }
    BTRKIT_TRY_ASSIGN(auto file, WritableFile::open(path));
    if (file->is_block_device() || file->size_bytes() != 0) {
        return fail(ErrorKind::usage,
                    fmt::format("{}: is not empty; --create makes a new file, or fills an empty one", printable(path)));
    }
    BTRKIT_TRY(file->resize(size_bytes));
    return file;
}

Result<void> make_filesystem(WritableDevice& device, const RunContext& context) {
    mkfs::PlanOptions options{.device_sizes = {device.size_bytes()}};
    options.requests.fsid = random_uuid();
    options.requests.now = current_time();
    const auto source = mkfs::empty_source_tree(options.requests.now);
    BTRKIT_TRY_ASSIGN(const auto plan, mkfs::plan(source, options, context));
    WritableDevice* const devices[] = {&device};
    BTRKIT_TRY(mkfs::write(plan, devices, {.discard = false, .wipe_end = false}, context));
    return {};
}

} // namespace

Result<CreatedImage> CreatedImage::create(const std::string& path, u64 size_bytes, const RunContext& context) {
    std::error_code error;
    const bool is_there = std::filesystem::exists(std::filesystem::symlink_status(path, error));
    BTRKIT_TRY_ASSIGN(auto file, open_or_make(path, is_there, size_bytes));
    CreatedImage image(path, is_there);
    if (const auto made = make_filesystem(*file, context); !made) {
        return fail(made.error().kind, fmt::format("{}: {}", printable(path), made.error().message));
    }
    return image;
}

CreatedImage::~CreatedImage() {
    std::error_code error;
    if (!path_.empty() && was_there_) {
        std::filesystem::resize_file(path_, 0, error);
    } else if (!path_.empty()) {
        std::filesystem::remove(path_, error);
    }
}

Result<u64> size_for_streams(std::span<const StreamInput> inputs, const RunContext& context) {
    const auto streams = sources_of(inputs, context.stop);
    BTRKIT_TRY_ASSIGN(const auto report, verify_stream::run(streams, {.parents_elsewhere = true}, context));
    u64 bytes = least_free_bytes;
    for (const auto& input : report.inputs) {
        if (!input.is_sound()) {
            return fail(ErrorKind::damaged, fmt::format("{}: {}", printable(input.name), input.faults.front().text));
        }
        bytes += input.commands * command_bytes;
        for (const auto& subvolume : input.subvolumes) {
            bytes += subvolume.unpacked_bytes + subvolume.unpacked_bytes / 16;
        }
    }
    return round_up(bytes, mib);
}

} // namespace btrkit::apps
