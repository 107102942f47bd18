// SPDX-License-Identifier: MIT
// A device that fails the reads that touch given bytes.
#pragma once

#include "libfs/io/block_device.h"

#include <memory>
#include <vector>

namespace btrkit::test {

class FaultyDevice final : public BlockDevice {
public:
    struct Range {
        u64 offset;
        u64 length;
    };

    FaultyDevice(std::unique_ptr<BlockDevice> below, std::vector<Range> bad)
        : below_(std::move(below)), bad_(std::move(bad)) {}

    const std::string& name() const override { return below_->name(); }
    u64 size_bytes() const override { return below_->size_bytes(); }
    Result<void> read(u64 offset, MutableBytes out) const override {
        for (const Range& range : bad_) {
            if (offset < range.offset + range.length && range.offset < offset + out.size()) {
                return fail(ErrorKind::io, name() + ": cannot read at offset " + std::to_string(offset) + ": as told");
            }
        }
        return below_->read(offset, out);
    }

private:
    std::unique_ptr<BlockDevice> below_;
    std::vector<Range> bad_;
};

} // namespace btrkit::test
