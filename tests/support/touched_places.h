// SPDX-License-Identifier: MIT
// Crash states of large devices: only what the recorded changes touch is kept for each, all else is read from the
// devices as they were before.
#pragma once

#include "tests/support/crash_states.h"

#include <map>

namespace btrkit::test {

/// The pages that changes touch. One behind the other, by ascending offset, they are a device's "gathered" bytes.
class TouchedPlaces {
public:
    static constexpr u64 page_bytes = 4096;

    explicit TouchedPlaces(std::span<const DeviceChange> changes);

    /// Of each device its gathered bytes, empty where none are touched; devices must be all that changes name.
    DeviceContents gather(std::span<const BlockDevice* const> devices) const;
    /// The same changes, with places in the gathered bytes.
    std::vector<DeviceChange> gathered(std::span<const DeviceChange> changes) const;
    /// Puts what is gathered of [offset, offset + out.size()) over what was read there.
    void overlay(const std::string& device, u64 offset, MutableBytes out, const SparseBytes& gathered) const;
    /// Where the pages that [offset, offset + length) touches stand among the gathered bytes.
    std::vector<u64> gathered_pages(const std::string& device, u64 offset, u64 length) const;

private:
    using Pages = std::map<u64, u64>; ///< number of the page to its offset among the gathered

    std::map<std::string, Pages> pages_;
};

/// A device in a crash state. All that it refers to outlives it.
class CrashedDevice final : public BlockDevice {
public:
    CrashedDevice(const BlockDevice& before, const TouchedPlaces& places, const SparseBytes& gathered)
        : before_(&before), places_(&places), gathered_(&gathered) {}

    const std::string& name() const override { return before_->name(); }
    u64 size_bytes() const override { return before_->size_bytes(); }
    Result<void> read(u64 offset, MutableBytes out) const override {
        BTRKIT_TRY(before_->read(offset, out));
        places_->overlay(name(), offset, out, *gathered_);
        return {};
    }

private:
    const BlockDevice* before_;
    const TouchedPlaces* places_;
    const SparseBytes* gathered_;
};

} // namespace btrkit::test
