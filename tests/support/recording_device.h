// SPDX-License-Identifier: MIT
// A device that keeps account of what is asked of it.
#pragma once

#include "libfs/io/block_device.h"

#include <memory>
#include <mutex>
#include <vector>

namespace btrkit::test {

struct DeviceRequest {
    u64 offset;
    u64 length;

    friend bool operator==(const DeviceRequest&, const DeviceRequest&) = default;
};

/// Outlives the device, which the volume owns.
struct DeviceRecord {
    std::mutex mutex = {};
    std::vector<DeviceRequest> reads = {}; ///< scattered ones count once
    std::vector<DeviceRequest> prefetches = {};
};

class RecordingDevice final : public BlockDevice {
public:
    RecordingDevice(std::unique_ptr<BlockDevice> below, std::shared_ptr<DeviceRecord> record)
        : below_(std::move(below)), record_(std::move(record)) {}

    const std::string& name() const override { return below_->name(); }
    u64 size_bytes() const override { return below_->size_bytes(); }
    Result<void> read(u64 offset, MutableBytes out) const override {
        note(record_->reads, offset, out.size());
        return below_->read(offset, out);
    }
    Result<void> read_scattered(u64 offset, std::span<const MutableBytes> outs) const override {
        u64 length = 0;
        for (const MutableBytes out : outs) {
            length += out.size();
        }
        note(record_->reads, offset, length);
        return below_->read_scattered(offset, outs);
    }
    void prefetch(u64 offset, u64 length_bytes) const override { note(record_->prefetches, offset, length_bytes); }

private:
    void note(std::vector<DeviceRequest>& requests, u64 offset, u64 length) const {
        const std::lock_guard lock(record_->mutex);
        requests.push_back({offset, length});
    }

    std::unique_ptr<BlockDevice> below_;
    std::shared_ptr<DeviceRecord> record_;
};

} // namespace btrkit::test
