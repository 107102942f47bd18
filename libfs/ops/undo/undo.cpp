// SPDX-License-Identifier: MIT
#include "libfs/ops/undo/undo.h"

#include "formats/btrfs/tree_block.h"
#include "libfs/base/names.h"
#include "libfs/ops/undo/known_devices.h"
#include "libfs/volume/superblock_places.h"
#include "libfs/volume/superblock_writer.h"

#include <fmt/format.h>

namespace btrkit::undo {

namespace {

/// The steps behind the devices being known. Without writable devices they only count.
class Steps {
public:
    Steps(const UndoReader& file, const std::map<u64, KnownDevice>& devices, WritableDevices writable,
          const RunContext& context)
        : file_(file), devices_(devices), writable_(std::move(writable)), context_(context) {
        for (const auto& [devid, device] : devices) {
            counts_[devid] = {.devid = devid, .name = device.device->name(), .found = device.found};
        }
    }

    Result<Report> take() {
        BTRKIT_TRY(restore_in_place());
        BTRKIT_TRY(restore_superblocks());
        BTRKIT_TRY(clear_born());
        Report report;
        for (const auto& device : file_.identity()->devices) {
            report.devices.push_back(counts_.at(device.devid));
        }
        return report;
    }

private:
    Result<void> check_stop() const {
        if (context_.stop.stop_requested()) {
            return fail(ErrorKind::cancelled, printable(file_.path()) + ": stopped");
        }
        return {};
    }

    Result<void> write(u64 devid, u64 offset, Bytes bytes) const {
        return writable_.empty() ? Result<void>{} : writable_.at(devid)->write(offset, bytes);
    }

    Result<void> restore_in_place() {
        context_.progress.begin_phase("writing back", file_.pre_image_bytes(), ProgressUnit::bytes);
        std::vector<std::byte> there;
        return file_.for_each_pre_image([&](const PreImage& image) -> Result<void> {
            BTRKIT_TRY(check_stop());
            there.resize(image.bytes.size());
            BTRKIT_TRY(devices_.at(image.devid).device->read(image.offset, there));
            if (!std::ranges::equal(there, image.bytes)) {
                BTRKIT_TRY(write(image.devid, image.offset, image.bytes));
                counts_[image.devid].restored_bytes += image.bytes.size();
            }
            context_.progress.advance(image.bytes.size());
            return {};
        });
    }

    /// Those that are not as they were. SuperblockWriter flushes what was written before, also where none is left.
    Result<void> restore_superblocks() {
        std::vector<SuperblockImage> images;
        for (const auto& saved : file_.superblocks()) {
            SuperblockImage there{.devid = saved.devid, .offset = saved.offset};
            BTRKIT_TRY(devices_.at(saved.devid).device->read(saved.offset, there.bytes));
            if (!std::ranges::equal(there.bytes, saved.before)) {
                std::ranges::copy(saved.before, there.bytes.begin());
                images.push_back(there);
                ++counts_[saved.devid].superblocks;
            }
        }
        if (writable_.empty()) {
            return {};
        }
        SuperblockWriter writer(writable_);
        return writer.restore(images);
    }

    bool is_still(const BornBlock& block, const btrfs::TreeBlockHeader& header) const {
        return header.fsid == file_.identity()->tree_fsid && header.bytenr == block.address &&
               header.generation == block.generation;
    }

    Result<void> clear_born() {
        context_.progress.begin_phase("clearing new tree blocks", file_.born_count(), ProgressUnit::items);
        const std::vector<std::byte> zeros(btrfs::min_nodesize);
        BTRKIT_TRY(file_.for_each_born([&](const BornBlock& block) -> Result<void> {
            BTRKIT_TRY(check_stop());
            btrfs::TreeBlockHeader header;
            BTRKIT_TRY(
                devices_.at(block.devid).device->read(block.offset, std::as_writable_bytes(std::span(&header, 1))));
            if (is_still(block, header)) {
                BTRKIT_TRY(write(block.devid, block.offset, zeros));
                ++counts_[block.devid].cleared_blocks;
            }
            context_.progress.advance(1);
            return {};
        }));
        return flush_all(writable_);
    }

    const UndoReader& file_;
    const std::map<u64, KnownDevice>& devices_;
    WritableDevices writable_;
    const RunContext& context_;
    std::map<u64, DeviceReport> counts_;
};

/// The chain proves that the file is what was written. This, that what was written is no more than a change may have
/// written: superblocks have records of their own, and tree blocks are as large as they are.
Result<void> check_file(const UndoReader& file) {
    if (!file.is_sealed()) {
        return fail(ErrorKind::refused,
                    fmt::format("{}: has no end: the change that it was made for was stopped before it overwrote "
                                "anything, and there is nothing to undo; or the file was cut",
                                printable(file.path())));
    }
    const auto no_sense = [&] {
        return fail(ErrorKind::damaged,
                    printable(file.path()) + ": makes no sense as an undo file; nothing was written");
    };
    BTRKIT_TRY(file.for_each_pre_image([&](const PreImage& image) -> Result<void> {
        return touches_superblock(image.offset, image.bytes.size()) ? no_sense() : Result<void>{};
    }));
    return file.for_each_born([&](const BornBlock& block) -> Result<void> {
        const bool is_block = block.length_bytes >= btrfs::min_nodesize && block.length_bytes <= btrfs::max_nodesize &&
                              !touches_superblock(block.offset, block.length_bytes);
        return is_block ? Result<void>{} : no_sense();
    });
}

} // namespace

DeviceReport Report::totals() const {
    DeviceReport sum;
    for (const auto& device : devices) {
        sum.restored_bytes += device.restored_bytes;
        sum.superblocks += device.superblocks;
        sum.cleared_blocks += device.cleared_blocks;
    }
    return sum;
}

bool Report::was_done() const {
    const auto sum = totals();
    return sum.restored_bytes == 0 && sum.superblocks == 0 && sum.cleared_blocks == 0;
}

Result<Report> plan(const UndoReader& file, std::span<const BlockDevice* const> images, const RunContext& context) {
    BTRKIT_TRY(check_file(file));
    BTRKIT_TRY_ASSIGN(const auto devices, know_devices(file, images));
    return Steps(file, devices, {}, context).take();
}

Result<Report> run(const UndoReader& file, std::span<WritableDevice* const> images, const RunContext& context) {
    BTRKIT_TRY(check_file(file));
    const std::vector<const BlockDevice*> readable(images.begin(), images.end());
    BTRKIT_TRY_ASSIGN(const auto devices, know_devices(file, readable));
    WritableDevices writable;
    for (const auto& [devid, device] : devices) {
        writable[devid] = images[device.image];
    }
    return Steps(file, devices, std::move(writable), context).take();
}

} // namespace btrkit::undo
