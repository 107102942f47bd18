// SPDX-License-Identifier: MIT
// A device that is read from memory which others see too: opened again and again without a copy of its bytes.
#pragma once

#include "libfs/io/memory_device.h"

#include <memory>

namespace btrkit::test {

class SharedDevice final : public BlockDevice {
public:
    explicit SharedDevice(std::shared_ptr<const MemoryDevice> below) : below_(std::move(below)) {}

    const std::string& name() const override { return below_->name(); }
    u64 size_bytes() const override { return below_->size_bytes(); }
    Result<void> read(u64 offset, MutableBytes out) const override { return below_->read(offset, out); }

private:
    std::shared_ptr<const MemoryDevice> below_;
};

} // namespace btrkit::test
