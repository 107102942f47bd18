// SPDX-License-Identifier: MIT
#include "libfs/ops/mkfs/image/superblocks.h"
#include "libfs/ops/mkfs/mkfs.h"
#include "libfs/volume/superblock_writer.h"

#include <algorithm>

namespace btrkit::mkfs {

namespace {

/// What other filesystems, partition tables and RAID keep their marks in.
constexpr u64 wiped_bytes = u64{2} << 20;

Result<void> clear(WritableDevice& device, u64 offset, u64 length) {
    const std::vector<std::byte> zeros(length);
    return device.write(offset, zeros);
}

/// size_bytes: the part of the device that is the filesystem's. What lies behind it is only touched by wipe_end.
Result<void> prepare(WritableDevice& device, u64 size_bytes, const WriteOptions& options) {
    if (options.discard) {
        BTRKIT_TRY(device.discard(0, size_bytes));
    }
    BTRKIT_TRY(clear(device, 0, std::min(wiped_bytes, size_bytes)));
    if (options.wipe_end && device.size_bytes() > 2 * wiped_bytes) {
        return clear(device, device.size_bytes() - wiped_bytes, wiped_bytes);
    }
    return {};
}

} // namespace

Result<Report> write(const Plan& plan, std::span<WritableDevice* const> devices, const WriteOptions& options,
                     const RunContext& context) {
    const auto& spaces = plan.layout.devices;
    WritableDevices by_devid;
    for (std::size_t i = 0; i < devices.size(); ++i) {
        by_devid[spaces[i].devid] = devices[i];
        BTRKIT_TRY(erase_superblocks(*devices[i], spaces[i].size_bytes));
    }
    BTRKIT_TRY(flush_all(by_devid));
    for (std::size_t i = 0; i < devices.size(); ++i) {
        BTRKIT_TRY(prepare(*devices[i], spaces[i].size_bytes, options));
    }
    const ChunkMap chunks = plan.layout.chunk_map();
    const VolumeWriter writer(by_devid, chunks);
    context.progress.begin_phase("writing files", plan.totals.file_bytes, ProgressUnit::bytes);
    BTRKIT_TRY_ASSIGN(const auto image, build_image({.parameters = plan.parameters,
                                                     .plan = *plan.trees,
                                                     .writer = &writer,
                                                     .depth = DataDepth::contents,
                                                     .share_blocks = options.share_blocks,
                                                     .run = context},
                                                    plan.layout));
    BTRKIT_TRY_ASSIGN(const auto supers, superblocks_of(plan.parameters, image));
    BTRKIT_TRY(SuperblockWriter(by_devid).commit(supers));
    return Report{.layout = image.layout,
                  .used_bytes = image.space.used_bytes(),
                  .data_bytes = image.space.data.used_bytes(),
                  .metadata_bytes = image.space.metadata.used_bytes() + image.space.system.used_bytes(),
                  .extent_count = image.extent_count};
}

} // namespace btrkit::mkfs
