// SPDX-License-Identifier: MIT
// Devices that a kernel would not find, and what is then beyond reach.
#pragma once

#include "libfs/fs/filesystem.h"
#include "libfs/survey/findings.h"

#include <set>

namespace btrkit::check {

/// By devid: those that were not given, and those whose first superblock is not valid, for the kernel looks at no
/// other.
std::set<u64> devices_that_the_kernel_misses(const survey::Findings& findings, const Filesystem& filesystem);

/// The types (block_group_*) of the chunks that miss more devices than they can bear; 0: there are none.
u64 types_beyond_tolerance(const Filesystem& filesystem, const std::set<u64>& absent);

} // namespace btrkit::check
