// SPDX-License-Identifier: MIT
// A device full of zeros, of any size without memory: below an OverlayDevice, which keeps what is written.
#pragma once

#include "libfs/io/block_device.h"

#include <algorithm>

namespace btrkit::test {

class ZeroDevice final : public BlockDevice {
public:
    ZeroDevice(std::string name, u64 size_bytes) : name_(std::move(name)), size_bytes_(size_bytes) {}

    const std::string& name() const override { return name_; }
    u64 size_bytes() const override { return size_bytes_; }
    Result<void> read(u64 offset, MutableBytes out) const override {
        BTRKIT_TRY(check_range("read", offset, out.size()));
        std::ranges::fill(out, std::byte{0});
        return {};
    }

private:
    std::string name_;
    u64 size_bytes_;
};

} // namespace btrkit::test
