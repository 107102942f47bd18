// SPDX-License-Identifier: MIT
// Writable devices over others that they leave alone: what is written can be looked at, told, and dropped.
#pragma once

#include "libfs/io/overlay_device.h"
#include "tests/support/device_lists.h"
#include "tests/support/recording_device.h"

#include <functional>

namespace btrkit::test {

/// Another device's bytes, for whoever wants to own a device.
class ViewDevice final : public BlockDevice {
public:
    explicit ViewDevice(const BlockDevice& below) : below_(&below) {}

    const std::string& name() const override { return below_->name(); }
    u64 size_bytes() const override { return below_->size_bytes(); }
    Result<void> read(u64 offset, MutableBytes out) const override { return below_->read(offset, out); }

private:
    const BlockDevice* below_;
};

/// Of a list of pointers to devices of any kind.
template <class Pointers>
Devices views_of(const Pointers& devices) {
    Devices views;
    for (const auto& device : devices) {
        views.push_back(std::make_unique<ViewDevice>(*device));
    }
    return views;
}

class DeviceLayer {
public:
    /// What stands between the overlays, which record, and whoever uses this.
    using Wrap = std::function<std::unique_ptr<WritableDevice>(std::unique_ptr<WritableDevice>)>;

    explicit DeviceLayer(
        const std::vector<const BlockDevice*>& below, const Wrap& wrap = [](auto device) { return device; }) {
        for (const auto* device : below) {
            devices_.push_back(wrap(std::make_unique<RecordingDevice>(
                std::make_unique<OverlayDevice>(*device, OverlayDevice::Room{}), record_)));
        }
    }

    /// In the order of those below.
    std::vector<WritableDevice*> list() const {
        std::vector<WritableDevice*> all;
        for (const auto& device : devices_) {
            all.push_back(device.get());
        }
        return all;
    }
    std::vector<const BlockDevice*> readable() const {
        const auto all = list();
        return {all.begin(), all.end()};
    }
    /// What came down on the overlays.
    const std::vector<DeviceChange>& changes() const { return record_->changes; }

private:
    std::shared_ptr<DeviceRecord> record_ = std::make_shared<DeviceRecord>();
    std::vector<std::unique_ptr<WritableDevice>> devices_;
};

} // namespace btrkit::test
