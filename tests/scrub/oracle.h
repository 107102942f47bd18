// SPDX-License-Identifier: MIT
// What a scrub must find, and what it can mend: told plainly, from the pristine bytes and from what stands on the
// disks.
#pragma once

#include "libfs/ops/scrub/scrub.h"
#include "tests/scrub/sample_volume.h"

namespace btrkit::test {

/// Where a finding points to. Findings about missing devices have no name; about parity and superblocks no address.
struct FaultPlace {
    std::string device;
    u64 offset = 0;
    u64 logical = 0;
    friend auto operator<=>(const FaultPlace&, const FaultPlace&) = default;
};

enum class FaultKind { super, data, data_unreadable, data_differs, block, block_unreadable, parity };

struct ExpectedFault {
    FaultKind kind = FaultKind::data;
    survey::Mend::State state = survey::Mend::State::unmendable;
    bool is_vague = false;              ///< it may be mendable or not, and what depends on it may be found or not
    std::set<std::string> sources = {}; ///< Mend::from is one of them; empty: anything
};

struct SpotRange {
    Spot spot;
    u64 length = 0;
};

struct Expectation {
    std::map<FaultPlace, ExpectedFault> faults = {};
    survey::DeviceCounts counts = {}; ///< without those of extents, and without last_physical
    std::vector<SpotRange> mendable = {};
    std::vector<SpotRange> maybe_mendable = {};
    bool is_vague = false;
};

/// missing: devices that are not given. devid: what a scrub of that device alone must find.
Expectation expect(const SampleVolume& volume, const std::set<u64>& missing, std::optional<u64> devid);

/// The missing devices, and those of which no superblock tells any more that they belong to the volume.
std::set<u64> lost_devices(const SampleVolume& volume, const std::set<u64>& missing);

} // namespace btrkit::test
