// SPDX-License-Identifier: MIT
// A range of another device, as a device of its own: nothing outside of it can be reached.
#pragma once

#include "libfs/io/writable_device.h"

#include <memory>

namespace btrkit {

/// Where in the other device, bytes. The other device must have all of it.
struct Window {
    u64 offset = 0;
    u64 length_bytes = 0;
};

class WindowDevice final : public BlockDevice {
public:
    WindowDevice(std::string name, Window window, std::unique_ptr<BlockDevice> around)
        : name_(std::move(name)), window_(window), around_(std::move(around)) {}

    const std::string& name() const override { return name_; }
    u64 size_bytes() const override { return window_.length_bytes; }
    Result<void> read(u64 offset, MutableBytes out) const override;
    Result<void> read_scattered(u64 offset, std::span<const MutableBytes> outs) const override;
    void prefetch(u64 offset, u64 length_bytes) const override;

private:
    std::string name_;
    Window window_;
    std::unique_ptr<BlockDevice> around_;
};

/// Several may share what they are in. What flush() says is said of all of that.
class WritableWindow final : public WritableDevice {
public:
    WritableWindow(std::string name, Window window, std::shared_ptr<WritableDevice> around)
        : name_(std::move(name)), window_(window), around_(std::move(around)) {}

    const std::string& name() const override { return name_; }
    u64 size_bytes() const override { return window_.length_bytes; }
    Result<void> read(u64 offset, MutableBytes out) const override;
    Result<void> read_scattered(u64 offset, std::span<const MutableBytes> outs) const override;
    void prefetch(u64 offset, u64 length_bytes) const override;

    Result<void> write(u64 offset, Bytes bytes) override;
    Result<void> discard(u64 offset, u64 length_bytes) override;
    Result<void> clone(int source, u64 source_offset, u64 length_bytes, u64 offset) override;
    void begin_flush(u64 offset, u64 length_bytes) override;
    Result<void> flush() override { return around_->flush(); }

private:
    std::string name_;
    Window window_;
    std::shared_ptr<WritableDevice> around_;
};

} // namespace btrkit
