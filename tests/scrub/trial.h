// SPDX-License-Identifier: MIT
// One scrub of damaged disks beside what it must be.
#pragma once

#include "tests/scrub/oracle.h"
#include "tests/support/recording_device.h"

namespace btrkit::test {

struct ScrubOrder {
    std::set<u64> missing = {};
    std::optional<u64> devid = {};
    unsigned threads = 1;
    bool repair = false;
    std::optional<u64> stop_after = {}; ///< so many units; it is then resumed, and both told as one
};

struct ScrubOutcome {
    bool is_open = false; ///< the filesystem could be opened
    /// Every block of the trees that scrub goes by can be read from some mirror; else it may know too little.
    bool is_guided = false;
    scrub::Report report = {};
    std::vector<DeviceChange> changes = {};
};

/// Throws where the scrub itself fails.
ScrubOutcome scrub_volume(const SampleVolume& volume, const ScrubOrder& order);

std::string describe(const ExpectedFault& fault);

using Complaints = std::vector<std::string>;

/// Where the report is not what it must be.
void compare(const SampleVolume& volume, const Expectation& expected, const ScrubOrder& order,
             const scrub::Report& report, Complaints& complaints);

/// All of it that must not depend on the number of threads.
std::string text_of(const scrub::Report& report);

} // namespace btrkit::test
