// SPDX-License-Identifier: MIT
// A large device of which only the pages that were written take memory, above pristine ones that many trials share.
#pragma once

#include "libfs/io/writable_device.h"

#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

namespace btrkit::test {

inline constexpr u64 page_bytes = 4096;
using Page = std::array<std::byte, page_bytes>;
using Pages = std::map<u64, Page>; ///< by number; what is not there is zeros

/// What stands on a disk. Devices refer to it, and may come and go.
struct Disk {
    std::string name = {};
    u64 devid = 0;
    u64 size_bytes = 0;
    std::shared_ptr<const Pages> pristine = std::make_shared<const Pages>();
    Pages changed = {};
    std::set<u64> unreadable = {}; ///< pages that fail until they are written as a whole
    mutable std::mutex mutex = {};

    void read(u64 offset, MutableBytes out) const;
    void write(u64 offset, Bytes bytes);
    std::vector<std::byte> bytes_at(u64 offset, u64 length) const;
    std::vector<std::byte> pristine_at(u64 offset, u64 length) const;
    bool is_readable(u64 offset, u64 length) const;
    /// Whether it reads as it did when it was pristine.
    bool is_whole(u64 offset, u64 length) const;
    /// What was written until now is pristine from now on.
    void settle();
    /// Forgets all changes since.
    void revert();
};

class DiskDevice final : public WritableDevice {
public:
    explicit DiskDevice(Disk& disk) : disk_(disk) {}

    const std::string& name() const override { return disk_.name; }
    u64 size_bytes() const override { return disk_.size_bytes; }
    Result<void> read(u64 offset, MutableBytes out) const override;
    Result<void> write(u64 offset, Bytes bytes) override;
    /// New disks read as zeros, and only these are discarded.
    Result<void> discard(u64, u64) override { return {}; }
    Result<void> flush() override { return {}; }

private:
    bool fits(u64 offset, u64 length) const {
        return offset <= disk_.size_bytes && length <= disk_.size_bytes - offset;
    }

    Disk& disk_;
};

} // namespace btrkit::test
