// SPDX-License-Identifier: MIT
// Devices that a kernel would not find, and what is then beyond reach.
#pragma once

#include "libfs/fs/filesystem.h"
#include "libfs/survey/findings.h"

#include <map>
#include <set>

namespace btrkit::check {

/// By devid: those that were not given; those whose first superblock is not valid, for the kernel looks at no other;
/// and those that chunks know by another uuid than their superblock says.
std::set<u64> devices_that_the_kernel_misses(const survey::Findings& findings, const Filesystem& filesystem);

struct DeviceItemFaults {
    std::map<u64, bool> without_item = {}; ///< by devid, and whether the device was given
    bool has_other_uuid = false;           ///< a device item has another uuid than the superblock of its device
    bool is_cut_off = false;               ///< a device is shorter than its device item says
};

/// Nothing where device items may be lost.
DeviceItemFaults device_item_faults(const Filesystem& filesystem);

/// The types (block_group_*) of the chunks that miss more devices than their profiles tolerate; 0: there are none.
u64 types_beyond_tolerance(const Filesystem& filesystem, const std::set<u64>& absent);

/// The types of the chunks of which a part can't be read without these devices. (A RAID10 may miss one device of each
/// pair: more than it tolerates, but all of it is there.)
u64 types_out_of_reach(const Filesystem& filesystem, const std::set<u64>& absent);

} // namespace btrkit::check
