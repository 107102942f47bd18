// SPDX-License-Identifier: MIT
// A device that fails the reads and writes that touch given bytes, and reads, writes and flushes at given points.
#pragma once

#include "tests/support/forwarding_device.h"

#include <atomic>
#include <limits>
#include <vector>

namespace btrkit::test {

/// Which requests fail, by their number from 0. Devices may share one: then their requests are counted together. What
/// fails does not reach the device below.
struct DeviceFaults {
    static constexpr u64 never = std::numeric_limits<u64>::max();

    u64 first_bad_write = never; ///< among writes and discards; those behind it fail too
    u64 bad_flush = never;       ///< this one alone
    u64 bad_read = never;        ///< this one alone
    std::atomic<u64> read_count = 0;
    std::atomic<u64> write_count = 0;
    std::atomic<u64> flush_count = 0;
};

class FaultyDevice final : public ForwardingDevice {
public:
    struct Range {
        u64 offset;
        u64 length;
    };

    FaultyDevice(std::unique_ptr<BlockDevice> below, std::vector<Range> bad, std::shared_ptr<DeviceFaults> faults = {})
        : ForwardingDevice(std::move(below)), bad_(std::move(bad)), faults_(std::move(faults)) {}

    Result<void> read(u64 offset, MutableBytes out) const override {
        const bool is_due = faults_ && faults_->read_count++ == faults_->bad_read;
        return is_due || touches_bad(offset, out.size()) ? failure("read", offset)
                                                         : ForwardingDevice::read(offset, out);
    }
    Result<void> write(u64 offset, Bytes bytes) override {
        const bool is_due = counts_as_bad_write();
        return is_due || touches_bad(offset, bytes.size()) ? failure("write", offset)
                                                           : ForwardingDevice::write(offset, bytes);
    }
    Result<void> discard(u64 offset, u64 length_bytes) override {
        return counts_as_bad_write() ? failure("discard", offset) : ForwardingDevice::discard(offset, length_bytes);
    }
    Result<void> flush() override {
        if (faults_ && faults_->flush_count++ == faults_->bad_flush) {
            return fail(ErrorKind::io, name() + ": cannot flush: as told");
        }
        return ForwardingDevice::flush();
    }

private:
    bool touches_bad(u64 offset, u64 length) const {
        return std::ranges::any_of(bad_, [&](const Range& range) {
            return offset < range.offset + range.length && range.offset < offset + length;
        });
    }
    bool counts_as_bad_write() { return faults_ && faults_->write_count++ >= faults_->first_bad_write; }
    Result<void> failure(const char* doing, u64 offset) const {
        return fail(ErrorKind::io, name() + ": cannot " + doing + " at offset " + std::to_string(offset) + ": as told");
    }

    std::vector<Range> bad_;
    std::shared_ptr<DeviceFaults> faults_;
};

} // namespace btrkit::test
