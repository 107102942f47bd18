// SPDX-License-Identifier: MIT
// A device that keeps account of what is asked of it.
#pragma once

#include "tests/support/forwarding_device.h"

#include <mutex>
#include <vector>

namespace btrkit::test {

struct DeviceRequest {
    u64 offset;
    u64 length;

    friend bool operator==(const DeviceRequest&, const DeviceRequest&) = default;
};

/// A request that changes what a device holds, or (flush) makes it last.
struct DeviceChange {
    enum class Kind { write, discard, flush };

    Kind kind;
    std::string device;
    DeviceRequest place = {};          ///< not for flush
    std::vector<std::byte> bytes = {}; ///< of a write
};

/// Outlives the device, which the volume owns. Devices may share one: its changes are then in the order of all.
struct DeviceRecord {
    std::mutex mutex = {};
    std::vector<DeviceRequest> reads = {}; ///< scattered ones count once
    std::vector<DeviceRequest> prefetches = {};
    std::vector<DeviceChange> changes = {}; ///< only those that succeeded
};

class RecordingDevice final : public ForwardingDevice {
public:
    RecordingDevice(std::unique_ptr<BlockDevice> device, std::shared_ptr<DeviceRecord> record)
        : ForwardingDevice(std::move(device)), record_(std::move(record)) {}

    Result<void> read(u64 offset, MutableBytes out) const override {
        note(record_->reads, {offset, out.size()});
        return ForwardingDevice::read(offset, out);
    }
    Result<void> read_scattered(u64 offset, std::span<const MutableBytes> outs) const override {
        u64 length = 0;
        for (const MutableBytes out : outs) {
            length += out.size();
        }
        note(record_->reads, {offset, length});
        return below().read_scattered(offset, outs);
    }
    void prefetch(u64 offset, u64 length_bytes) const override { note(record_->prefetches, {offset, length_bytes}); }

    Result<void> write(u64 offset, Bytes bytes) override {
        return note_done(ForwardingDevice::write(offset, bytes), {.kind = DeviceChange::Kind::write,
                                                                  .device = name(),
                                                                  .place = {offset, bytes.size()},
                                                                  .bytes = {bytes.begin(), bytes.end()}});
    }
    Result<void> discard(u64 offset, u64 length_bytes) override {
        return note_done(ForwardingDevice::discard(offset, length_bytes),
                         {.kind = DeviceChange::Kind::discard, .device = name(), .place = {offset, length_bytes}});
    }
    Result<void> flush() override {
        return note_done(ForwardingDevice::flush(), {.kind = DeviceChange::Kind::flush, .device = name()});
    }

private:
    template <class T>
    void note(std::vector<T>& requests, T request) const {
        const std::lock_guard lock(record_->mutex);
        requests.push_back(std::move(request));
    }
    Result<void> note_done(Result<void> done, DeviceChange change) {
        if (done) {
            note(record_->changes, std::move(change));
        }
        return done;
    }

    std::shared_ptr<DeviceRecord> record_;
};

} // namespace btrkit::test
