// SPDX-License-Identifier: MIT
// What may stand on the devices when the power goes: derived from the changes that recording devices took down.
#pragma once

#include "tests/support/recording_device.h"

#include <functional>
#include <map>

namespace btrkit::test {

/// Contents of devices by name.
using DeviceContents = std::map<std::string, std::vector<std::byte>>;

/// Brings one change onto the contents; a flush changes nothing. Devices that are not there are left out.
void apply_change(DeviceContents& contents, const DeviceChange& change);

/// Is called for each write and discard before the cut that no flush of its device has made lasting: whether this
/// one reached the device. index: its place among all changes.
using Survives = std::function<bool(std::size_t index)>;

/// The state after a cut behind the first cut_behind of the changes: what was flushed lasts, and of the rest, in
/// order, what survives.
DeviceContents crash_state(DeviceContents before, std::span<const DeviceChange> changes, std::size_t cut_behind,
                           const Survives& survives);

} // namespace btrkit::test
