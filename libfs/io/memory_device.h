// SPDX-License-Identifier: MIT
// A device in memory: for tests, fuzzers, and images that are made before they are written.
#pragma once

#include "libfs/io/sparse_bytes.h"
#include "libfs/io/writable_device.h"

#include <shared_mutex>

namespace btrkit {

class MemoryDevice final : public WritableDevice {
public:
    MemoryDevice(std::string name, SparseBytes bytes) : name_(std::move(name)), bytes_(std::move(bytes)) {}

    const std::string& name() const override { return name_; }
    u64 size_bytes() const override { return bytes_.size(); }
    Result<void> read(u64 offset, MutableBytes out) const override;
    Result<void> write(u64 offset, Bytes bytes) override;
    /// Zeroes the range.
    Result<void> discard(u64 offset, u64 length_bytes) override;
    Result<void> flush() override { return {}; }

    /// The bytes themselves, to be changed while nobody reads.
    SparseBytes& bytes() { return bytes_; }
    const SparseBytes& bytes() const { return bytes_; }

private:
    std::string name_;
    mutable std::shared_mutex mutex_; ///< pages are shared by ranges that are not
    SparseBytes bytes_;
};

} // namespace btrkit
