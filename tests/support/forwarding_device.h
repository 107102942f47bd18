// SPDX-License-Identifier: MIT
// A device that hands everything to the one below it: what the faulty and the recording device begin from.
#pragma once

#include "libfs/io/writable_device.h"

#include <cassert>
#include <memory>

namespace btrkit::test {

/// Writable where the device below is; writing to another one is a bug of the test.
class ForwardingDevice : public WritableDevice {
public:
    const std::string& name() const override { return below_->name(); }
    u64 size_bytes() const override { return below_->size_bytes(); }
    Result<void> read(u64 offset, MutableBytes out) const override { return below_->read(offset, out); }
    Result<void> write(u64 offset, Bytes bytes) override { return writable_below().write(offset, bytes); }
    Result<void> discard(u64 offset, u64 length_bytes) override {
        return writable_below().discard(offset, length_bytes);
    }
    Result<void> flush() override { return writable_below().flush(); }

protected:
    explicit ForwardingDevice(std::unique_ptr<BlockDevice> below) : below_(std::move(below)) {}

    const BlockDevice& below() const { return *below_; }

private:
    WritableDevice& writable_below() {
        auto* writable = dynamic_cast<WritableDevice*>(below_.get());
        assert(writable != nullptr);
        return *writable;
    }

    std::unique_ptr<BlockDevice> below_;
};

} // namespace btrkit::test
