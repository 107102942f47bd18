// SPDX-License-Identifier: MIT
// All data of a filesystem that has checksums, for a search.
#pragma once

#include "libfs/fs/filesystem.h"
#include "libfs/ops/scrub/donor/donor.h"

namespace btrkit::scrub {

/// In the order of addresses, each copy. Where the filesystem has the checksums and sectors that the search is for, its
/// own checksum tree tells what is worth reading, and nothing else is read. name: what users call it.
void visit_data(const Filesystem& filesystem, const std::string& name, const Search& search, const StopToken& stop);

} // namespace btrkit::scrub
