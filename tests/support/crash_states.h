// SPDX-License-Identifier: MIT
// What may stand on the devices when the power goes: derived from the changes that recording devices took down.
//
// The model is the one that everything that writes is held to. What a device was asked to write before a flush of it
// that succeeded lasts. Of what it was asked for after that, anything may have arrived and anything be lost, in any
// order, and a write may be torn between sectors of 512 bytes, which themselves arrive whole or not at all. Devices
// keep no order among each other.
//
// Record with one thread: what another has begun is taken down when it is done.
#pragma once

#include "libfs/io/sparse_bytes.h"
#include "tests/support/recording_device.h"

#include <functional>
#include <map>

namespace btrkit::test {

/// Contents of devices by name.
using DeviceContents = std::map<std::string, SparseBytes>;

/// A state after a cut of the power, to be looked at: valid while visit() runs.
struct CrashState {
    const DeviceContents& contents;
    std::size_t cut;  ///< behind so many of the changes
    std::string what; ///< which of the states at this cut, for CAPTURE
};

struct CrashChoice {
    u32 seed = 1;
    /// At each cut: so many times, which of the writes and discards that no flush covers survive is left to chance.
    unsigned subsets = 2;
    /// At each cut: so many times the same, and of one of the writes only some sectors.
    unsigned torn = 2;
    /// At each cut: so many times, each of them is torn by itself.
    unsigned all_torn = 0;
    /// Where this is given and says false, only the state in which everything survives is made: for long records.
    std::function<bool(std::size_t cut)> is_thorough = {};
};

/// Calls visit for the states at every cut, from before the first change to behind the last. At each: everything that
/// was asked for has arrived (so that each prefix of what was written between flushes is among the states), nothing
/// that no flush covers has, and what `choice` says. The same seed makes the same states. Changes of devices that are
/// not among `before` are left out. Returns how many states there were.
std::size_t for_each_crash_state(DeviceContents before, std::span<const DeviceChange> changes,
                                 const CrashChoice& choice, const std::function<void(const CrashState&)>& visit);

} // namespace btrkit::test
